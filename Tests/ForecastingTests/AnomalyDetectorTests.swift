import ClusterModel
import Testing

@testable import Forecasting

#if canImport(Glibc)
    import Glibc
#endif

private let perDay = 288
private let scale = LoadScale.logarithmic(offset: 2)

/// A day's curve.
private func usual(_ step: Int) -> Double { 100 * (1.5 + sin(Double(step % perDay) / Double(perDay) * 2 * .pi)) }

/// What a perfect forecast says of a step and the next two hours; its spread is `deviation`.
private func outlook(_ step: Int, deviation: Double = 0.1) -> [Forecasting.Expectation] {
    (0..<24).map { Forecasting.Expectation(load: usual(step + $0), median: 0, deviation: deviation) }
}

/// A standard normal number, by Box and Muller.
private func normal(_ generator: inout SeededGenerator) -> Double {
    let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &generator))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
}

/// Knuth's method in pieces, so that no exponential vanishes.
private func counted(_ mean: Double, _ generator: inout SeededGenerator) -> Double {
    var (count, rest) = (0.0, mean)
    while rest > 0 {
        let part = min(rest, 30)
        rest -= part
        var product = Double.random(in: 0..<1, using: &generator)
        while product > exp(-part) {
            count += 1
            product *= Double.random(in: 0..<1, using: &generator)
        }
    }
    return count
}

private enum Noise: CaseIterable {
    case logNormal, poisson

    func load(_ step: Int, _ generator: inout SeededGenerator) -> Double {
        switch self {
        case .logNormal: usual(step) * exp(0.1 * normal(&generator))
        case .poisson: counted(usual(step), &generator)
        }
    }
}

/// Five days as usual, then what `change` makes of a load; what is found from then on, by step.
private func found(
    seed: UInt64 = 7, days: Int = 1, isEventful: Bool = false, change: (Int, Double) -> Double
) -> [(step: Int, surprise: Surprise)] {
    var generator = SeededGenerator(seed: seed)
    var detector = AnomalyDetector(scale: scale, stepsPerDay: perDay)
    let first = 5 * perDay
    return (0..<first + days * perDay).flatMap { step -> [(step: Int, surprise: Surprise)] in
        let load = Noise.logNormal.load(step, &generator)
        let verdict = detector.observe(
            step, seen: step < first ? load : change(step - first, load), isEventful: isEventful && step >= first,
            noise: 0, outlook: outlook(step))
        return step < first ? [] : verdict.found.map { (step - first, $0) }
    }
}

@Suite struct AnomalyDetectorTests {
    @Test func aSpikeIsToldAtItsStepAndOnce() throws {
        let found = found { step, load in step == 20 ? load * 3 : load }
        #expect(found.filter { $0.surprise.kind == .spike }.map(\.step) == [20])
        #expect(found.allSatisfy { $0.surprise.kind == .spike })
    }

    @Test(arguments: [1.6, 0.6])
    func aLevelShiftIsToldWithinEightStepsAndOnce(factor: Double) throws {
        let shifts = found { step, load in step >= 30 ? load * factor : load }.filter {
            $0.surprise.kind == .levelShift
        }
        let first = try #require(shifts.first)
        #expect((30...38).contains(first.step))
        #expect(first.surprise.since == 5 * perDay + 30)
        #expect((first.surprise.score > 0) == (factor > 1))
        #expect(shifts.count == 1)
    }

    @Test func aTripledDeviationIsToldWithinFortySteps() throws {
        let found = found { step, load in step >= 10 ? usual(step) * pow(load / usual(step), 3) : load }
        let first = try #require(found.first { $0.surprise.kind == .variance })
        #expect((10...50).contains(first.step))
    }

    @Test func aGapIsToldOnceWhenItBegins() {
        let found = found { step, load in (40..<60).contains(step) ? .nan : load }
        #expect(found.filter { $0.surprise.kind == .missing }.map(\.step) == [40])
        #expect(found.count == 1)
    }

    @Test func gapsThatAreUsualAreNoNews() {
        #expect(found(days: 3) { step, load in step % 3 == 0 ? .nan : load }.filter { $0.step > perDay }.isEmpty)
    }

    @Test func aKnownEventSilencesEveryKind() {
        #expect(found(isEventful: true) { step, load in step % 7 == 0 ? .nan : load * (step >= 20 ? 3 : 1) }.isEmpty)
    }

    /// At most one false alarm in twenty days of 5 minutes, on the mean of many seeds.
    @Test(arguments: Noise.allCases)
    fileprivate func ordinaryNoiseIsSeldomAnAnomaly(noise: Noise) {
        var alarms = 0
        for seed in 1...8 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var detector = AnomalyDetector(scale: scale, stepsPerDay: perDay)
            for step in 0..<20 * perDay {
                let verdict = detector.observe(
                    step, seen: noise.load(step, &generator), isEventful: false, noise: 0, outlook: outlook(step))
                alarms += verdict.found.count
            }
        }
        #expect(alarms <= 8)
    }

    @Test func aNewNormalTeachesSoon() {
        var generator = SeededGenerator(seed: 3)
        var detector = AnomalyDetector(scale: scale, stepsPerDay: perDay)
        let first = 5 * perDay
        let notTeaching = (0..<first + perDay).filter { step in
            let load = Noise.logNormal.load(step, &generator) * (step >= first ? 4 : 1)
            return detector.observe(step, seen: load, isEventful: false, noise: 0, outlook: outlook(step)).isAnomalous
        }
        #expect(notTeaching.contains(first))
        #expect(notTeaching.count <= 12)
    }

    @Test func unrestFollowsALevelShiftAndFades() {
        var generator = SeededGenerator(seed: 3)
        var detector = AnomalyDetector(scale: scale, stepsPerDay: perDay)
        var told: Int?
        let first = 5 * perDay
        for step in 0..<first + perDay {
            let load = Noise.logNormal.load(step, &generator) * (step >= first ? 2 : 1)
            let verdict = detector.observe(step, seen: load, isEventful: false, noise: 0, outlook: outlook(step))
            if told == nil, verdict.found.contains(where: { $0.kind == .levelShift }) {
                told = step
                #expect(detector.unrest(at: step) > 0.1)
                #expect(detector.unrest(at: step + 12) < detector.unrest(at: step))
                #expect(detector.unrest(at: step + 24) == 0)
            }
        }
        #expect(told != nil)
    }

    @Test func nothingTraps() {
        let odd = [0, .nan, .infinity, -.infinity, -5, 1e308, Double.leastNonzeroMagnitude, 42]
        var generator = SeededGenerator(seed: 11)
        for constant in odd {
            var detector = AnomalyDetector(scale: scale, stepsPerDay: perDay)
            for step in 0..<1000 {
                let seen = step < 500 ? constant : odd.randomElement(using: &generator) ?? 0
                let expected = odd.randomElement(using: &generator) ?? 0
                let expectation = Forecasting.Expectation(load: expected, median: 0, deviation: 0)
                let outlook = step % 5 == 0 ? [] : [expectation, expectation]
                let verdict = detector.observe(step, seen: seen, isEventful: step % 11 == 0, noise: 0, outlook: outlook)
                #expect((0...1).contains(verdict.surprise))
                #expect(verdict.found.allSatisfy { $0.score.isFinite && $0.strength.isFinite && $0.expected.isFinite })
            }
        }
    }
}

@Suite struct AnomalyWordsTests {
    private func anomaly(_ kind: Anomaly.Kind, seen: Double, expected: Double) -> Anomaly {
        let at = Timestamp("2024-01-01T00:25:00Z")!
        return Anomaly(kind: kind, at: at, since: at - .seconds(1500), expected: expected, seen: seen, score: 9)
    }

    @Test func saysWhatHappened() {
        #expect(
            anomaly(.levelShift, seen: 1920, expected: 1200).explanation
                == "60 % above the expected 1,200 for 25 minutes")
        #expect(anomaly(.spike, seen: 3, expected: 12_345_678).explanation == "100 % below the expected 12,345,678")
        #expect(anomaly(.spike, seen: 500, expected: 5).explanation == "100 times the expected 5.0")
        #expect(anomaly(.spike, seen: 5, expected: 0).explanation == "5.0 instead of the expected 0.0")
        #expect(anomaly(.missing, seen: 0, expected: 40).explanation == "nothing was measured where 40 was expected")
        #expect(
            anomaly(.variance, seen: 1, expected: 1000.4).explanation
                == "scatters more than usual around the expected 1,000 for 25 minutes")
    }
}
