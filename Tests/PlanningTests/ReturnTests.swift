import ClusterModel
import Testing

@testable import Planning

struct ReturnTests {
    /// After a peak: s1 and s2 of home-1 are guests of contingent-1. With them back, home-1 carries `load`.
    func away(load: @escaping (Int) -> Double = { _ in 50 }) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.add("s1", owner: "contingent-1") { 0.3 * load($0) }
        cluster.add("s2", owner: "contingent-1") { 0.2 * load($0) }
        cluster.add("s3") { 0.5 * load($0) }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        return cluster
    }

    func plan(_ cluster: ClusterBuilder, times: Int) -> Plan {
        var controller = ShardingController(configuration: .test())
        return controller.plan(cluster, times: times)
    }

    @Test func goesHomeWhenThreePlansAgree() {
        #expect(plan(away(), times: 2).actions.isEmpty)
        #expect(plan(away(), times: 2).notes(.agreementPending).count == 1)
        let third = plan(away(), times: 3)
        #expect(third.moved == ["s1", "s2"])
        #expect(third.directives.allSatisfy { $0.destination == "home-1" })
        #expect(third.actions.allSatisfy { $0.record.rule == .peakOver })
    }

    @Test func hysteresisKeepsItAwayBetweenTheThresholds() {
        // 65 is under the overload threshold of 80 and over the return threshold of 60.
        let plan = plan(away { _ in 65 }, times: 10)
        #expect(plan.actions.isEmpty)
        #expect(plan.notes(.peakAhead).first?.evidence.destinationPeakAfter == 65)
    }

    @Test func notBeforeTheNextPeak() {
        #expect(plan(away { $0 < 100 ? 20 : 90 }, times: 5).actions.isEmpty)
        #expect(!plan(away { $0 > 100 ? 20 : 30 }, times: 3).actions.isEmpty)
    }

    @Test func aForecastThatTremblesAtTheThresholdDoesNotStartTheCountAnew() {
        var controller = ShardingController(configuration: .test())
        #expect(controller.plan(away { _ in 59 }.snapshot).notes(.agreementPending).count == 1)
        let trembling = controller.plan(away { _ in 63 }.snapshot)
        #expect(trembling.notes(.agreementPending).first?.evidence.threshold == 65)
        #expect(controller.plan(away { _ in 63 }.snapshot).moved == ["s1", "s2"])
    }

    @Test func theHysteresisEndsAtTheReliefTarget() {
        var controller = ShardingController(configuration: .test { $0.returnHysteresis = 0.3 })
        _ = controller.plan(away(), times: 2)
        let plan = controller.plan(away { _ in 72 }.snapshot)
        #expect(plan.actions.isEmpty && plan.notes(.peakAhead).first?.evidence.threshold == 70)
    }

    @Test func aDisagreementStartsTheCountAnew() {
        var controller = ShardingController(configuration: .test())
        _ = controller.plan(away(), times: 2)
        _ = controller.plan(away { _ in 70 }.snapshot)
        #expect(controller.plan(away(), times: 2).actions.isEmpty)
    }

    /// The end of its watch is ordered by the same plan; until it is tidied up no other move can begin.
    @Test func aGuestWhoseMoveEndsWaitsForItsEnd() {
        var cluster = away()
        cluster.addMove("s1", to: "contingent-1", .probation(.keep(MovePhaseTableTests.evidence)))
        let plan = plan(cluster, times: 3)
        #expect(plan.kinds.contains(.keep("m-s1")))
        #expect(plan.moved == ["s2"])
        #expect(plan.notes(.resting).map(\.segment) == ["s1"])
    }

    @Test func anInstanceIsEmptiedWhollyOrNotAtAll() {
        var cluster = away()
        cluster.add("s4", home: "home-2", owner: "contingent-1") { _ in 10 }
        cluster.add("s5", home: "home-2") { _ in 70 }
        #expect(plan(cluster, times: 4).actions.isEmpty, "home-2 is still too hot for its guest")
    }

    @Test func limitsHoldOnTheWayBackToo() {
        var cluster = ClusterBuilder()
        for index in 1...6 { cluster.add(SegmentID("s\(index)"), owner: "contingent-1") { _ in 5 } }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        let plan = plan(cluster, times: 3)
        #expect(plan.moved.count == 2)
        #expect(plan.notes(.queued).count == 4)
    }

    @Test func aReadyReturnGoesAtOnceAndAHotHomeDropsIt() {
        var cluster = away()
        cluster.addMove("s1", to: "home-1", .ready, from: "contingent-1")
        #expect(plan(cluster, times: 1).kinds == [.cutOver("m-s1")])
        // Without s2, 95 means 76 at home: over its target, under its threshold.
        var warm = away { _ in 95 }
        warm.addMove("s1", to: "home-1", .ready, from: "contingent-1")
        let waiting = plan(warm, times: 1)
        #expect(waiting.actions.isEmpty && waiting.notes(.peakAhead).contains { $0.move == "m-s1" })
        var hot = away { _ in 105 }
        hot.addMove("s1", to: "home-1", .ready, from: "contingent-1")
        let dropped = plan(hot, times: 1)
        #expect(dropped.kinds == [.abort("m-s1")])
        #expect(dropped.actions.first?.record.rule == .homeTooHot)
    }

    @Test func emptyInstancesAreGivenBackAfterThreePlans() {
        var cluster = ClusterBuilder()
        cluster.add("s1") { _ in 10 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        #expect(plan(cluster, times: 2).actions.isEmpty)
        #expect(plan(cluster, times: 3).kinds == [.giveBack("contingent-1")])
    }

    @Test func anInstanceThatAForecastNeedsIsKept() {
        var cluster = ClusterBuilder()
        cluster.add("s1") { $0 < 110 ? 10 : 50 }
        cluster.add("s2") { $0 < 110 ? 10 : 50 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        #expect(plan(cluster, times: 5).actions.isEmpty)
    }
}
