import ClusterModel
import Foundation
import Testing

@testable import Planning

struct ControllerMemoryTests {
    let evidence = WatchEvidence(
        reason: .errors,
        samplesBefore: 0,
        samplesAfter: 0,
        statementsAfter: 500,
        errorRateBefore: 0,
        errorRateAfter: 0.2,
        loadMoved: 1
    )

    func hot() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.add("s1") { _ in 50 }
        cluster.add("s2") { _ in 50 }
        return cluster
    }

    @Test func whoMovedRests() {
        var controller = ShardingController(configuration: .test())
        var cluster = hot()
        _ = controller.plan(cluster.snapshot)
        cluster.changeSegment("s1") { $0.owner = "contingent-1" }
        _ = controller.plan(cluster.snapshot)
        #expect(controller.memory.rests["s1"]?.until == cluster.now + .seconds(1800))
        cluster.now = cluster.now + .seconds(1801)
        _ = controller.plan(cluster.snapshot)
        #expect(controller.memory.rests.isEmpty)
    }

    @Test func whoseMoveCameToNothingRestsLess() {
        var controller = ShardingController(configuration: .test())
        var cluster = hot()
        cluster.addMove("s1", to: "contingent-1", .preparing)
        _ = controller.plan(cluster.snapshot)
        cluster.moves = []
        let plan = controller.plan(cluster.snapshot)
        #expect(controller.memory.rests["s1"]?.until == cluster.now + .seconds(900))
        #expect(plan.moved == ["s2"], "the other segment goes instead")
    }

    @Test func whatNobodySawCountsAndRests() throws {
        var controller = ShardingController(configuration: .test { $0.movesPerHourMax = 2 })
        var cluster = ClusterBuilder()
        for index in 1...4 { cluster.add(SegmentID("s\(index)")) { _ in 25 } }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        #expect(controller.plan(cluster.snapshot).moved.count == 2)
        // Both failed before the next plan.
        cluster.now = cluster.now + .seconds(60)
        #expect(controller.plan(cluster.snapshot).moved.isEmpty)
        #expect(controller.memory.rests.count == 2)
        let restored = try JSONDecoder().decode(
            ControllerMemory.self, from: JSONEncoder().encode(controller.memory))
        #expect(restored == controller.memory)
        cluster.now = cluster.now + .seconds(3600)
        #expect(controller.plan(cluster.snapshot).moved.count == 2)
    }

    @Test func anInstanceThatWasGivenBackStartsAnew() {
        var controller = ShardingController(configuration: .test())
        var cluster = ClusterBuilder()
        cluster.add("s1") { _ in 10 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        #expect(controller.plan(cluster, times: 3).kinds == [.giveBack("contingent-1")])
        cluster.changeInstance("contingent-1") { $0.availability = .warm }
        _ = controller.plan(cluster.snapshot)
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        #expect(controller.plan(cluster.snapshot).kinds.isEmpty, "it was leased a moment ago")
    }

    /// The revert led back to a copy that is ready, and dropping it failed, or the process died before.
    @Test func aRevertedMoveIsNotCutOverAgain() {
        var controller = ShardingController(configuration: .test())
        var cluster = hot()
        cluster.changeSegment("s1") { $0.owner = "contingent-1" }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        cluster.addMove("s1", to: "contingent-1", .probation(.revert(evidence)))
        #expect(controller.plan(cluster.snapshot).kinds.contains(.revert("m-s1")))
        cluster.changeSegment("s1") { $0.owner = "home-1" }
        cluster.moves = []
        cluster.addMove("s1", to: "contingent-1", .ready)
        let kinds = controller.plan(cluster.snapshot).kinds
        #expect(kinds.contains(.abort("m-s1")) && !kinds.contains(.cutOver("m-s1")), "\(kinds)")
    }

    /// s1 came back from contingent-1 ten minutes ago, and its home is too hot still.
    private func harmed() -> (ShardingController, ClusterBuilder) {
        var controller = ShardingController(configuration: .test())
        var cluster = hot()
        cluster.changeSegment("s1") { $0.owner = "contingent-1" }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        cluster.addMove("s1", to: "contingent-1", .probation(.revert(evidence)))
        _ = controller.plan(cluster.snapshot)
        cluster.changeSegment("s1") { $0.owner = "home-1" }
        cluster.moves = []
        _ = controller.plan(cluster.snapshot)
        cluster.now = cluster.now + .seconds(600)
        return (controller, cluster)
    }

    @Test func anInstanceThatHarmedASegmentIsTheLastToGetAnother() {
        var (controller, cluster) = harmed()
        let plan = controller.plan(cluster.snapshot)
        let destinations = plan.actions.compactMap(\.directive?.destination)
        #expect(
            !destinations.isEmpty && destinations.allSatisfy { $0 == "contingent-2" }, "\(plan.records.map(\.sentence))"
        )

        cluster.changeInstance("contingent-2") { $0.availability = .unavailable(reason: "down") }
        var (alone, _) = harmed()
        let rest = alone.plan(cluster.snapshot).actions.compactMap(\.directive?.destination)
        #expect(!rest.isEmpty && rest.allSatisfy { $0 == "contingent-1" }, "an overload is met all the same")
    }

    @Test func whatIsReadyThereIsDropped() {
        var (controller, cluster) = harmed()
        cluster.addMove("s2", to: "contingent-1", .ready)
        let plan = controller.plan(cluster.snapshot)
        #expect(plan.kinds.contains(.abort("m-s2")), "\(plan.kinds)")
        #expect(plan.actions.contains { $0.record.rule == .targetDoubted })
    }

    @Test func doubtEnds() {
        var (controller, cluster) = harmed()
        _ = controller.plan(cluster.snapshot)
        #expect(controller.memory.doubts["contingent-1"] != nil)
        cluster.now = cluster.now + .seconds(3 * 3600)
        _ = controller.plan(cluster.snapshot)
        #expect(controller.memory.doubts.isEmpty)
    }

    @Test func revertsTeachLongerEachTime() {
        var controller = ShardingController(configuration: .test())
        for (round, hours) in [2, 4, 8, 16, 24, 24].enumerated() {
            var cluster = hot()
            cluster.now = cluster.now + .seconds(Int64(round) * 100 * 3600)
            cluster.changeSegment("s1") { $0.owner = "contingent-1" }
            cluster.moves = [
                MoveInFlight(
                    id: MoveID("m\(round)"),
                    segment: "s1",
                    source: "home-1",
                    target: "contingent-1",
                    phase: .probation(.revert(evidence)),
                    startedAt: cluster.now
                )
            ]
            let plan = controller.plan(cluster.snapshot)
            #expect(plan.kinds.first == .revert(MoveID("m\(round)")))
            _ = controller.plan(cluster.snapshot)
            cluster.moves = []
            cluster.changeSegment("s1") { $0.owner = "home-1" }
            _ = controller.plan(cluster.snapshot)
            let rest = controller.memory.rests["s1"]
            #expect(rest?.until == cluster.now + .seconds(hours * 3600), "round \(round)")
            #expect(rest?.reason.contains("errors 0 % before, 20 % after") == true)
        }
    }

    @Test func aKeptMoveForgivesReverts() {
        var memory = ControllerMemory()
        let move = MoveInFlight(
            id: "m",
            segment: "s1",
            source: "home-1",
            target: "contingent-1",
            phase: .probation(.waiting),
            startedAt: ClusterBuilder.now
        )
        memory.reverted(move, at: ClusterBuilder.now, reason: "slow", configuration: .test())
        #expect(memory.reverts["s1"] == 1)
        memory.kept(move)
        #expect(memory.reverts["s1"] == nil)
    }

    @Test func survivesARestart() throws {
        var controller = ShardingController(configuration: .test())
        var cluster = ClusterBuilder()
        cluster.add("s1", owner: "contingent-1") { _ in 10 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        _ = controller.plan(cluster, times: 2)
        var revived = try JSONDecoder().decode(ShardingController.self, from: JSONEncoder().encode(controller))
        #expect(revived == controller)
        let plan = revived.plan(cluster.snapshot)
        #expect(plan.moved == ["s1"], "the third agreement, two of them from before")
        #expect(try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)) == plan)
    }

    @Test func forgetsWhatLeftTheCluster() {
        var controller = ShardingController(configuration: .test())
        var cluster = hot()
        _ = controller.plan(cluster.snapshot)
        cluster.changeSegment("s1") { $0.owner = "contingent-1" }
        _ = controller.plan(cluster.snapshot)
        cluster.segments.removeAll { $0.id == "s1" }
        cluster.instances.removeAll { $0.id == "home-1" }
        _ = controller.plan(cluster.snapshot)
        #expect(controller.memory.rests.isEmpty && controller.memory.measuredOver["home-1"] == nil)
    }

    @Test(arguments: [
        (PlanningMode.observe, PlannedAction.Authority.none), (.recommend, .afterApproval), (.auto, .immediate),
    ])
    func modesDecideAuthorityNotContent(mode: PlanningMode, authority: PlannedAction.Authority) {
        var controller = ShardingController(configuration: .test { $0.mode = mode })
        var auto = ShardingController(configuration: .test())
        let (plan, reference) = (controller.plan(hot().snapshot), auto.plan(hot().snapshot))
        #expect(plan.kinds == reference.kinds && !plan.kinds.isEmpty)
        #expect(plan.actions.allSatisfy { $0.authority == authority && $0.isExecutable == (mode == .auto) })
    }

    @Test(arguments: PlanningMode.allCases) func everyModeGivesAnEmptyInstanceBack(mode: PlanningMode) {
        var controller = ShardingController(configuration: .test { $0.mode = mode })
        var cluster = ClusterBuilder()
        cluster.add("s1") { _ in 10 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        let plans = (0..<3).map { _ in controller.plan(cluster.snapshot) }
        #expect(plans.map { $0.actions.filter(\.isExecutable).map(\.kind) } == [[], [], [.giveBack("contingent-1")]])
    }

    @Test func theDefaultsAreSoundAndContradictionsAreNamed() {
        let defaults = PlanningConfiguration()
        #expect(defaults.problems.isEmpty)
        #expect(defaults.prepareConfidence == 0.2 && defaults.confidenceLevel == 0.5 && defaults.dropConfidence == 0.1)
        let wrong = PlanningConfiguration.test {
            $0.returnThreshold = 0.9
            $0.prepareConfidence = 0.8
            $0.movesInFlightMax = 1
            $0.returnHysteresis = -0.1
        }
        #expect(wrong.problems.count == 4)
    }
}
