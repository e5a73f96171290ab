import ClusterModel
import Testing

@testable import Planning

struct MeasuredOverloadTests {
    /// Four segments that measure 90 in all, with a forecast of `forecast`; nil for none.
    func cluster(forecast: Double?) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for index in 1...4 { cluster.add(SegmentID("s\(index)"), measured: 22.5) { _ in (forecast ?? 0) / 4 } }
        if forecast == nil { for index in cluster.segments.indices { cluster.segments[index].forecast = [] } }
        return cluster
    }

    @Test func oneMeasurementIsNotEnough() {
        for policy in [PlanningPolicy.reactive, .threshold] {
            var controller = ShardingController(configuration: .test { $0.policy = policy })
            #expect(controller.plan(cluster(forecast: 20).snapshot).actions.isEmpty)
        }
    }

    @Test func reactiveActsOnMeasurementsOnly() {
        var reactive = ShardingController(configuration: .test { $0.policy = .reactive })
        #expect(reactive.plan(cluster(forecast: 20), times: 2).moved.count == 1)
        var blind = ShardingController(configuration: .test { $0.policy = .reactive })
        var coming = ClusterBuilder()
        coming.add("s1", measured: 10) { _ in 95 }
        #expect(blind.plan(coming, times: 3).actions.isEmpty)
    }

    @Test func thresholdCatchesWhatNoForecastSaw() throws {
        var controller = ShardingController(configuration: .test())
        let plan = controller.plan(cluster(forecast: 20), times: 3)
        #expect(plan.moved.count == 1)
        #expect(plan.actions.last?.record.rule == .overloadMeasured)
        #expect(plan.actions.last?.record.evidence.measuredLoad == 90)
    }

    @Test func thresholdWorksWithoutAnyForecast() {
        var controller = ShardingController(configuration: .test())
        #expect(controller.plan(cluster(forecast: nil), times: 2).moved.count == 1)
    }

    @Test func aMissedObjectiveAtAComfortableLoadMeansLessCapacity() throws {
        var calm = ClusterBuilder()
        for index in 1...4 { calm.add(SegmentID("s\(index)")) { _ in 19 } }
        calm.changeInstance("home-1") {
            $0.p99Seconds = 0.4
            $0.p99ObjectiveSeconds = 0.2
        }
        var controller = ShardingController(configuration: .test())
        let plan = controller.plan(calm, times: 2)
        #expect(plan.moved.count == 1)
        let capacity = try #require(plan.overloads.first?.capacity)
        #expect(abs(capacity - 0.98 * 76 / 0.8) < 1e-9)
        calm.changeInstance("home-1") { $0.p99Seconds = 0.1 }
        var content = ShardingController(configuration: .test())
        #expect(content.plan(calm, times: 3).actions.isEmpty)
    }

    @Test func noPolicyDoesNothingButLook() {
        var controller = ShardingController(configuration: .test { $0.policy = .none })
        let plan = controller.plan(cluster(forecast: 95), times: 3)
        #expect(plan.actions.isEmpty && plan.notes.isEmpty)
        #expect(plan.overloads.map(\.instance) == ["home-1"])
    }
}
