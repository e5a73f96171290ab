import ClusterModel
import Testing

@testable import Planning

/// Two homes with 104 of 100; a target of 72 asks each to lose 32. One segment of 38 of each would do, but both together
/// fill more than one instance; 21 and 14 of each fill 70.
struct ReliefPreferenceTests {
    private func plan(_ policy: PlanningPolicy, _ change: (inout ClusterBuilder) -> Void = { _ in }) -> Plan {
        var cluster = ClusterBuilder()
        for home in 1...2 {
            for (index, load) in [38.0, 31, 21, 14].enumerated() {
                cluster.add(SegmentID("s\(home)-\(index)"), home: InstanceID("home-\(home)")) { _ in load }
            }
        }
        change(&cluster)
        var configuration = PlanningConfiguration(for: .horizon)
        configuration.policy = policy
        configuration.mode = .auto
        configuration.movesInFlightMax = 8
        var controller = ShardingController(configuration: configuration)
        return controller.plan(cluster.snapshot)
    }

    private func leases(_ plan: Plan) -> Int {
        plan.kinds.count { if case .lease = $0 { true } else { false } }
    }

    @Test func moreMovesAreCheaperThanAnInstance() {
        let plan = plan(.horizon)
        #expect(leases(plan) == 1)
        #expect(Set(plan.moved) == ["s1-2", "s1-3", "s2-2", "s2-3"])
    }

    @Test func withoutPricesTheFewestMovesCount() {
        let plan = plan(.threshold)
        #expect(leases(plan) == 2)
        #expect(Set(plan.moved) == ["s1-0", "s2-0"])
    }

    @Test func whereInstancesAreOursTheFewestMovesCountToo() {
        let plan = plan(.horizon) { cluster in
            for id in ["contingent-1", "contingent-2"] as [InstanceID] {
                cluster.changeInstance(id) { $0.availability = .active }
            }
        }
        #expect(Set(plan.moved) == ["s1-0", "s2-0"])
    }
}
