import ClusterModel
import Testing

@testable import Planning

/// The horizon policy: segments are gathered on fewer instances when that pays.
struct GatherTests {
    private func plan(
        _ cluster: ClusterBuilder, times: Int = 3, _ change: (inout PlanningConfiguration) -> Void = { _ in }
    ) -> Plan {
        var configuration = PlanningConfiguration(for: .horizon)
        configuration.mode = .auto
        change(&configuration)
        var controller = ShardingController(configuration: configuration)
        return controller.plan(cluster, times: times)
    }

    /// Two contingents are in use; the homes are as full as they may be.
    private func away(guest: @escaping (Int) -> Double = { _ in 20 }) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.add("big", home: "home-1") { _ in 70 }
        cluster.add("s1", owner: "contingent-1", load: guest)
        cluster.add("s2", owner: "contingent-2") { _ in 30 }
        for contingent in ["contingent-1", "contingent-2"] as [InstanceID] {
            cluster.changeInstance(contingent) { $0.availability = .active }
        }
        return cluster
    }

    @Test func guestsGoToAnotherContingentWhenHomeHasNoRoom() {
        let plan = plan(away())
        #expect(plan.moved == ["s1"])
        #expect(plan.directives.first?.destination == "contingent-2")
        #expect(plan.actions.first?.record.rule == .peakOver)
    }

    /// contingent-2 is in the zone of the homes.
    @Test func guestsAreNotGatheredInTheirHomesZoneWhereThatIsForbidden() {
        let plan = plan(away()) { $0.antiAffinity = .require }
        #expect(plan.directives.map(\.destination) == ["contingent-1"] && plan.moved == ["s2"])
    }

    /// The end of its watch is ordered by the same plan; until it is tidied up no other move can begin.
    @Test func aGuestWhoseMoveEndsWaitsForItsEnd() {
        var cluster = away()
        cluster.addMove("s1", to: "contingent-1", .probation(.keep(MovePhaseTableTests.evidence)))
        let plan = plan(cluster)
        #expect(plan.kinds == [.keep("m-s1")])
        #expect(plan.notes(.resting).map(\.segment) == ["s1"])
    }

    @Test func homeComesFirst() {
        var cluster = away()
        cluster.changeSegment("big") { $0.owner = "home-2" }
        let plan = plan(cluster)
        #expect(plan.directives.first { $0.segmentID == "s1" }?.destination == "home-1")
    }

    @Test func notWhileAnotherHomeCouldOnlyTakeIt() {
        var cluster = away()
        cluster.changeSegment("s2") { $0.owner = "home-2" }
        #expect(plan(cluster, times: 5).moved.isEmpty, "home-2 is not the home of s1, and home-1 is full")
    }

    @Test func staysWhereMovesCostMoreThanTheHours() {
        let dear = plan(away()) { $0.prices.perMove = 2 }
        #expect(dear.actions.isEmpty)
        #expect(!dear.notes(.notWorthIt).isEmpty)
    }

    /// The second is to take what the first has to leave; only one move at a time is allowed.
    @Test func whatTakesIsNotEmptiedInTheSamePlan() {
        var cluster = ClusterBuilder()
        cluster.add("big", home: "home-1") { _ in 64 }
        for index in 1...3 { cluster.add(SegmentID("s\(index)"), owner: "contingent-1") { _ in 8 } }
        cluster.add("t1", home: "home-2", owner: "contingent-2") { _ in 26 }
        for contingent in ["contingent-1", "contingent-2"] as [InstanceID] {
            cluster.changeInstance(contingent) { $0.availability = .active }
        }
        let plan = plan(cluster) { $0.movesInFlightPerSourceMax = 1 }
        #expect(plan.moved.count == 1)
        for directive in plan.directives {
            let owner = cluster.segments.first { $0.id == directive.segmentID }?.owner
            #expect(plan.actions.contains { $0.directive == directive && $0.record.source == owner }, "\(plan.actions)")
        }
    }

    /// Sixteen moves of half an hour, two at a time, take longer than twice the horizon.
    @Test func manyGuestsGoHomeWhenTheCalmHasLasted() {
        var cluster = ClusterBuilder()
        for index in 1...16 {
            cluster.add(SegmentID("s\(index)"), owner: "contingent-1", minutesToMove: 30) { _ in 2 }
        }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        var configuration = PlanningConfiguration(for: .horizon)
        configuration.mode = .auto
        var controller = ShardingController(configuration: configuration)
        let early = controller.plan(cluster, times: 5)
        #expect(early.moved.isEmpty && !early.notes(.notWorthIt).isEmpty)
        cluster.now = cluster.now + .seconds(5 * 3600)
        #expect(!controller.plan(cluster, times: 3).moved.isEmpty)
    }

    @Test func staysWhenTheLoadComesBackSoon() {
        let plan = plan(away { $0 < 60 ? 20 : 60 }, times: 5)
        #expect(plan.moved.isEmpty)
        #expect(plan.notes(.peakAhead).contains { $0.segment == "s1" })
    }

    @Test func aMoveThatGathersIsNoReliefThatHasLostItsReason() {
        var configuration = PlanningConfiguration(for: .horizon)
        configuration.mode = .auto
        var controller = ShardingController(configuration: configuration)
        var cluster = away()
        let ordered = controller.plan(cluster, times: 3)
        #expect(ordered.moved == ["s1"])
        cluster.addMove("s1", to: "contingent-2", .preparing, from: "contingent-1")
        #expect(controller.plan(cluster, times: 10).actions.isEmpty, "copying goes on though nothing is overloaded")
        cluster.moves[0].phase = .ready
        let ready = controller.plan(cluster, times: 1)
        #expect(ready.actions.map(\.kind) == [.cutOver(cluster.moves[0].id)])
    }

    @Test func aSlowSegmentIsNotSentBackToAnInstanceThatIsOver() {
        var watch = MoveWatch(configuration: .init())
        for minute in 0..<6 { _ = watch.sampled(Self.sample(minute, p99: 0.01)) }
        watch.cutOverCompleted(at: ClusterBuilder.now + .seconds(6 * 60))
        var verdict = WatchVerdict.waiting
        for minute in 7..<40 where verdict == .waiting { verdict = watch.sampled(Self.sample(minute, p99: 5)) }
        guard case .revert = verdict else {
            Issue.record("the watch does not object: \(verdict)")
            return
        }
        var cluster = away()
        cluster.addMove("s1", to: "contingent-1", .probation(verdict))
        let full = plan(cluster, times: 1)
        #expect(full.actions.isEmpty && full.notes(.targetTooFull).count == 1)
        cluster.changeSegment("big") { $0.owner = "home-2" }
        #expect(plan(cluster, times: 1).actions.first?.kind == .revert(cluster.moves[0].id))
    }

    private static func sample(_ minute: Int, p99: Double) -> WatchSample {
        WatchSample(
            at: ClusterBuilder.now + .seconds(60 * minute), moved: CohortSample(statements: 1000, p99Seconds: p99),
            unmoved: CohortSample(statements: 1000, p99Seconds: 0.01))
    }

    @Test func isDroppedWhenItsTargetGrowsTooHot() {
        var configuration = PlanningConfiguration(for: .horizon)
        configuration.mode = .auto
        var controller = ShardingController(configuration: configuration)
        var cluster = away()
        _ = controller.plan(cluster, times: 3)
        cluster.addMove("s1", to: "contingent-2", .preparing, from: "contingent-1")
        _ = controller.plan(cluster, times: 1)
        cluster.add("s3", owner: "contingent-2") { _ in 60 }
        let plan = controller.plan(cluster, times: 1)
        #expect(plan.actions.contains { $0.kind == .abort(cluster.moves[0].id) })
    }
}
