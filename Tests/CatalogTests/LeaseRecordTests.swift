import ClusterModel
import ContingentPool
import Foundation
import GRDB
import Testing

@testable import Catalog

private let lease = Lease(
    epoch: LeaseEpoch(3),
    terms: LeaseTerms(
        holder: "Ann's team", purpose: "analysis", pricePerHour: 0.4, term: .milliseconds(7_200_500),
        notice: .seconds(30), heartbeat: .seconds(600), hook: "checkpoint"),
    grantedAt: Timestamp(seconds: 1000))
private let revocation = Revocation(
    of: lease, because: .needed(.named("controller")), orderedAt: Timestamp(seconds: 2000),
    deadline: Timestamp(seconds: 2030))

@Suite struct LeaseRecordTests {
    @Test(arguments: [PoolMemberState.granting(lease), .leased(lease), .revoking(revocation), .ending(revocation)])
    func aLeaseComesBackWithItsMember(state: PoolMemberState) async throws {
        try await withCatalog { catalog in
            let member = PoolMember(
                id: "c1", provider: "local", zone: "z", state: state, leaseEpoch: LeaseEpoch(3),
                claim: .named("controller"), since: Timestamp(seconds: 1500))
            try catalog.save(member, sentence: "c1 changed")
            #expect(try catalog.poolMembers() == [member])
            // A heartbeat is no news.
            try catalog.save(member, sentence: nil, entries: [])
            #expect(try catalog.audit().map(\.entry.sentence) == ["c1 changed"])
        }
    }

    @Test func theLastEpochStaysWhenTheLeaseIsOver() async throws {
        try await withCatalog { catalog in
            let member = PoolMember(id: "c1", provider: "local", zone: "z", state: .warm, leaseEpoch: LeaseEpoch(9))
            try catalog.save(member, sentence: "c1 changed")
            #expect(try catalog.poolMembers().first?.leaseEpoch == LeaseEpoch(9))
        }
    }

    @Test func theAccountsAreTheSumsOfTheEntries() async throws {
        try await withCatalog { catalog in
            #expect(try catalog.account() == PoolAccount())
            let member = PoolMember(id: "c1", provider: "local", zone: "z", state: .wiping)
            let ended = Timestamp(seconds: 1000 + 3600)
            func record(_ epoch: Int64, _ reason: LeaseEnd, revokedAt: Timestamp) -> PoolEntry {
                let lease = Lease(epoch: LeaseEpoch(epoch), terms: lease.terms, grantedAt: lease.grantedAt)
                return .lease(
                    LeaseRecord(member: "c1", lease: lease, reason: reason, revokedAt: revokedAt, endedAt: ended))
            }
            let idle = PoolEntry.idle(IdleRecord(member: "c1", length: .seconds(1800), costPerHour: 2))
            try catalog.save(
                member, sentence: "c1 changed",
                entries: [record(1, .recalled, revokedAt: ended - .seconds(31)), idle])
            try catalog.save(member, sentence: "c1 changed", entries: [record(2, .expired, revokedAt: ended), idle])
            try catalog.save(
                member, sentence: "c1 changed",
                entries: [record(3, .needed(.named("controller")), revokedAt: ended - .seconds(4))])
            let account = try catalog.account()
            #expect(account.leasesEnded == 3 && account.revocations == 2)
            #expect(abs(account.income - 1.2) < 1e-9)
            #expect(account.lesseeSeconds == 3 * 3600)
            #expect(account.idleSeconds == 3600 && account.idleCost == 2)
            #expect(account.revocationLatencies == [4, 31])
        }
    }

    /// A catalog from before leases opens, and its members have never been lent.
    @Test func anOlderCatalogIsBroughtUpToDate() async throws {
        try await withTemporaryPath { path in
            let old = try DatabaseQueue(path: path)
            try CatalogSchema.migrator.migrate(old, upTo: "1 first tables")
            try await old.write { db in
                try db.execute(
                    sql: "INSERT INTO pool_members (id, provider, zone, state) VALUES ('c1', 'local', 'z', 'warm')")
            }
            try old.close()
            let members = try CatalogStore(path: path).poolMembers()
            #expect(members == [PoolMember(id: "c1", provider: "local", zone: "z", state: .warm)])
        }
    }
}
