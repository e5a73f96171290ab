import ClusterModel
import Synchronization
import Testing

@testable import ContingentPool

/// A pool of fake instances, and what it told.
private struct Bench {
    let provider: FakeProvider
    let store: MemoryStore
    let pool: ContingentPool
    let notices: Notices

    init(
        _ zones: KeyValuePairs<InstanceID, Zone> = ["c1": "a", "c2": "b", "c3": "c"],
        stored: [PoolMember] = [],
        warmMin: Int = 1,
        floor: WarmFloor? = nil,
        schemaFails: Bool = false
    ) {
        provider = FakeProvider(zones)
        store = MemoryStore(stored)
        notices = Notices()
        var configuration = PoolConfiguration()
        configuration.warmFloor = floor ?? WarmFloor(warmMin)
        pool = ContingentPool(
            configuration: configuration,
            providers: [provider],
            store: store,
            schema: { if schemaFails { throw Fault(description: "no home") } else { .empty } },
            notify: notices.append
        )
    }

    func state(_ id: InstanceID) async -> PoolMemberState? { await pool.allMembers.first { $0.id == id }?.state }
}

private final class Notices: Sendable {
    private let list = Mutex<[PoolNotice]>([])
    @Sendable func append(_ notice: PoolNotice) { list.withLock { $0.append(notice) } }
    var all: [PoolNotice] { list.withLock { $0 } }
}

private func stored(_ id: InstanceID, _ state: PoolMemberState) -> PoolMember {
    let endpoint = Endpoint(host: "127.0.0.1", port: 1, database: "d", user: "u", password: nil)
    return PoolMember(id: id, provider: "fake", zone: "a", state: state, endpoint: endpoint)
}

@Suite struct ContingentPoolTests {
    @Test func keepsAsManyWarmAsAsked() async throws {
        let bench = Bench(warmMin: 2)
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(await bench.pool.allMembers.map(\.state) == [.warm, .warm])
        let readiness = await bench.pool.readiness
        #expect(readiness.values(.provisioning, by: "fake").count == 2)
        #expect(readiness.values(.warming, by: "fake").count == 2)
        #expect(bench.store.state.withLock { $0.timings.count } == 4)
    }

    @Test func keepsAsManyWarmInEachZoneAsAsked() async throws {
        let zones: KeyValuePairs<InstanceID, Zone> = ["c1": "a", "c2": "a", "c3": "b"]
        let bench = Bench(zones, floor: WarmFloor(zones: ["b": 1]))
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(await bench.pool.allMembers.map(\.id) == ["c3"])
        _ = try await bench.pool.lease(for: .move("m1"))
        await bench.pool.upkeep()
        #expect(await bench.pool.allMembers.map(\.id) == ["c3"], "zone b has no other, and zone a is no substitute")
    }

    @Test func everyConfiguredInstanceIsDesignatedMadeOrNot() async throws {
        let bench = Bench(stored: [stored("c2", .quarantined(reason: "q"))])
        try await bench.pool.recover()
        await bench.pool.upkeep()
        let places = await bench.pool.designation.places
        #expect(places.map(\.id) == ["c1", "c2", "c3"] && places.map(\.zone) == ["a", "a", "c"])
        #expect(places.map(\.state) == [.warm, .quarantined, .absent])
    }

    @Test func storesEachTransitionBeforeItActs() async throws {
        let bench = Bench()
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(
            bench.store.state.withLock { $0.saved } == ["c1 provisioning", "c1 idleCold", "c1 warming", "c1 warm"]
        )
        bench.store.state.withLock { $0.refusesToSave = true }
        let calls = bench.provider.calls
        await #expect(throws: Fault.self) { try await bench.pool.lease(for: .named("x")) }
        #expect(bench.provider.calls == calls)
        #expect(await bench.state("c1") == .warm)
    }

    @Test func aLentMemberIsReplacedAndComesBackEmpty() async throws {
        let bench = Bench()
        try await bench.pool.recover()
        await bench.pool.upkeep()
        let holder = PoolHolder.move("m1")
        let lent = try await bench.pool.lease(for: holder)
        #expect(lent.id == "c1" && lent.role == .contingent && lent.capacity == Load(4))
        await bench.pool.upkeep()
        #expect(await bench.state("c2") == .warm)
        await bench.pool.activate(owners: ["c1"])
        bench.store.state.withLock { $0.occupants["c1"] = ["segment s1"] }
        try await bench.pool.giveBack("c1")
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .draining)
        #expect(!bench.provider.calls.contains("wipe c1"))
        bench.store.state.withLock { $0.occupants = [:] }
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .idleCold)
        #expect(bench.provider.calls.contains("wipe c1"))
    }

    @Test func lendsFromThePreferredZone() async throws {
        let bench = Bench(warmMin: 3)
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(try await bench.pool.lease(for: .named("x"), preferring: ["z", "c", "b"]).id == "c3")
        #expect(try await bench.pool.lease(for: .named("x"), preferring: ["z"]).id == "c1")
    }

    @Test func neverLendsWhatDoesNotAnswer() async throws {
        let bench = Bench(warmMin: 2)
        try await bench.pool.recover()
        await bench.pool.upkeep()
        bench.provider.fail("check", of: "c1")
        #expect(try await bench.pool.lease(for: .named("x")).id == "c2")
        #expect(await bench.state("c1")?.kind == .quarantined)
        let error = await #expect(throws: PoolError.self) { try await bench.pool.lease(for: .named("y")) }
        #expect(error?.code == .noneWarm)
        #expect(error?.message.contains("c1 is quarantined, c2 is reserved") == true)
    }

    @Test func quarantinesAfterEnoughFailedChecksAndComesBackWhenCleared() async throws {
        let bench = Bench()
        try await bench.pool.recover()
        await bench.pool.upkeep()
        bench.provider.fail("check", of: "c1")
        await bench.pool.checkHealth()
        await bench.pool.checkHealth()
        #expect(await bench.state("c1") == .warm)
        await bench.pool.checkHealth()
        #expect(
            await bench.state("c1") == .quarantined(reason: "failed 3 health checks in a row: check of c1 fails")
        )
        #expect(bench.notices.all.count == 1)
        bench.provider.fail("check", of: "c1", false)
        try await bench.pool.clear("c1")
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .warm)
    }

    @Test func anActiveMemberThatDoesNotAnswerRaisesAnAlarmAndKeepsItsState() async throws {
        let bench = Bench(stored: [stored("c1", .active)], warmMin: 0)
        try await bench.pool.recover()
        bench.provider.fail("check", of: "c1")
        for _ in 0..<3 { await bench.pool.checkHealth() }
        #expect(await bench.state("c1") == .active)
        #expect(bench.notices.all.count == 1)
    }

    @Test func anActiveMemberThatDiedIsStartedAgain() async throws {
        let bench = Bench(stored: [stored("c1", .active)], warmMin: 0)
        try await bench.pool.recover()
        bench.provider.fail("check", of: "c1")
        bench.provider.fail("start", of: "c1")
        for _ in 0..<6 { await bench.pool.checkHealth() }
        #expect(bench.provider.calls.count { $0 == "start c1" } == 3, "at recovery, and after each three failed checks")
        #expect(bench.notices.all.last == .alarm("c1", "could not be started: start of c1 fails"))
        #expect(await bench.state("c1") == .active)
    }

    @Test func aReservedMemberThatIsNeededIsNotQuarantined() async throws {
        let bench = Bench(stored: [stored("c1", .reserved(.move("m1")))], warmMin: 0)
        bench.store.state.withLock { $0.occupants["c1"] = ["move m1"] }
        try await bench.pool.recover()
        bench.provider.fail("check", of: "c1")
        for _ in 0..<3 { await bench.pool.checkHealth() }
        #expect(await bench.state("c1") == .reserved(.move("m1")))
        #expect(bench.provider.calls.count { $0 == "start c1" } == 2)
        await bench.pool.activate(owners: ["c1"])
        #expect(await bench.state("c1") == .active)
    }

    /// An owner that an earlier process quarantined, or emptied half in its memory, is started at the next start.
    @Test(arguments: PoolMemberState.Kind.allCases)
    func recoveryStartsWhatIsNeededAndEmptiesNothingOfIt(kind: PoolMemberState.Kind) async throws {
        let bench = Bench(stored: [stored("c1", memberState(kind))], warmMin: 1)
        bench.store.state.withLock { $0.occupants["c1"] = ["segment s1"] }
        try await bench.pool.recover()
        await bench.pool.activate(owners: ["c1"])
        await bench.pool.upkeep()
        // A standby, or a home's server, is needed as that and stays it.
        let staysItself = kind == .standby || kind == .promoted
        #expect(await bench.state("c1") == (staysItself ? memberState(kind) : .active))
        #expect(bench.provider.calls.filter { $0.hasSuffix("c1") } == ["start c1"])
    }

    @Test func anOwnerThatIsNoMemberIsAnAlarm() async throws {
        let bench = Bench(warmMin: 0)
        try await bench.pool.recover()
        await bench.pool.activate(owners: ["x"])
        #expect(bench.notices.all == [.alarm("x", "there is no pool member x.")])
    }

    @Test func aReservedMemberThatFailsIsRevoked() async throws {
        let bench = Bench(stored: [stored("c1", .reserved(.move("m1")))], warmMin: 0)
        try await bench.pool.recover()
        bench.provider.fail("check", of: "c1")
        for _ in 0..<3 { await bench.pool.checkHealth() }
        #expect(bench.notices.all == [.revoked("c1", from: .move("m1"))])
    }

    @Test(arguments: ["provision", "start"])
    func aFailedOperationQuarantinesAndAnotherTakesItsPlace(call: String) async throws {
        let bench = Bench()
        bench.provider.fail(call, of: "c1")
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .quarantined(reason: "\(call) of c1 fails"))
        #expect(await bench.state("c2") == .warm)
    }

    @Test func withoutASchemaNobodyIsBlamed() async throws {
        let bench = Bench(schemaFails: true)
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(await bench.pool.allMembers.isEmpty)
        #expect(bench.notices.all == [.alarm(nil, "no contingent instance can be warmed: no home")])
    }

    @Test func anOutcomeTheStoreRefusedIsMadeUpFor() async throws {
        let bench = Bench(stored: [stored("c1", .wiping)])
        bench.provider.fail("wipe", of: "c1")
        bench.store.state.withLock { $0.refusesToSave = true }
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .wiping)
        bench.provider.fail("wipe", of: "c1", false)
        bench.store.state.withLock { $0.refusesToSave = false }
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .warm)
    }

    @Test func occupiedMembersAreNotRetired() async throws {
        let bench = Bench(stored: [stored("c1", .quarantined(reason: "q"))], warmMin: 0)
        try await bench.pool.recover()
        bench.store.state.withLock { $0.occupants["c1"] = ["segment s1"] }
        await #expect(throws: PoolError.self) { try await bench.pool.retire("c1") }
        bench.store.state.withLock { $0.occupants = [:] }
        try await bench.pool.retire("c1")
        #expect(await bench.state("c1") == .retired)
        #expect(bench.provider.calls == ["remove c1"])
    }

    @Test func recoveryTakesUpWhatEachStateMeans() async throws {
        let bench = Bench(
            ["c1": "a", "c2": "a", "c3": "a", "c4": "a", "c5": "a", "c6": "a", "c7": "a"],
            stored: [
                stored("c1", .provisioning), stored("c2", .warming), stored("c3", .reserved(.move("m"))),
                stored("c4", .active), stored("c5", .draining), stored("c6", .retired), stored("c7", .warm),
            ],
            warmMin: 0
        )
        try await bench.pool.recover()
        #expect(bench.provider.calls.sorted() == ["start c3", "start c4", "start c5"], "the rest may take its time")
        #expect(await bench.state("c7") == .wiping, "it is not to be lent any more")
        await bench.pool.upkeep()
        #expect(
            bench.provider.calls.dropFirst(3).sorted() == ["remove c1", "remove c6", "wipe c2", "wipe c5", "wipe c7"])
        #expect(
            await bench.pool.allMembers.map(\.state) == [
                .absent, .idleCold, .reserved(.move("m")), .active, .idleCold, .retired, .idleCold,
            ])
        await bench.pool.upkeep()
        #expect(bench.provider.calls.count == 8)
    }

    @Test func aMemberOfAnUnknownProviderIsReportedAndLeftAlone() async throws {
        let stray = PoolMember(id: "x", provider: "cloud", zone: "z", state: .warm)
        let bench = Bench(stored: [stray])
        try await bench.pool.recover()
        await bench.pool.upkeep()
        #expect(await bench.state("c1") == .warm)
        #expect(bench.notices.all.contains { if case .alarm("x", _) = $0 { true } else { false } })
    }

    /// A provider may take minutes to make a member.
    @Test func membersAreWatchedWhileAnotherIsMade() async throws {
        let bench = Bench(stored: [stored("c1", .active)], warmMin: 1)
        bench.provider.hold("provision")
        try await bench.pool.recover()
        let run = Task { await bench.pool.run() }
        await bench.provider.called("provision c2")
        await bench.provider.called("check c1")
        bench.provider.release()
        await bench.store.saved("c2 warm")
        run.cancel()
        await run.value
        #expect(bench.provider.calls.filter { $0.hasPrefix("stop") }.sorted() == ["stop c1", "stop c2"])
    }

    @Test func stoppingLeavesWorkUnderWayToTheNextStart() async throws {
        let bench = Bench()
        try await bench.pool.recover()
        let run = Task { await bench.pool.run() }
        await bench.store.saved("c1 warm")
        run.cancel()
        await run.value
        #expect(bench.provider.state.withLock { $0.running.isEmpty })
        #expect(await bench.state("c1") == .warm)
    }
}
