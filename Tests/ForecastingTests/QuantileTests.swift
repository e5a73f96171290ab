import ClusterModel
import Testing

@testable import Forecasting

@Suite struct QuantileCurveTests {
    @Test func knowsItsOwnLevels() {
        let curve = QuantileCurve(values: [10, 20, 30, 40, 50, 60, 70, 80])
        for (level, value) in zip(QuantileCurve.levels, stride(from: 10.0, through: 80, by: 10)) {
            #expect(curve.value(at: level) == value)
            #expect(abs(curve.probability(exceeding: value) - (1 - level)) < 1e-9)
        }
    }

    /// The same numbers as in `Planning`'s LoadDistributionTests: a plan and the forecast behind it agree.
    ///
    /// From .95 to .99 the probability falls to a fifth over 10, so beyond .99 over the next 10 as well. From .1 to .05
    /// that of less halves over 10, so it halves again until zero.
    @Test(
        arguments: [
            (-1.0, 1.0), (0, 0.975), (5, 0.964_644_660_940_673), (10, 0.95), (15, 0.925), (45, 0.375), (80, 0.01),
            (90, 0.002),
        ]
    )
    func agreesWithThePlan(threshold: Double, probability: Double) {
        let curve = QuantileCurve(values: [10, 20, 30, 40, 50, 60, 70, 80])
        #expect(abs(curve.probability(exceeding: threshold) - probability) < 1e-9)
    }

    @Test func aPointIsAStep() {
        let curve = QuantileCurve(values: Array(repeating: 5, count: 8))
        #expect(curve.probability(exceeding: 4.99) == 1)
        #expect(curve.probability(exceeding: 5) == 0)
        #expect(curve.probability(exceeding: 5.01) == 0)
        let zero = QuantileCurve(values: Array(repeating: -3, count: 8))
        #expect(zero.median == 0)
        #expect(zero.probability(exceeding: 0.1) == 0)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func probabilitiesFallWithTheThreshold(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let curve = QuantileCurve(values: (0..<8).map { _ in Double(Int.random(in: -20...100, using: &generator)) })
        let values = curve.quantiles.map(\.value)
        #expect(values == values.sorted())
        #expect(values.allSatisfy { $0 >= 0 })
        let probabilities = stride(from: -5.0, to: 300, by: 0.5).map(curve.probability(exceeding:))
        #expect(probabilities.allSatisfy { (0...1).contains($0) })
        #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 >= $1 - 1e-12 })
    }
}

@Suite struct ResidualTests {
    /// Against sorting everything anew.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func windowsEqualSortedArrays(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var window = ResidualWindow()
        var all: [(step: Int, value: Float)] = []
        for step in 0..<400 {
            let value = Float(Int.random(in: -9...9, using: &generator))
            window.insert(Double(value), at: step)
            window.expire(before: step - 100)
            all.append((step, value))
            let expected = all.filter { $0.step >= step - 100 }.map(\.value).sorted()
            #expect(window.sorted == expected)
            let middle = window.quantile(0.5)
            let deviations = expected.map { abs(Double($0) - middle) }.sorted()
            let low = deviations[(deviations.count - 1) / 2]
            let high = deviations[deviations.count / 2]
            let found = window.robustDeviation() / 1.4826
            #expect(expected.count < 2 || (low - 1e-5...high + 1e-5).contains(found))
        }
    }

    @Test func quantilesCountTheOneToCome() {
        var window = ResidualWindow()
        #expect(window.quantile(0.9) == 0)
        for value in 1...9 { window.insert(Double(value), at: 0) }
        #expect(abs(window.quantile(0.5) - 5) < 1e-9)
        #expect(abs(window.quantile(0.9) - 9) < 1e-9)
        #expect(abs(window.quantile(0.99) - 9) < 1e-9)
        #expect(abs(window.quantile(0.1) - 1) < 1e-9)
    }

    @Test func widensWhileTooManyMissAndIsBounded() {
        var widening = IntervalWidening()
        for _ in 0..<1000 { widening.record(isAbove: true, isBelow: false) }
        #expect(widening.upper == 2)
        #expect(widening.lower == 0.75)
    }

    @Test func unseenEventsAreLessCertainThanQuietTimes() {
        var pools = ResidualPools(knots: [1])
        let unknown = pools.offsets(ahead: 1, phase: .quiet, noise: 0, turbulence: 1)
        #expect(unknown == unknown.sorted())
        for step in 0..<100 {
            pools.insert(Double(step % 11 - 5) / 50, ahead: 1, phase: .quiet, at: step, keeping: 1000)
        }
        let quiet = pools.offsets(ahead: 1, phase: .quiet, noise: 0, turbulence: 1)
        let eventful = pools.offsets(ahead: 1, phase: .eventful, noise: 0, turbulence: 1)
        let noisy = pools.offsets(ahead: 1, phase: .quiet, noise: 0.5, turbulence: 1)
        #expect(eventful[7] > quiet[7] && eventful[0] < quiet[0])
        #expect(noisy[7] > quiet[7] && noisy[0] < quiet[0])
    }

    /// Quiet steps are told by quiet ones as soon as there are enough, however often events have come; until then, by
    /// what there is.
    @Test func eventsSpeakForQuietTimesOnlyWhileTheseAreTooFew() {
        var pools = ResidualPools(knots: [1])
        func residual(_ step: Int) -> Double { Double(step % 11 - 5) / 50 }
        for step in 0..<200 { pools.insert(10 * residual(step), ahead: 1, phase: .eventful, at: step, keeping: 999) }
        let fromEvents = pools.offsets(ahead: 1, phase: .eventful, noise: 0, turbulence: 1)
        for step in 0..<29 { pools.insert(residual(step), ahead: 1, phase: .quiet, at: step, keeping: 999) }
        #expect(pools.offsets(ahead: 1, phase: .quiet, noise: 0, turbulence: 1) == fromEvents)
        pools.insert(0, ahead: 1, phase: .quiet, at: 29, keeping: 999)
        let quiet = pools.offsets(ahead: 1, phase: .quiet, noise: 0, turbulence: 1)
        #expect(quiet[7] < 0.2 * fromEvents[7] && quiet[0] > 0.2 * fromEvents[0])
        #expect(pools.offsets(ahead: 1, phase: .eventful, noise: 0, turbulence: 1) == fromEvents)
    }

    @Test func offsetsRunStraightBetweenTheKnots() {
        var pools = ResidualPools(knots: [1, 5])
        for step in 0..<100 {
            for ahead in [1, 3, 5] {
                let residual = Double(ahead) * Double(step % 11 - 5) / 50
                pools.insert(residual, ahead: ahead, phase: .quiet, at: step, keeping: 1000)
            }
        }
        let offsets = [1, 2, 5].map { pools.offsets(ahead: $0, phase: .quiet, noise: 0, turbulence: 1)[5] }
        #expect(abs(offsets[2] - 5 * offsets[0]) < 1e-6)
        #expect(abs(offsets[1] - 2 * offsets[0]) < 1e-6)
        let shaken = pools.offsets(ahead: 2, phase: .quiet, noise: 0, turbulence: 1.5)[5]
        #expect(abs(shaken - 1.5 * offsets[1]) < 1e-6)
    }

    @Test func turbulenceFollowsTheMissesAndIsBounded() {
        var turbulence = Turbulence()
        for _ in 0..<23 { turbulence.record(1, stepsPerDay: 288) }
        #expect(turbulence.factor == 1, "too few misses say nothing")
        for _ in 0..<500 { turbulence.record(0.1, stepsPerDay: 288) }
        let calm = turbulence.factor
        for _ in 0..<12 { turbulence.record(-0.4, stepsPerDay: 288) }
        #expect(turbulence.factor > 1.2 * calm)
        for _ in 0..<100 { turbulence.record(.greatestFiniteMagnitude / 1e300, stepsPerDay: 288) }
        #expect(turbulence.factor <= 3)
        for _ in 0..<1000 { turbulence.record(0, stepsPerDay: 288) }
        #expect(turbulence.factor >= 0.4)
    }

    @Test func pinballLossIsLeastAtTheQuantile() {
        #expect(LossWindow.pinball(10, level: 0.9, quantile: 10) == 0)
        #expect(abs(LossWindow.pinball(10, level: 0.9, quantile: 8) - 1.8) < 1e-12)
        #expect(abs(LossWindow.pinball(8, level: 0.9, quantile: 10) - 0.2) < 1e-12)
    }
}
