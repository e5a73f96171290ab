// The pool makes standbys of homes, keeps them apart from all that it lends, and knows them again after a restart.
import ClusterModel
import Synchronization
import Testing

@testable import ContingentPool

private let primary = Endpoint(host: "10.0.0.1", port: 5432, database: "app", user: "postgres", password: "secret")
private let home = Instance(
    id: "home-1", role: .home, zone: "a", endpoint: primary, capacity: Load(4), costPerHour: 1)

private struct Bench {
    let provider: FakeProvider
    let store: MemoryStore
    let pool: ContingentPool

    init(_ zones: KeyValuePairs<InstanceID, Zone>, stored: [PoolMember] = [], warm: Int = 0, membersMax: Int = 4) {
        provider = FakeProvider(zones)
        store = MemoryStore(stored)
        var configuration = PoolConfiguration()
        configuration.warmFloor = WarmFloor(warm)
        configuration.membersMax = membersMax
        configuration.upkeepInterval = .milliseconds(20)
        pool = ContingentPool(
            configuration: configuration, providers: [provider], store: store, schema: { .empty },
            home: { $0 == "home-1" ? home : nil })
    }

    /// Lends the running pool.
    func running(_ body: () async throws -> Void) async throws {
        try await pool.recover()
        let task = Task { await pool.run() }
        do { try await body() } catch {
            task.cancel()
            await task.value
            throw error
        }
        task.cancel()
        await task.value
    }

    func state(_ id: InstanceID) async -> PoolMemberState? { await pool.allMembers.first { $0.id == id }?.state }
}

private func member(_ id: InstanceID, _ state: PoolMemberState) -> PoolMember {
    PoolMember(id: id, provider: "fake", zone: "b", state: state, endpoint: primary)
}

@Suite struct StandbyPoolTests {
    @Test func aStandbyIsMadeInAnotherZoneAndIsNobodyElses() async throws {
        let bench = Bench(["c1": "a", "c2": "b"])
        try await bench.running {
            try await bench.pool.designateStandby(of: home, .prefersAnother)
            await bench.store.saved("c2 standby")
            #expect(await bench.state("c2") == .standby("home-1"))
            // A copy has the home's users and databases.
            let endpoint = await bench.pool.standby(of: "home-1")?.endpoint
            #expect(
                endpoint == Endpoint(host: "127.0.0.1", port: 1, database: "app", user: "postgres", password: "secret"))
            await bench.provider.called("checkStandby c2")
            try await bench.pool.designateStandby(of: home, .prefersAnother)
            #expect(await bench.pool.allMembers.count == 1)
            await #expect(throws: PoolError.self) { try await bench.pool.lease("c2", for: .move("m1")) }
            await #expect(throws: (any Error).self) { try await bench.pool.retire("c2") }
        }
    }

    @Test func whereAnotherZoneIsRequiredTheHomesIsNone() async throws {
        let bench = Bench(["c1": "a"])
        try await bench.running {
            let error = await #expect(throws: PoolError.self) {
                try await bench.pool.designateStandby(of: home, .requiresAnother)
            }
            #expect(error?.message.contains("outside of zone a") == true)
            try await bench.pool.designateStandby(of: home, .prefersAnother)
            await bench.store.saved("c1 standby")
        }
    }

    @Test func itCountsAgainstThePoolsLimit() async throws {
        let bench = Bench(["c1": "b", "c2": "b"], stored: [member("c1", .promoted("home-1"))], membersMax: 1)
        try await bench.running {
            let error = await #expect(throws: PoolError.self) {
                try await bench.pool.designateStandby(of: home, .any)
            }
            #expect(error?.message.contains("c1 is promoted; pool.instances_max is 1") == true)
        }
    }

    @Test func whatIsReadyForMovesIsTakenLast() {
        func place(_ id: InstanceID, _ zone: Zone, _ state: PoolMemberState.Kind) -> StandbyPlace {
            StandbyPlace(id: id, zone: zone, state: state)
        }
        let places = [place("c1", "a", .absent), place("c2", "b", .warm), place("c3", "b", .idleCold)]
        func best(_ rule: StandbyZone, isFull: Bool = false, _ some: [StandbyPlace]? = nil) -> InstanceID? {
            StandbyPlace.best(of: some ?? places, homeZone: "a", rule, isFull: isFull)?.id
        }
        #expect(best(.any) == "c1" && best(.any, isFull: true) == "c3")
        #expect(best(.prefersAnother) == "c3" && best(.requiresAnother) == "c3")
        #expect(best(.requiresAnother, Array(places.prefix(2))) == "c2")
        #expect(best(.requiresAnother, Array(places.prefix(1))) == nil)
        #expect(best(.prefersAnother, Array(places.prefix(1))) == "c1")
    }

    @Test func oneThatCannotBeMadeIsEmptiedAndTriedAgainLater() async throws {
        let bench = Bench(["c1": "b"])
        bench.provider.fail("seed", of: "c1")
        try await bench.running {
            try await bench.pool.designateStandby(of: home, .any)
            await bench.store.saved("c1 idleCold")
            let isTried = try await bench.pool.designateStandby(of: home, .any)
            #expect(!isTried)
            #expect(await bench.state("c1") == .idleCold)
        }
    }

    @Test func oneThatIsGivenUpIsEmptiedAndAnotherIsMade() async throws {
        let bench = Bench(["c1": "b"], stored: [member("c1", .standby("home-1"))])
        try await bench.running {
            try await bench.pool.giveUpStandby("c1", because: "it does not stream")
            await bench.store.saved("c1 idleCold")
            try await bench.pool.designateStandby(of: home, .any)
            await bench.store.saved("c1 standby")
        }
    }

    /// Half a copy is none; a standby and a home's server are started as they are, the server before anybody asks for it.
    @Test func aRestartKnowsThemAgain() async throws {
        let bench = Bench(
            ["c1": "b", "c2": "b", "c3": "b"],
            stored: [
                member("c1", .seeding("home-1")), member("c2", .standby("home-1")), member("c3", .promoted("home-1")),
            ])
        try await bench.pool.recover()
        #expect(bench.provider.calls == ["start c3"])
        let task = Task { await bench.pool.run() }
        await bench.provider.called("start c2")
        await bench.provider.called("wipe c1")
        await bench.store.saved("c1 idleCold")
        task.cancel()
        await task.value
        #expect(await bench.state("c2") == .standby("home-1"))
        #expect(await bench.state("c3") == .promoted("home-1"))
        #expect(!bench.provider.calls.contains { ["wipe c2", "wipe c3", "seed c2", "seed c3"].contains($0) })
    }

    @Test func aTakeoverIsStoredWholeOrNotAtAll() async throws {
        let bench = Bench(
            ["c1": "b", "c2": "b"], stored: [member("c1", .promoted("home-1")), member("c2", .standby("home-1"))])
        try await bench.pool.recover()
        await #expect(throws: Fault.self) {
            try await bench.pool.tookOver("home-1", by: "c2", named: "c2") { _ in throw Fault(description: "disk full")
            }
        }
        #expect(await bench.state("c1") == .promoted("home-1"))
        #expect(await bench.state("c2") == .standby("home-1"))
        let stored = Mutex<[PoolMember]>([])
        try await bench.pool.tookOver("home-1", by: "c2", named: "c2") { members in stored.withLock { $0 = members } }
        #expect(stored.withLock { $0.map(\.state.kind) } == [.promoted, .quarantined])
        #expect(await bench.state("c2") == .promoted("home-1"))
        #expect(await bench.state("c1")?.kind == .quarantined)
        #expect(await bench.pool.server(of: "home-1")?.id == "c2")
        #expect(await bench.pool.standby(of: "home-1") == nil)
    }

    /// Whoever mends a home's server while its standby takes over makes two primaries.
    @Test(arguments: [true, false])
    func aHomesServerIsStartedAgainOnlyWhereNobodyCouldTakeOver(hasStandby: Bool) async throws {
        let bench = Bench(
            ["c1": "b", "c2": "b"],
            stored: [member("c1", .promoted("home-1")), member("c2", hasStandby ? .standby("home-1") : .idleCold)])
        try await bench.pool.recover()
        bench.provider.fail("check", of: "c1")
        for _ in 0..<3 { await bench.pool.checkHealth() }
        #expect(bench.provider.calls.count { $0 == "start c1" } == (hasStandby ? 1 : 2))
        #expect(await bench.state("c1") == .promoted("home-1"))
    }
}
