import ClusterModel
import Testing

@testable import Planning

struct CutOverTests {
    /// One ready move of s1 (30 at the peak); home-1 has 90 at the peak, give or take `spread`, from `minutes` on.
    func ready(hotFrom minutes: Int, peak: Double = 90, spread: Double = 0) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.add("s1", spread: spread) { $0 < minutes ? 10 : peak / 3 }
        cluster.add("s2", spread: spread) { $0 < minutes ? 20 : peak * 2 / 3 }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        cluster.addMove("s1", to: "contingent-1", .ready, startedMinutesAgo: 30)
        return cluster
    }

    func plan(_ cluster: ClusterBuilder) -> Plan {
        var controller = ShardingController(configuration: .test())
        return controller.plan(cluster.snapshot)
    }

    /// Certain, or at better than even odds (53 %): 15 minutes before. In doubt (44 %, 26 %): 5 minutes before. Hardly
    /// likely (7 %): not.
    @Test(
        arguments: [
            (90.0, 0.0, 10, DecisionRule.confidenceReached), (90.0, 0.0, 15, .confidenceReached), (90.0, 0.0, 20, nil),
            (81.0, 0.2, 15, .confidenceReached), (78.0, 0.2, 15, nil), (78.0, 0.2, 10, nil),
            (78.0, 0.2, 5, .deadlineClose), (74.0, 0.15, 10, nil), (74.0, 0.15, 5, .deadlineClose), (72.0, 0.1, 0, nil),
        ] as [(Double, Double, Int, DecisionRule?)]
    )
    func ownershipChangesAsLateAsIsSafe(peak: Double, spread: Double, minutes: Int, rule: DecisionRule?) {
        let plan = plan(ready(hotFrom: minutes, peak: peak, spread: spread))
        #expect(plan.actions.map(\.record.rule) == (rule.map { [$0] } ?? []))
        if rule == nil { #expect(plan.notes(.overloadNotNear).count == 1) }
    }

    @Test func onlyWhatIsNeeded() {
        var cluster = ready(hotFrom: 10)
        cluster.add("s3") { _ in 1 }
        cluster.addMove("s3", to: "contingent-1", .ready)
        #expect(plan(cluster).kinds == [.cutOver("m-s1")], "without s1 the home is under its target")
    }

    @Test func manyReadyMovesBeginEarlier() {
        var cluster = ClusterBuilder()
        for index in 1...9 { cluster.add(SegmentID("s\(index)")) { $0 < 20 ? 5 : 30 } }
        cluster.changeInstance("contingent-1") { $0.availability = .active }
        cluster.addMove("s1", to: "contingent-1", .ready)
        #expect(plan(cluster).kinds.filter { $0 == .cutOver("m-s1") }.isEmpty)
        for index in 2...8 { cluster.addMove(SegmentID("s\(index)"), to: "contingent-1", .ready) }
        // Eight times half a minute more: 19 minutes. One more makes it over 20.
        #expect(plan(cluster).kinds.isEmpty)
        for index in 2...8 { cluster.addMove(SegmentID("t\(index)"), to: "contingent-1", .ready) }
        for index in 2...8 { cluster.add(SegmentID("t\(index)")) { _ in 0.1 } }
        #expect(plan(cluster).kinds == [.cutOver("m-s1"), .cutOver("m-s2")], "two at a time")
    }

    @Test func beforeAFreezeThatHoldsTheOverload() {
        var cluster = ready(hotFrom: 60)
        #expect(plan(cluster).actions.isEmpty)
        cluster.freezes = [
            Freeze(start: cluster.now + .seconds(240), end: cluster.now + .seconds(7200), reason: "sale")
        ]
        #expect(plan(cluster).actions.map(\.record.rule) == [.beforeFreeze])
        cluster.freezes[0].end = cluster.now + .seconds(3000)
        #expect(plan(cluster).actions.isEmpty, "it is over before the overload")
    }

    @Test func notOntoATargetThatBecameFull() {
        var cluster = ready(hotFrom: 10)
        cluster.add("guest", home: "contingent-1") { _ in 79 }
        let plan = plan(cluster)
        #expect(!plan.kinds.contains(.cutOver("m-s1")))
        #expect(plan.notes(.targetTooFull).count == 1)
    }

    @Test func copiesDoNotDelayChangesOfOwner() {
        var cluster = ready(hotFrom: 10)
        for id in ["c1", "c2"] as [SegmentID] {
            cluster.add(id) { _ in 1 }
            cluster.addMove(id, to: "contingent-1", .preparing)
        }
        #expect(plan(cluster).kinds == [.cutOver("m-s1")])
    }
}
