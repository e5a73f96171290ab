// The pool's handling of leases over fake instances, on a clock that stands until a test moves it. Nothing listens there,
// so a lessee cannot be let in or cut off by SQL: emptying the instance has to do.
import ClusterModel
import Synchronization
import Testing

@testable import ContingentPool

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }
private let controller = PoolHolder.named("controller")

final class ManualClock: Sendable {
    private let time: Mutex<Timestamp>
    init(_ start: Timestamp) { time = Mutex(start) }
    func set(_ moment: Timestamp) { time.withLock { $0 = moment } }
    var clock: PoolClock { PoolClock(now: { self.time.withLock { $0 } }) }
}

private struct Bench {
    let provider = FakeProvider(["c1": "z", "c2": "z", "c3": "z"])
    let store: MemoryStore
    let time = ManualClock(at(0))
    let pool: ContingentPool

    init(_ stored: [PoolMember], warmMin: Int = 0, lentMax: Int = 3) {
        store = MemoryStore(stored)
        var configuration = PoolConfiguration()
        configuration.warmFloor = WarmFloor(warmMin)
        configuration.lending.max = lentMax
        pool = ContingentPool(
            configuration: configuration, providers: [provider], store: store, schema: { .empty }, clock: time.clock)
    }

    func member(_ id: InstanceID) async -> PoolMember? { await pool.allMembers.first { $0.id == id } }
    func state(_ id: InstanceID) async -> PoolMemberState.Kind? { await member(id)?.state.kind }
}

private func stored(_ id: InstanceID, _ state: PoolMemberState, since: Timestamp? = nil) -> PoolMember {
    let endpoint = Endpoint(host: "127.0.0.1", port: 1, database: "d", user: "u", password: nil)
    return PoolMember(id: id, provider: "fake", zone: "z", state: state, endpoint: endpoint, since: since)
}

private func lease(price: Double, notice: Int) -> Lease {
    Lease(
        epoch: LeaseEpoch(1),
        terms: LeaseTerms(
            holder: "Ann", purpose: "x", pricePerHour: price, term: .seconds(10_000), notice: .seconds(notice)),
        grantedAt: at(0))
}

@Suite struct PoolLeaseTests {
    /// A lease that somebody has goes on; whatever was ending goes on to its end; a half-granted one is undone.
    @Test func recoveryTakesLeasesUp() async throws {
        let bench = Bench(
            [
                stored("c1", .leased(someLease())), stored("c2", .ending(someRevocation)),
                stored("c3", .granting(someLease())),
            ], lentMax: 0)
        try await bench.pool.recover()
        #expect(await bench.state("c1") == .leased)
        #expect(await bench.state("c2") == .idleCold)
        #expect(await bench.state("c3") == .idleCold)
        #expect(bench.provider.calls.sorted() == ["start c1", "wipe c2", "wipe c3"])
        // A lease that was never granted is in no account.
        #expect(try bench.store.account().leasesEnded == 1)
    }

    @Test func recoveryEndsWhatRanOutMeanwhile() async throws {
        let bench = Bench(
            [
                stored("c1", .leased(someLease())), stored("c2", .revoking(someRevocation)),
                stored("c3", .leased(someLease())),
            ], lentMax: 0)
        bench.time.set(at(950))
        try await bench.pool.recover()
        // Of c1 and c3 the notice runs; the deadline of c2 is over.
        #expect(await bench.state("c1") == .revoking)
        #expect(await bench.state("c2") == .idleCold)
        bench.time.set(at(1000))
        await bench.pool.tendLeases()
        #expect(await bench.state("c1") == .idleCold)
        #expect(await bench.state("c3") == .idleCold)
        #expect(!bench.provider.calls.contains("start c2"))
    }

    @Test func aStoppedPoolHeardNoHeartbeats() async throws {
        let bench = Bench([stored("c1", .leased(someLease(heartbeat: .seconds(60))))], lentMax: 0)
        bench.time.set(at(500))
        try await bench.pool.recover()
        #expect(await bench.state("c1") == .leased)
        bench.time.set(at(559))
        #expect(try await bench.pool.renew("c1", LeaseEpoch(1)).renewedAt == at(559))
        bench.time.set(at(619))
        await bench.pool.tendLeases()
        #expect(await bench.state("c1") == .idleCold)
    }

    @Test func onlyTheLeaseThatIsNamedIsRenewed() async throws {
        let bench = Bench([stored("c1", .leased(someLease())), stored("c2", .revoking(someRevocation))])
        try await bench.pool.recover()
        let other = await #expect(throws: PoolError.self) { try await bench.pool.renew("c1", LeaseEpoch(2)) }
        #expect(other?.code == .notLeased && other?.message.contains("lease 1 of Ann") == true)
        let late = await #expect(throws: PoolError.self) { try await bench.pool.renew("c2", LeaseEpoch(1)) }
        #expect(late?.message.contains("is being revoked") == true)
        await #expect(throws: PoolError.self) { try await bench.pool.renew("x", LeaseEpoch(1)) }
        #expect(try await bench.pool.renew("c1", LeaseEpoch(1), for: .seconds(2000)).expiresAt == at(2000))
    }

    @Test func whatTheServiceNeedsIsReservedForItWhenItIsWarm() async throws {
        let bench = Bench([stored("c1", .leased(someLease()))], lentMax: 0)
        try await bench.pool.recover()
        let (id, deadline) = try await bench.pool.need("c1", for: controller)
        #expect(id == "c1" && deadline == at(100))
        #expect(await bench.state("c1") == .revoking)
        // Asked again, it stays as it is.
        #expect(try await bench.pool.need("c1", for: controller).0 == "c1")
        bench.time.set(at(99))
        await bench.pool.tendLeases()
        #expect(await bench.state("c1") == .revoking)
        bench.time.set(at(100))
        await bench.pool.tendLeases()
        await bench.pool.upkeep()
        #expect(await bench.member("c1")?.state == .reserved(controller))
        #expect(bench.provider.calls == ["start c1", "wipe c1", "start c1"])
        let account = try bench.store.account()
        #expect(account.revocations == 1 && account.income == 0.5 * 100 / 3600)
    }

    @Test func theCheapestThatWillDoIsTaken() async throws {
        let dear = lease(price: 9, notice: 10)
        let cheap = lease(price: 1, notice: 20)
        func bench() async throws -> Bench {
            let bench = Bench([stored("c1", .leased(dear)), stored("c2", .leased(cheap))], lentMax: 0)
            try await bench.pool.recover()
            return bench
        }
        #expect(try await bench().pool.need("c1", for: controller).0 == "c2")
        // c2 would be ready 10 s later than c1.
        #expect(try await bench().pool.need("c1", slack: .seconds(9), for: controller).0 == "c1")
        #expect(try await bench().pool.need("c1", slack: .seconds(10), for: controller).0 == "c2")
        let error = await #expect(throws: PoolError.self) { try await bench().pool.need("c3", for: controller) }
        let twice = try await bench()
        #expect(try await twice.pool.need("c1", for: controller).0 == "c2")
        #expect(try await twice.pool.need("c1", for: controller).0 == "c1")
        #expect(error?.code == .unknownMember)
    }

    @Test func aRecallWithoutNoticeEndsAtOnce() async throws {
        let bench = Bench([stored("c1", .leased(someLease())), stored("c2", .leased(someLease()))], lentMax: 0)
        try await bench.pool.recover()
        #expect(try await bench.pool.recall("c1", immediately: true) == at(0))
        #expect(try await bench.pool.recall("c2", immediately: false) == at(100))
        #expect(await bench.state("c1") == .ending)
        // Nobody runs the pool here; upkeep finds what is left undone.
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .idleCold)
        #expect(await bench.state("c2") == .revoking)
        let error = await #expect(throws: PoolError.self) { try await bench.pool.recall("c1", immediately: true) }
        #expect(error?.code == .notLeased)
    }

    @Test func aLesseeThatCannotBeLetInLeavesNothingBehind() async throws {
        let bench = Bench([], warmMin: 1)
        try await bench.pool.recover()
        await bench.pool.upkeep()
        // One more than asked for is warm, to be lent.
        #expect(await bench.pool.allMembers.map(\.state) == [.warm, .warm])
        let terms = LeaseTerms(holder: "Ann", purpose: "x", term: .seconds(60))
        await #expect(throws: (any Error).self) { try await bench.pool.lend(nil, on: terms) }
        #expect(bench.provider.calls.contains("wipe c1"))
        await bench.pool.upkeep()
        #expect(await bench.pool.allMembers.map(\.state) == [.warm, .warm])
        #expect(await bench.member("c1")?.leaseEpoch == LeaseEpoch(1))
        #expect(try bench.store.account().leasesEnded == 0)
    }

    @Test func aLentMemberThatDoesNotAnswerIsTakenBack() async throws {
        let bench = Bench([stored("c1", .leased(someLease()))], lentMax: 0)
        try await bench.pool.recover()
        bench.provider.fail("check", of: "c1")
        for _ in 0..<3 { await bench.pool.checkHealth() }
        #expect(await bench.state("c1") == .idleCold)
    }

    @Test func aLessorWhoIsNeededItselfPutsTheLesseeOut() async throws {
        let bench = Bench([stored("c1", .leased(someLease()))])
        try await bench.pool.recover()
        bench.store.state.withLock { $0.occupants["c1"] = ["segment s1"] }
        await bench.pool.activate(owners: ["c1"])
        #expect(await bench.state("c1") == .active)
        #expect(bench.provider.calls == ["start c1", "start c1"])
    }

    @Test func staticMembersAreNotLent() async throws {
        let endpoint = Endpoint(host: "127.0.0.1", port: 1, database: "d", user: "u", password: nil)
        let terms = InstanceTerms(zone: "z", capacity: Load(1), costPerHour: 1)
        let offers = Dictionary(
            uniqueKeysWithValues: ["s1", "s2"].map { id in
                (InstanceID(id), StaticProvider.Offer(endpoint: endpoint, terms: terms))
            })
        var configuration = PoolConfiguration()
        configuration.lending.max = 1
        let members = ["s1", "s2"].map {
            PoolMember(
                id: InstanceID($0), provider: "static", zone: "z", state: .quarantined(reason: "r"), endpoint: endpoint)
        }
        let pool = ContingentPool(
            configuration: configuration, providers: [StaticProvider(offers: offers)], store: MemoryStore(members),
            schema: { .empty })
        try await pool.recover()
        for wanted: InstanceID? in ["s1", nil] {
            let lessee = LeaseTerms(holder: "Ann", purpose: "x", term: .seconds(60))
            let error = await #expect(throws: PoolError.self) { try await pool.lend(wanted, on: lessee) }
            #expect(error?.code == .lendingRefused && error?.message.contains("somebody else runs") == true)
        }
    }

    @Test func idleTimeCostsAndIsCountedOnce() async throws {
        let bench = Bench([], warmMin: 1, lentMax: 0)
        try await bench.pool.recover()
        await bench.pool.upkeep()
        bench.time.set(at(3600))
        #expect(try await bench.pool.account().idleCost == 1)
        _ = try await bench.pool.lease(for: controller)
        bench.time.set(at(7200))
        #expect(try await bench.pool.account().idleCost == 1)
    }
}
