import ClusterModel
import Forecasting
import Testing

@testable import Evaluation

#if canImport(Glibc)
    import Glibc
#endif

private let start = Timestamp("2024-01-01T00:00:00Z")!
private let step = Duration.seconds(300)

private func loads(_ scores: [Double]) -> [JudgedLoad] {
    scores.enumerated().map { JudgedLoad(at: start + step * $0, value: 1, score: $1) }
}

/// The window from the row `first` to the row `last`, labelled two minutes into its steps.
private func window(_ first: Int, _ last: Int) -> ScheduledEvent {
    ScheduledEvent(
        kind: "anomaly_window", label: "", start: start + step * first + .seconds(120),
        end: start + step * last + .seconds(120), segments: nil)
}

private func marked(_ rows: Int..., of count: Int = 100) -> [Double] {
    (0..<count).map { rows.contains($0) ? 0.9 : 0.1 }
}

private func score(_ scores: [Double], _ windows: [ScheduledEvent], _ profile: Int = 0) throws -> DetectionScore {
    try #require(
        DetectionScore([LabelledScores(loads(scores), windows: windows, step: step)], profile: .all[profile]))
}

/// The benchmark's curve, written as it documents it.
private func curve(_ position: Double) -> Double { 2 / (1 + exp(5 * position)) - 1 }

@Suite struct DetectionScoreTests {
    @Test func theFirstRowOfEveryWindowIsPerfect() throws {
        for profile in 0..<3 {
            let perfect = try score(marked(40, 70), [window(40, 49), window(70, 79)], profile)
            #expect(abs(perfect.score - 100) < 1e-9)
            #expect(perfect.windowsFound == 2 && perfect.falsePositives == 0)
        }
    }

    @Test func silenceIsNothing() throws {
        // All rows alike: to mark all of them costs more than it brings.
        let silent = try score(Array(repeating: 0.1, count: 100), [window(40, 49)])
        #expect(silent.score == 0)
        #expect(silent.threshold > 1)
    }

    @Test func theLastRowOfAWindowIsWorthALittle() throws {
        let late = try score(marked(49), [window(40, 49)])
        #expect(abs(late.score - 100 * (1 + curve(-0.1) / curve(-1)) / 2) < 1e-9)
    }

    @Test func aFalsePositiveBeforeAnyWindowCostsAll() throws {
        #expect(abs(try score(marked(20, 40), [window(40, 49)]).score - 100 * (2 - 0.11) / 2) < 1e-9)
        #expect(abs(try score(marked(20, 40), [window(40, 49)], 1).score - 100 * (2 - 0.22) / 2) < 1e-9)
        #expect(abs(try score(marked(20, 40), [window(40, 49)], 2).score - 100 * (3 - 0.11) / 3) < 1e-9)
    }

    @Test func aFalsePositiveSoonAfterAWindowCostsLess() throws {
        let soon = try score(marked(40, 52), [window(40, 49)])
        #expect(abs(soon.score - 100 * (2 + 0.11 * curve(3.0 / 9)) / 2) < 1e-9)
        let far = try score(marked(40, 49 + 27), [window(40, 49)])
        #expect(abs(far.score - 100 * (2 - 0.11) / 2) < 1e-9)
    }

    @Test func theProbationIsNotJudged() throws {
        #expect(LabelledScores.probation(100) == 15)
        #expect(LabelledScores.probation(4032) == 604)
        #expect(LabelledScores.probation(20_000) == 750)
        #expect(abs(try score(marked(3, 14, 40), [window(40, 49)]).score - 100) < 1e-9)
        #expect(LabelledScores(loads(marked(5)), windows: [window(2, 9)], step: step).windowCount == 0)
    }

    @Test func aMissingReadingIsNoRow() throws {
        var some = loads(marked(40))
        some.insert(JudgedLoad(at: start - step, value: nil, score: 1), at: 0)
        let labelled = LabelledScores(some, windows: [window(40, 49)], step: step)
        #expect(abs(try #require(DetectionScore([labelled], profile: .all[0])).score - 100) < 1e-9)
    }

    @Test func oneThresholdServesAllSegments() throws {
        let quiet = LabelledScores(loads(marked(40).map { $0 / 2 }), windows: [window(40, 49)], step: step)
        let loud = LabelledScores(loads((0..<100).map { $0 == 40 ? 1 : 0.6 }), windows: [window(40, 49)], step: step)
        let best = try #require(DetectionScore([quiet, loud], profile: .all[0]))
        #expect(best.windowsFound == 1)
        #expect(best.threshold == 1)
        #expect(abs(best.score - 50) < 1e-9)
    }

    @Test func withoutLabelsThereIsNoScore() {
        #expect(DetectionScore([LabelledScores(loads(marked(40)), windows: [], step: step)], profile: .all[0]) == nil)
        #expect(DetectionScore([LabelledScores([], windows: [window(1, 2)], step: step)], profile: .all[0]) == nil)
    }

    @Test func aStreamIsJudgedStepByStep() throws {
        var values = (0..<600).map { Double(100 + $0 * 7919 % 11) }
        values[500] = 400
        values[550] = .nan
        let series = LoadSeries(start: start, step: step, values: values)
        let judged = AnomalyStream.judge("s", series, events: [])
        #expect(judged.count == 600 && judged[550].value == nil)
        #expect(judged[500].score >= 0.5)
        #expect(judged[500].anomaly?.kind == .spike)
        #expect(judged[550].anomaly?.kind == .missing)
        #expect(judged.compactMap(\.anomaly).count <= 4)
    }
}
