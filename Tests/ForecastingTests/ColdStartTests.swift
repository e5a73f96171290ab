import ClusterModel
import Testing

@testable import Forecasting

private let step = Duration.seconds(900)
private let perDay = 96
private let monday = Timestamp(seconds: 4 * 86_400)

/// A day's hump at `level`, with a little noise.
private func loads(_ steps: Range<Int>, level: Double, seed: UInt64) -> LoadSeries {
    var generator = SeededGenerator(seed: seed)
    let values = steps.map { step -> Double in
        let noise = Double.random(in: 0.95...1.05, using: &generator)
        let hour = Double(step % perDay) / Double(perDay)
        return level * (1 + 4 * hour * (1 - hour)) * noise
    }
    return LoadSeries(start: monday + step * steps.lowerBound, step: step, values: values)
}

@Suite struct ColdStartTests {
    private let now = 20 * perDay + 8

    private var siblings: [SegmentID: LoadSeries] {
        ["a": loads(0..<now, level: 10, seed: 1), "b": loads(0..<now, level: 1000, seed: 2)]
    }

    @Test func aNewSegmentIsLentTheShapeOfItsSiblingsAtItsOwnLevel() throws {
        let own = loads(now - 12..<now, level: 70, seed: 3)
        let (filled, lent) = ColdStart.filled(siblings.merging(["new": own]) { $1 })
        #expect(Set(lent.keys) == ["new"])
        #expect(lent["new"] == step * (now - 12))
        let series = try #require(filled["new"])
        #expect(series.start == monday && series.end == own.end)
        #expect(series.values.suffix(12).elementsEqual(own.values))
        let expected = loads(0..<now, level: 70, seed: 4)
        let error = zip(series.values, expected.values).reduce(0) { $0 + abs($1.0 - $1.1) }
        #expect(error < 0.1 * expected.values.reduce(0, +))
        #expect(filled["a"]?.values == siblings["a"]?.values)
    }

    @Test func whoHasAPastOrNoLevelIsLentNothing() {
        let grown = ColdStart.filled(siblings.merging(["c": loads(5 * perDay..<now, level: 1, seed: 3)]) { $1 })
        #expect(grown.lent.isEmpty)
        let unknown = ColdStart.filled(siblings.merging(["c": loads(now - 5..<now, level: 1, seed: 3)]) { $1 })
        #expect(unknown.lent.isEmpty)
        let idle = LoadSeries(start: monday, step: step, values: Array(repeating: 0, count: now))
        #expect(ColdStart.filled(["idle": idle, "new": loads(now - 12..<now, level: 1, seed: 3)]).lent.isEmpty)
        #expect(ColdStart.filled([:]).loads.isEmpty)
        let silent = LoadSeries(start: monday, step: step, values: [.nan, .nan])
        #expect(ColdStart.filled(["silent": silent]).loads.count == 1)
        #expect(ColdStart.filled(["x": loads(0..<8, level: 1, seed: 1)]).lent.isEmpty, "there is no older sibling")
    }

    /// Six hours ahead, up the hump: three hours of an own past say nothing of it, the siblings' do.
    @Test func theForecastIsBetterForIt() throws {
        let own = loads(now - 12..<now, level: 70, seed: 3)
        let coming = loads(now..<now + 24, level: 70, seed: 5)
        let (filled, lent) = ColdStart.filled(siblings.merging(["new": own]) { $1 })
        func error(_ series: LoadSeries, lent: Duration) -> Double {
            var engine = PredictionEngine()
            let subject = Subject("new", series: series, lent: lent)
            let forecast = engine.forecast([subject], events: [], at: series.end)[0]
            #expect(forecast.explanation.reason.contains("siblings") == (lent > .zero))
            return zip(forecast.steps, coming.values).reduce(0) { $0 + abs($1.0.curve.median - $1.1) }
        }
        let alone = error(own, lent: .zero)
        let helped = error(try #require(filled["new"]), lent: try #require(lent["new"]))
        #expect(helped < 0.5 * alone, "\(helped) against \(alone)")
    }
}

@Suite struct EnginePoolTests {
    /// However many engines there are, the answer is the same, in the order of the subjects.
    @Test(arguments: [1, 2, 5]) func answersAsOneEngineWould(width: Int) async {
        let now = 8 * perDay
        let subjects = (1...7).map { number in
            Subject(SegmentID("s\(number)"), series: loads(0..<now, level: Double(number), seed: UInt64(number)))
        }
        let end = monday + step * now
        var engine = PredictionEngine()
        let alone = engine.forecast(subjects, events: [], at: end)
        let (pooled, round) = await EnginePool(configuration: .init(), width: width).forecast(
            subjects, events: [], at: end)
        #expect(pooled.map(\.subject) == subjects.map(\.name))
        #expect(round.learned.sorted() == subjects.map(\.name))
        #expect(zip(alone, pooled).allSatisfy { $0.steps == $1.steps })
    }

    /// The first call waits for what models learn from all subjects; later ones answer by what they know and leave the
    /// training to the time between two calls. All engines get the same.
    @Test func trainsOnceForAllEnginesAndBetweenCalls() async {
        var configuration = PredictionEngine.Configuration()
        configuration.models = [Lessons()]
        configuration.relearnAfter = step * 12
        configuration.relearnedPerCallMax = 5
        let pool = EnginePool(configuration: configuration, width: 2)
        func speakers(at now: Int) async -> Set<String?> {
            let subjects = (1...5).map {
                Subject(SegmentID("s\($0)"), series: loads(0..<now, level: 9, seed: UInt64($0)))
            }
            let (forecasts, _) = await pool.forecast(subjects, events: [], at: monday + step * now)
            return Set(forecasts.map(\.explanation.model))
        }
        let first = 8 * perDay
        #expect(await speakers(at: first) == ["taught 2 times"], "before the back-test, and after it")
        #expect(await speakers(at: first + 12) == ["taught 2 times"], "due, but answered first")
        await pool.finishTraining()
        #expect(await speakers(at: first + 24) == ["taught 3 times"])
    }
}

/// Counts how often it was trained.
private struct Lessons: GlobalModel {
    var count = 0
    var isTrained: Bool { count > 0 }
    var name: String { "taught \(count) times" }
    let requirements = ModelRequirements(historyDaysMin: 0, measuredStepsMin: 1)

    func trained(on examples: [(history: SubjectHistory, end: Int)], horizon: Int) -> Lessons {
        examples.count == 5 ? Lessons(count: count + 1) : self
    }

    func fit(_ history: SubjectHistory, through end: Int, horizon: Int) throws(FitRefusal) -> any ModelFit {
        Fit(path: Array(repeating: Double(count), count: horizon))
    }

    private struct Fit: ModelFit {
        let path: [Double]
        func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] { origins.map { _ in path } }
    }
}
