import ClusterModel
import Testing

@testable import Planning

/// Groups with which less may be done, and segments that stay where they are.
struct ModeTests {
    private func hot(_ change: (inout ClusterBuilder) -> Void = { _ in }) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for (index, share) in [0.4, 0.3, 0.2, 0.1].enumerated() {
            cluster.add(SegmentID("s\(index + 1)")) { _ in share * 120 }
        }
        change(&cluster)
        return cluster
    }

    private func plan(_ cluster: ClusterBuilder, _ change: (inout PlanningConfiguration) -> Void = { _ in }) -> Plan {
        var controller = ShardingController(configuration: .test(change))
        return controller.plan(cluster.snapshot)
    }

    @Test func whatMayMoveIsMovedInPlaceOfWhatIsOnlyShown() {
        #expect(plan(hot()).moved.contains("s1"))
        let cluster = hot { $0.changeSegment("s1") { $0.modeMax = .observe } }
        let plan = plan(cluster)
        #expect(!plan.moved.isEmpty && !plan.moved.contains("s1"))
        #expect(plan.actions.allSatisfy { $0.isExecutable })
    }

    @Test(arguments: [(PlanningMode.observe, PlannedAction.Authority.none), (.recommend, .afterApproval)])
    func aGroupThatMayDoLessIsShownWhereNothingElseHelps(mode: PlanningMode, authority: PlannedAction.Authority) {
        let cluster = hot { cluster in
            for segment in cluster.segments.map(\.id) { cluster.changeSegment(segment) { $0.modeMax = mode } }
        }
        let plan = plan(cluster)
        #expect(plan.moved.contains("s1"))
        #expect(plan.actions.allSatisfy { $0.authority == authority }, "the lease too: \(plan.actions)")
    }

    @Test func aGroupNeverDoesMoreThanTheController() {
        let cluster = hot { cluster in cluster.changeSegment("s1") { $0.modeMax = .auto } }
        let plan = plan(cluster) { $0.mode = .recommend }
        #expect(!plan.actions.isEmpty && plan.actions.allSatisfy { $0.authority == .afterApproval })
    }

    /// Both homes are hot, and one instance is to be had: what may only be watched asks for it first.
    @Test func aLeaseIsForWhoeverMayDoMost() throws {
        var cluster = ClusterBuilder()
        cluster.instances.removeAll { $0.id == "contingent-2" }
        for (segment, home, load) in [("a", "home-1", 60.0), ("b", "home-2", 45)] as [(SegmentID, InstanceID, Double)] {
            cluster.add(segment, home: home) { _ in load }
            cluster.add(SegmentID("\(segment)2"), home: home) { _ in 40 }
        }
        for watched in ["a", "a2"] as [SegmentID] { cluster.changeSegment(watched) { $0.modeMax = .observe } }
        let plan = plan(cluster)
        let preparations = plan.actions.filter { $0.directive != nil }
        #expect(Set(preparations.map(\.isExecutable)) == [true, false], "\(preparations)")
        let lease = try #require(plan.actions.first { $0.kind == .lease("contingent-1") })
        #expect(lease.isExecutable)
    }

    @Test func aPinnedSegmentStays() throws {
        let cluster = hot { $0.changeSegment("s1") { $0.hold = Hold(reason: "it is pinned") } }
        let controller = ShardingController(configuration: .test { _ in })
        #expect(!plan(cluster).moved.contains("s1"))
        let reason = try #require(controller.reasonToStay(of: "s1", in: cluster.snapshot))
        #expect(reason.contains("it stays: it is pinned"), "\(reason)")
    }

    @Test func theOthersDoNotLeaveAnInstanceThatOneKeeps() {
        for keep in [{ $0.modeMax = .observe }, { $0.hold = Hold(reason: "it is pinned") }]
            as [(inout SegmentSnapshot) -> Void]
        {
            var cluster = ClusterBuilder()
            for segment in ["s1", "s2"] as [SegmentID] { cluster.add(segment, owner: "contingent-1") { _ in 10 } }
            cluster.changeInstance("contingent-1") { $0.availability = .active }
            var controller = ShardingController(
                configuration: .test {
                    $0 = PlanningConfiguration(for: .horizon)
                    $0.mode = .auto
                })
            #expect(controller.plan(cluster, times: 3).moved == ["s1", "s2"])
            cluster.changeSegment("s2", keep)
            var other = ShardingController(configuration: controller.configuration)
            let plan = other.plan(cluster, times: 3)
            #expect(plan.moved.isEmpty && plan.notes(.resting).contains { $0.segment == "s2" }, "\(plan.notes)")
        }
    }
}
