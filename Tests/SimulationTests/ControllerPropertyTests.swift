import ClusterModel
import Planning
import Simulation
import Testing

/// What the controller promises, over many seeds.
struct ControllerPropertyTests {
    /// At least 72 % fewer seconds of violation than reacting, on a jump by four within half an hour.
    @Test(arguments: Seeds.all) func predictingBeatsReacting(seed: UInt64) {
        let reactive = run(Scenarios.flashCrowd(seed: seed, policy: .reactive, quality: .none)).outcome
        let predictive = run(Scenarios.flashCrowd(seed: seed, policy: .threshold, quality: .noisy(sigma: 0.25)))
            .outcome
        #expect(reactive.violationSeconds > 900, "seed \(seed): the crowd is too small to tell")
        #expect(
            predictive.violationSeconds <= 0.28 * reactive.violationSeconds,
            "seed \(seed): \(predictive.violationSeconds) s against \(reactive.violationSeconds) s"
        )
        #expect(predictive.changesOfOwnerPerHourMax <= 2, "seed \(seed)")
    }

    /// Load that hovers around the threshold, each minute anew, moves nothing to and fro.
    @Test(arguments: Seeds.all, [0.05, 0.15]) func noiseDoesNotOscillate(seed: UInt64, noise: Double) {
        for (policy, quality) in [(PlanningPolicy.reactive, ForecastQuality.none), (.threshold, .noisy(sigma: 0.2))] {
            let scenario = Scenarios.noisyPlateau(seed: seed, noise: noise, policy: policy, quality: quality)
            let outcome = SimulatedRun(scenario).outcome
            #expect(outcome.brokenInvariants.isEmpty, "seed \(seed) \(policy)")
            #expect(outcome.changesOfOwnerPerHourMax <= 2, "seed \(seed) \(policy)")
            // Ten hours. What is moved away stays away: only the first moves, and few corrections.
            #expect(outcome.movesOut + outcome.movesHome <= 12, "seed \(seed) \(policy): \(outcome)")
        }
    }

    /// A peak that is always announced and never comes closer than half an hour: copies at most, no change of owner.
    @Test(arguments: Seeds.all) func aPhantomPeakMovesNothing(seed: UInt64) {
        let quality = ForecastQuality.phantom(factor: 4, lead: .seconds(1800))
        let outcome = SimulatedRun(Scenarios.flat(seed: seed, share: 0.35, quality: quality)).outcome
        #expect(outcome.movesOut == 0 && outcome.violationSeconds == 0, "seed \(seed): \(outcome)")
        #expect(outcome.brokenInvariants.isEmpty, "seed \(seed)")
    }

    /// The same, corrected after two hours: the copies are dropped and the instances go back.
    @Test(arguments: Seeds.all) func aWithdrawnForecastCostsADroppedCopy(seed: UInt64) {
        let quality = ForecastQuality.withdrawn(
            factor: 4,
            lead: .seconds(1800),
            at: Scenarios.midday + .seconds(2 * 3600)
        )
        let outcome = run(Scenarios.flat(seed: seed, share: 0.35, quality: quality)).outcome
        #expect(outcome.movesOut == 0 && outcome.droppedPreparations > 0, "seed \(seed): \(outcome)")
    }

    /// A forecast that is 20 minutes late, or missing, is no worse than reacting: over all seeds, because copies take a
    /// random time.
    @Test(arguments: [ForecastQuality.none, .late(by: .seconds(1200))])
    func aBadForecastIsNoWorseThanNone(quality: ForecastQuality) {
        func violations(_ policy: PlanningPolicy, _ quality: ForecastQuality) -> Double {
            Seeds.all.reduce(0) {
                $0 + run(Scenarios.flashCrowd(seed: $1, policy: policy, quality: quality)).outcome.violationSeconds
            }
        }
        #expect(violations(.threshold, quality) <= 1.1 * violations(.reactive, .none), "seeds \(Seeds.all)")
    }

    /// Every action of every plan has a sentence with the numbers that its record holds.
    @Test func everyActionSaysWhy() {
        let run = run(Scenarios.flashCrowd(seed: 1, policy: .threshold, quality: .noisy(sigma: 0.25)))
        let preparations = run.plans.flatMap(\.actions).filter { action in
            if case .prepare = action.kind { true } else { false }
        }
        #expect(!preparations.isEmpty, "nothing was prepared, so nothing was checked")
        for action in preparations {
            let evidence = action.record.evidence
            #expect(evidence.probability != nil && evidence.secondsToMove != nil && evidence.startBy != nil)
            #expect(evidence.threshold.map { action.record.sentence.contains(Load($0).description) } == true)
            #expect(evidence.sourcePeakAfter.map { action.record.sentence.contains(Load($0).description) } == true)
        }
    }
}
