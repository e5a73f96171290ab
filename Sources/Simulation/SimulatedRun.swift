// One scenario from beginning to end, with the real controller, on a virtual clock.

import ClusterModel
import Planning

package struct SimulatedRun: Sendable {
    package private(set) var outcome: Outcome
    /// Every plan that did something.
    package private(set) var plans: [Plan]

    package init(_ scenario: Scenario) {
        var cluster = VirtualCluster(scenario)
        var controller = ShardingController(configuration: scenario.planning)
        var forecaster = VirtualForecaster(truth: scenario.truth, quality: scenario.quality, seed: scenario.seed)
        var forecasts: [SegmentID: [LoadDistribution]] = [:]
        var steps: [Timestamp] = []
        plans = []
        let end = scenario.truth.end + scenario.coolingTime
        while cluster.now < end {
            if cluster.now.isMultiple(of: scenario.forecastEvery) {
                forecasts = forecaster.issue(at: cluster.now)
                steps = forecaster.steps(from: cluster.now)
            }
            if cluster.now.isMultiple(of: scenario.planEvery) {
                cluster.sampleWatches()
                let plan = controller.plan(cluster.snapshot(steps: steps, forecasts: forecasts))
                if !plan.actions.isEmpty { plans.append(plan) }
                cluster.obey(plan)
                cluster.check(plan)
            }
            cluster.tick()
        }
        cluster.sumUp()
        outcome = cluster.outcome
    }
}

extension Timestamp {
    func isMultiple(of step: Duration) -> Bool { floored(to: step) == self }
}
