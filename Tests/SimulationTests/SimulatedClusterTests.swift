import ClusterModel
import Planning
import Simulation
import Testing

struct SimulatedClusterTests {
    @Test func theSameSeedGivesTheSameRun() {
        let scenario = Scenarios.flashCrowd(seed: 11, policy: .threshold, quality: .noisy(sigma: 0.25))
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
        var scenario = Scenarios.flashCrowd(seed: 1, policy: .threshold, quality: .oracle)
        scenario.planning.mode = .observe
        let run = run(scenario)
        #expect(run.outcome.movesOut == 0 && !run.plans.isEmpty)
    }

    @Test func trueLoadsInterpolateAndShareOut() {
        let truth = TrueLoad(
            start: Timestamp(seconds: 0),
            step: .seconds(60),
            total: [10, 20],
            shares: [("a", 0.75), ("b", 0.25)]
        )
        #expect(truth.load(of: "a", at: Timestamp(seconds: 30)) == 11.25)
        #expect(truth.load(of: "b", at: Timestamp(seconds: 600)) == 5)
        #expect(abs(zipfShares(16, exponent: 0.6).reduce(0, +) - 1) < 1e-12)
    }

    /// The claimed quantiles of the noisy forecaster hold: otherwise the properties would test the wrong thing.
    @Test func noisyForecastsAreCalibrated() {
        let scenario = Scenarios.flat(seed: 5, share: 0.5, quality: .none)
        var forecaster = VirtualForecaster(truth: scenario.truth, quality: .noisy(sigma: 0.3), seed: 5)
        var (below, total) = (0, 0)
        for issue in 0..<400 {
            let now = scenario.truth.start + .seconds(3600 * issue)
            for (segment, steps) in forecaster.issue(at: now) {
                below += steps[23].quantile(0.9) >= scenario.truth.load(of: segment, at: now) ? 1 : 0
                total += 1
            }
        }
        #expect(abs(Double(below) / Double(total) - 0.9) < 0.03)
    }

    /// With one home nothing is left to compare with: the moved segment's own latency and the objective decide.
    @Test(arguments: [1, 2]) func aSickTargetIsRevertedAndTeaches(homes: Int) {
        var scenario = Scenarios.flashCrowd(seed: 3, policy: .threshold, quality: .oracle, homes: homes)
        for index in scenario.instances.indices where scenario.instances[index].id == "contingent-1" {
            scenario.instances[index].health = 0.1
        }
        let run = run(scenario)
        #expect(run.outcome.reverts > 0)
        let reverts = run.plans.flatMap(\.actions).filter { $0.record.rule == .watchRevert }
        #expect(reverts.allSatisfy { $0.record.evidence.watch?.reason == .latency })
        #expect(run.outcome.changesOfOwnerPerHourMax <= 3, "out, back, and not again soon")
        let compared = reverts.compactMap { $0.record.evidence.watch?.unmovedAfter }
        #expect(compared.isEmpty == (homes == 1))
    }

    @Test func whatIsOfferedIsMeasuredAlsoBeyondSaturation() throws {
        var scenario = Scenarios.flashCrowd(seed: 1, policy: .threshold, quality: .none, homes: 1)
        scenario.planning.mode = .observe
        let peak = SimulatedRun(scenario).plans.flatMap(\.actions).compactMap(\.record.evidence.measuredLoad).max()
        #expect(try #require(peak) > ServerModel.standard.saturationFactor * Scenarios.capacity)
    }
}
