import ClusterModel
import Planning
import Simulation
import Testing

struct SimulatedClusterTests {
    @Test func theSameSeedGivesTheSameRun() {
        let scenario = Scenarios.flashCrowd(seed: 11, policy: .predictive, quality: .noisy(sigma: 0.25))
        let (first, second) = (SimulatedRun(scenario), SimulatedRun(scenario))
        #expect(first.outcome == second.outcome)
        #expect(first.plans == second.plans)
    }

    @Test func withoutAPolicyNothingMovesAndTheCrowdHurts() {
        let run = run(Scenarios.flashCrowd(seed: 1, policy: .none, quality: .none))
        #expect(run.plans.isEmpty && run.outcome.contingentHours == 0)
        #expect(run.outcome.violationSeconds > 3600, "an hour over capacity, and the backlog after it")
    }

    @Test func observingChangesNothing() {
        var scenario = Scenarios.flashCrowd(seed: 1, policy: .predictive, quality: .oracle)
        scenario.planning.mode = .observe
        let run = run(scenario)
        #expect(run.outcome.movesOut == 0 && !run.plans.isEmpty)
    }

    @Test func tracesInterpolateAndShareOut() {
        let trace = LoadTrace(
            start: Timestamp(seconds: 0),
            step: .seconds(60),
            total: [10, 20],
            shares: [("a", 0.75), ("b", 0.25)]
        )
        #expect(trace.load(of: "a", at: Timestamp(seconds: 30)) == 11.25)
        #expect(trace.load(of: "b", at: Timestamp(seconds: 600)) == 5)
        #expect(abs(zipfShares(16, exponent: 0.6).reduce(0, +) - 1) < 1e-12)
    }

    /// The claimed quantiles of the noisy forecaster hold: otherwise the properties would test the wrong thing.
    @Test func noisyForecastsAreCalibrated() {
        let scenario = Scenarios.flat(seed: 5, share: 0.5, quality: .none)
        var forecaster = VirtualForecaster(trace: scenario.trace, quality: .noisy(sigma: 0.3), seed: 5)
        var (below, total) = (0, 0)
        for issue in 0..<400 {
            let now = scenario.trace.start + .seconds(3600 * issue)
            for (segment, steps) in forecaster.issue(at: now) {
                below += steps[23].quantile(0.9) >= scenario.trace.load(of: segment, at: now) ? 1 : 0
                total += 1
            }
        }
        #expect(abs(Double(below) / Double(total) - 0.9) < 0.03)
    }

    @Test func aSickTargetIsRevertedAndTeaches() {
        var scenario = Scenarios.flashCrowd(seed: 3, policy: .predictive, quality: .oracle)
        for index in scenario.instances.indices where scenario.instances[index].id == "contingent-1" {
            scenario.instances[index].health = 0.1
        }
        let run = run(scenario)
        #expect(run.outcome.reverts > 0)
        let reverts = run.plans.flatMap(\.actions).filter { $0.record.rule == .watchRevert }
        #expect(reverts.allSatisfy { $0.record.evidence.watch?.reason == .latency })
        #expect(run.outcome.changesOfOwnerPerHourMax <= 3, "out, back, and not again soon")
    }
}
