// One scenario from beginning to end, with the real controller, on a virtual clock.

import ClusterModel
import Planning

package struct SimulatedRun: Sendable {
    package private(set) var outcome: Outcome
    /// Every plan that did something.
    package private(set) var plans: [Plan]

    package init(_ scenario: Scenario) {
        var run = ControlledCluster(scenario)
        var forecaster = VirtualForecaster(truth: scenario.truth, quality: scenario.quality, seed: scenario.seed)
        while !run.isAtItsEnd {
            let issued = IssuedForecasts(
                steps: forecaster.steps(from: run.now), segments: forecaster.issue(at: run.now))
            run.advance(until: min(run.now + scenario.forecastEvery, scenario.end), forecasts: issued)
        }
        outcome = run.finished()
        plans = run.plans
    }
}
