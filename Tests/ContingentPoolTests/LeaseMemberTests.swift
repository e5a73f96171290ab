// A lent member as a value: every lease event in every state, what is due when, and random lives against a model.
import ClusterModel
import Testing

@testable import ContingentPool

private let lessee = LeaseTerms(holder: "Ann", purpose: "analysis", term: .seconds(1000), notice: .seconds(100))
private let controller = PoolHolder.named("controller")
private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

private let events: [(PoolEvent, Timestamp)] = [
    (.lent(lessee), at(300)), (.admitted, at(300)), (.renewed(LeaseEpoch(1), until: nil), at(300)),
    (.renewed(LeaseEpoch(2), until: nil), at(300)), (.recalled(immediately: false), at(300)),
    (.recalled(immediately: true), at(300)), (.needed(by: controller), at(300)),
    (.leaseClock(listeningSince: at(0)), at(250)), (.leaseClock(listeningSince: at(0)), at(950)),
    (.leaseClock(listeningSince: at(0)), at(1000)), (.lesseeCutOff, at(300)),
]

/// Every state against every event of a lease: `state/action`, or `-` where the event does not fit; `=` is the same state.
private let table: [PoolMemberState.Kind: String] = [
    //             lent     admitted       renewed    other's  recalled          at once        needed            250 s      950 s             1000 s         cutOff
    .absent:
        "     -                -              -          -  -                 -              -                 -          -                 -              -",
    .provisioning:
        "-               -              -          -  -                 -              -                 -          -                 -              -",
    .idleCold:
        "   -                -              -          -  -                 -              =/nothing         -          -                 -              -",
    .warming:
        "    -                -              -          -  -                 -              =/nothing         -          -                 -              -",
    .warm:
        "       granting/nothing -              -          -  -                 -              -                 -          -                 -              -",
    .granting:
        "   -                leased/nothing -          -  -                 -              -                 -          -                 -              -",
    .leased:
        "     -                -              =/nothing  -  revoking/announce ending/cutOff  revoking/announce =/nothing  revoking/announce ending/cutOff  -",
    .revoking:
        "   -                -              -          -  =/nothing         ending/cutOff  =/nothing         =/nothing  ending/cutOff     ending/cutOff  -",
    .ending:
        "     -                -              -          -  -                 -              =/nothing         -          -                 -              wiping/wipe",
    .reserved:
        "   -                -              -          -  -                 -              -                 -          -                 -              -",
    .active:
        "     -                -              -          -  -                 -              -                 -          -                 -              -",
    .draining:
        "   -                -              -          -  -                 -              -                 -          -                 -              -",
    .wiping:
        "     -                -              -          -  -                 -              =/nothing         -          -                 -              -",
    .seeding:
        "   -                -              -          -  -                 -              -                 -          -                 -              -",
    .standby:
        "   -                -              -          -  -                 -              -                 -          -                 -              -",
    .promoted:
        "   -                -              -          -  -                 -              -                 -          -                 -              -",
    .quarantined:
        "-                -              -          -  -                 -              -                 -          -                 -              -",
    .retired:
        "    -                -              -          -  -                 -              -                 -          -                 -              -",
]

private func member(_ state: PoolMemberState, claim: PoolHolder? = nil) -> PoolMember {
    PoolMember(id: "c", provider: "p", zone: "z", state: state, claim: claim)
}

@Suite struct LeaseMemberTests {
    @Test(arguments: PoolMemberState.Kind.allCases)
    func everyStateMeetsEveryEventOfALease(kind: PoolMemberState.Kind) throws {
        let cells = try #require(table[kind], "the table has no row for \(kind)").split(separator: " ").map(String.init)
        try #require(cells.count == events.count, "the row of \(kind) has \(cells.count) cells, not \(events.count)")
        for ((event, now), cell) in zip(events, cells) {
            var subject = member(memberState(kind))
            let before = subject
            do {
                let action = try subject.on(event, isOccupied: false, at: now)
                let after = subject.state.kind == kind ? "=" : subject.state.kind.rawValue
                #expect("\(after)/\(name(action))" == cell, "\(kind) \(event)")
            } catch {
                #expect(cell == "-", "\(kind) refused \(event)")
                #expect(subject == before)
            }
        }
    }

    @Test func aRevocationLastsAsLongAsTheNoticeAndNotBeyondTheExpiry() throws {
        var subject = member(.leased(someLease()))
        #expect(subject.leaseDue(listeningSince: at(0)) == at(900))
        _ = try subject.on(.recalled(immediately: false), isOccupied: false, at: at(300))
        #expect(subject.leaseDue(listeningSince: at(0)) == at(400))
        subject = member(.leased(someLease()))
        _ = try subject.on(.recalled(immediately: false), isOccupied: false, at: at(950))
        #expect(subject.leaseDue(listeningSince: at(0)) == at(1000))
    }

    @Test func aRenewalExtendsAndNeverShortens() throws {
        var subject = member(.leased(someLease(heartbeat: .seconds(60))))
        #expect(subject.leaseDue(listeningSince: at(0)) == at(60))
        _ = try subject.on(.renewed(LeaseEpoch(1), until: at(5000)), isOccupied: false, at: at(50))
        #expect(subject.state.lease?.expiresAt == at(5000))
        #expect(subject.leaseDue(listeningSince: at(0)) == at(110))
        _ = try subject.on(.renewed(LeaseEpoch(1), until: at(200)), isOccupied: false, at: at(60))
        #expect(subject.state.lease?.expiresAt == at(5000))
    }

    @Test func whoIsSilentForLongerThanItsHeartbeatLosesTheMember() throws {
        var subject = member(.leased(someLease(heartbeat: .seconds(60))))
        #expect(try subject.on(.leaseClock(listeningSince: at(0)), isOccupied: false, at: at(59)) == .nothing)
        // Nobody could renew before the pool listened.
        #expect(try subject.on(.leaseClock(listeningSince: at(40)), isOccupied: false, at: at(60)) == .nothing)
        let action = try subject.on(.leaseClock(listeningSince: at(0)), isOccupied: false, at: at(60))
        guard case .cutOff(let revocation) = action else {
            Issue.record("\(action)")
            return
        }
        #expect(revocation.reason == .heartbeatMissed && revocation.deadline == at(60))
    }

    @Test func whoClaimedItGetsItAsSoonAsItIsWarm() throws {
        var subject = member(.leased(someLease()))
        _ = try subject.on(.needed(by: controller), isOccupied: false, at: at(300))
        #expect(subject.claim == controller)
        for event: PoolEvent in [.leaseClock(listeningSince: at(0)), .lesseeCutOff, .wiped, .warmingRequested] {
            _ = try subject.on(event, isOccupied: false, at: at(400))
            #expect(subject.claim == controller, "after: it \(event)")
        }
        let endpoint = Endpoint(host: "h", port: 1, database: "d", user: "u", password: nil)
        #expect(try subject.on(.warmed(at: endpoint), isOccupied: false, at: at(500)) == .nothing)
        #expect(subject.state == .reserved(controller))
        #expect(subject.claim == nil && subject.since == at(500))
    }

    @Test func aClaimCanBeGivenUpAndIsNobodyElses() throws {
        var subject = member(.revoking(someRevocation), claim: controller)
        #expect(throws: UnexpectedPoolEvent.self) {
            try subject.on(.needed(by: .move("m1")), isOccupied: false, at: at(210))
        }
        #expect(try subject.on(.givenBack, isOccupied: false, at: at(210)) == .nothing)
        #expect(subject.claim == nil && subject.state == .revoking(someRevocation))
    }

    @Test func whatFailsOnTheWayBackIsNotClaimedAnyMore() throws {
        var subject = member(.wiping, claim: controller)
        _ = try subject.on(.operationFailed(reason: "r"), isOccupied: false)
        #expect(subject.state.kind == .quarantined && subject.claim == nil)
    }

    @Test func aStoredEpochIsNeverGivenOutAgain() throws {
        var subject = PoolMember(id: "c", provider: "p", zone: "z", state: .warm, leaseEpoch: LeaseEpoch(7))
        _ = try subject.on(.lent(lessee), isOccupied: false, at: at(1))
        #expect(subject.state.lease?.epoch == LeaseEpoch(8))
        #expect(subject.state.lease?.roleName(on: "c") == "lease_c_8")
    }

    @Test func namesOfRolesFitIntoPostgreSQL() {
        let long = InstanceID(String(repeating: "x", count: 200))
        #expect(Lease(epoch: LeaseEpoch(.max), terms: lessee, grantedAt: at(0)).roleName(on: long).utf8.count <= 63)
    }
}
