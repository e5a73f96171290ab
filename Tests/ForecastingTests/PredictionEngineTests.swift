import ClusterModel
import Synchronization
import Testing

@testable import Forecasting

#if canImport(Glibc)
    import Glibc
#endif

private let monday = Timestamp("2024-01-01T00:00:00Z")!
private let quarter = Duration.seconds(900)
private let perDay = 96

private func subject(_ values: [Double], name: String = "s", segments: Set<SegmentID> = ["s"]) -> Subject {
    Subject(name: name, series: LoadSeries(start: monday, step: quarter, values: values), segments: segments)
}

private func end(_ count: Int) -> Timestamp { monday + quarter * count }

/// A day like the ones before, with a little chance.
private func daily(_ step: Int, _ generator: inout SeededGenerator) -> Double {
    100 * (1.5 + sin(Double(step % perDay) / Double(perDay) * 2 * .pi))
        * Double.random(in: 0.97...1.03, using: &generator)
}

private func dailySeries(days: Int, seed: UInt64 = 1) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<days * perDay).map { daily($0, &generator) }
}

private func expectSound(_ forecast: SubjectForecast, steps: Int = 24) {
    #expect(forecast.steps.count == steps)
    for step in forecast.steps {
        let values = step.quantiles.map(\.value)
        #expect(step.quantiles.map(\.level) == QuantileCurve.levels)
        #expect(values == values.sorted())
        #expect(values.allSatisfy { $0 >= 0 && $0.isFinite })
        #expect((0...1).contains(step.curve.probability(exceeding: 100)))
    }
}

@Suite struct AnyHistoryTests {
    enum Shape: CaseIterable {
        case constant, zero, bursts, noise, growth, huge, tiny, mostlyMissing, firstHalfMissing, lastDayMissing
    }

    private func values(_ shape: Shape, days: Int) -> [Double] {
        var generator = SeededGenerator(seed: 4)
        return (0..<days * perDay).map { step in
            switch shape {
            case .constant: 42
            case .zero: 0
            case .bursts: step % 97 == 0 ? 5000 : 0
            case .noise: Double.random(in: 0...100, using: &generator)
            case .growth: exp(Double(step) / 100)
            case .huge: 1e15 * Double.random(in: 0.5...1, using: &generator)
            case .tiny: 1e-6 * Double.random(in: 0.5...1, using: &generator)
            case .mostlyMissing: Bool.random(using: &generator) || step % 7 != 0 ? .nan : 10
            case .firstHalfMissing: step < days * perDay / 2 ? .nan : daily(step, &generator)
            case .lastDayMissing: step >= (days - 1) * perDay ? .nan : daily(step, &generator)
            }
        }
    }

    @Test(arguments: Shape.allCases, [2, 16])
    func quantilesAscendAndAreNeverNegative(shape: Shape, days: Int) {
        var engine = PredictionEngine()
        let all = values(shape, days: days)
        for known in all.count - 4...all.count {
            let forecast = engine.forecast([subject(Array(all[..<known]))], events: [], at: end(known))
            expectSound(forecast[0])
        }
    }

    @Test func aConstantLoadStaysWhatItIs() {
        var engine = PredictionEngine()
        let forecast = engine.forecast([subject(values(.constant, days: 16))], events: [], at: end(16 * perDay))[0]
        #expect(forecast.steps.allSatisfy { abs($0.curve.median - 42) < 0.5 })
        #expect(forecast.steps.allSatisfy { $0.curve.probability(exceeding: 50) < 0.05 })
    }

    @Test func nothingMeasuredMeansNothingForecast() {
        var engine = PredictionEngine()
        for values in [[], [.nan], Array(repeating: .nan, count: 5 * perDay)] as [[Double]] {
            let forecast = engine.forecast([subject(values)], events: [], at: end(5 * perDay))[0]
            #expect(forecast.steps.isEmpty)
            #expect(forecast.explanation.model == nil)
            #expect(forecast.likeliestExcess(of: 1) == nil)
        }
    }

    @Test func onePointIsForecastAsItIsWithWideIntervals() {
        var engine = PredictionEngine()
        let forecast = engine.forecast([subject([8])], events: [], at: end(1))[0]
        expectSound(forecast)
        #expect(forecast.explanation.model == "last")
        #expect(abs(forecast.steps[0].curve.median - 8) < 1e-9)
        #expect(forecast.steps[0].curve.value(at: 0.95) > 12)
        #expect(forecast.explanation.refusals.contains { $0.model == "spar" })
    }
}

@Suite struct EngineTests {
    /// An open-ended event reaches millions of steps, of which the history holds a few.
    @Test func anEventMayHaveNoEndInSight() throws {
        let event = ScheduledEvent(
            kind: "sale",
            label: "until further notice",
            start: end(6 * perDay),
            end: try #require(Timestamp("9999-12-31T23:59:59Z"))
        )
        var engine = PredictionEngine()
        let values = dailySeries(days: 12)
        expectSound(engine.forecast([subject(values)], events: [event], at: end(values.count))[0])
    }

    @Test func whatComesAfterNowIsNotRead() {
        let values = dailySeries(days: 12)
        let known = 10 * perDay
        var honest = PredictionEngine()
        var tempted = PredictionEngine()
        let a = honest.forecast([subject(Array(values[..<known]))], events: [], at: end(known))[0]
        let b = tempted.forecast(
            [subject(values[..<known] + values[known...].map { $0 * 9 })],
            events: [],
            at: end(known)
        )[0]
        #expect(a.steps == b.steps)
    }

    @Test func oneCallAfterAGapSaysWhatManyCallsSay() {
        let values = dailySeries(days: 12)
        var often = PredictionEngine()
        var rarely = PredictionEngine()
        let first = 10 * perDay
        let last = first + 8
        var a: [SubjectForecast] = []
        for known in first...last {
            a = often.forecast([subject(Array(values[..<known]))], events: [], at: end(known))
        }
        for known in [first, last] {
            let b = rarely.forecast([subject(Array(values[..<known]))], events: [], at: end(known))
            if known == last { #expect(a[0].steps == b[0].steps) }
        }
    }

    @Test func learnsOnceThenByAgeAFewAtATimeAndWhenSegmentsChange() {
        var configuration = PredictionEngine.Configuration()
        configuration.relearnAfter = .seconds(3600)
        configuration.relearnedPerCallMax = 1
        var engine = PredictionEngine(configuration: configuration)
        let values = dailySeries(days: 6)
        func call(_ known: Int, segments: Set<SegmentID> = ["s"]) -> EngineRound {
            let part = Array(values[..<known])
            let subjects = [subject(part, name: "a", segments: segments), subject(part, name: "b")]
            _ = engine.forecast(subjects, events: [], at: end(known))
            return engine.lastRound
        }
        let first = 5 * perDay
        #expect(call(first).learned == ["a", "b"])
        #expect(call(first + 1).learned.isEmpty)
        #expect(engine.lastRound.oldestFit == quarter)
        let relearned = call(first + 4).relearned + call(first + 5).relearned
        #expect(relearned.sorted() == ["a", "b"])
        #expect(call(first + 6).relearned.isEmpty)
        #expect(call(first + 7, segments: ["s", "t"]).learned == ["a"])
    }

    @Test func asksTheStopwatchForItsDuration() {
        let ticks = Counter()
        var engine = PredictionEngine(stopwatch: { ticks.next() })
        _ = engine.forecast([], events: [], at: monday)
        #expect(engine.lastRound.duration == .seconds(1))
    }

    @Test func everyForecastIsExplained() {
        let values = dailySeries(days: 16)
        var engine = PredictionEngine()
        let forecast = engine.forecast([subject(values)], events: [], at: end(values.count))[0]
        #expect(forecast.explanation.model != nil)
        #expect(forecast.explanation.reason.contains("pinball loss"))
        #expect(forecast.explanation.recentLosses.count == 5)
        #expect(forecast.explanation.recentLosses.first?.model == forecast.explanation.model)
        #expect(forecast.explanation.residualCount > 100)
        #expect(forecast.explanation.upperFactor > 1 && forecast.explanation.upperFactor < 1.3)
        #expect(forecast.explanation.staleness == .zero)
        let predictions = forecast.predictions(threshold: 200)
        #expect(predictions.map(\.segmentID.text) == Array(repeating: "s", count: 24))
        #expect(predictions[3].confidence == forecast.probability(exceeding: 200, at: predictions[3].at))
        #expect(forecast.probability(exceeding: 1, at: monday) == nil)
    }

    /// A model that knows better is believed; one that knows nothing is not.
    @Test func choosesByLoss() {
        let values = dailySeries(days: 10)
        var configuration = PredictionEngine.Configuration()
        configuration.models = [FixedModel(name: "wild", load: 1e6), SeasonalNaive(.day), SeasonalNaive(.none)]
        var engine = PredictionEngine(configuration: configuration)
        let forecast = engine.forecast([subject(values)], events: [], at: end(values.count))[0]
        #expect(forecast.explanation.model == "day")
        #expect(forecast.explanation.recentLosses.last?.model == "wild")
    }
}

@Suite struct AnomalyTests {
    /// Twelve days without surprise, then `shock` times the load from `at` on for `length` steps.
    private func run(shock: Double, length: Int, events: [ScheduledEvent] = []) -> [SubjectForecast] {
        var values = dailySeries(days: 13)
        let first = 12 * perDay
        for step in first + 8..<first + 8 + length { values[step] *= shock }
        var engine = PredictionEngine()
        return (first..<first + 40).map { known in
            engine.forecast([subject(Array(values[..<known]))], events: events, at: end(known))[0]
        }
    }

    @Test func aBurstIsOneAndIsExplained() throws {
        let forecasts = run(shock: 3, length: 1)
        let anomaly = try #require(forecasts[9].anomaly)
        #expect(anomaly.at == end(12 * perDay + 9))
        #expect(abs(anomaly.seen / anomaly.expected - 3) < 0.3)
        #expect(anomaly.score > 6)
        #expect(forecasts.prefix(9).allSatisfy { $0.anomaly == nil })
    }

    @Test func aDropIsOneWithANegativeScore() throws {
        #expect(try #require(run(shock: 0.2, length: 1)[9].anomaly).score < -6)
    }

    @Test func aLevelShiftLastsUntilTheLoadIsBack() throws {
        let forecasts = run(shock: 3, length: 10)
        #expect(forecasts.prefix(9).allSatisfy { $0.lasting.isEmpty })
        #expect(forecasts[9].lasting.map(\.kind) == [.spike])
        let shift = try #require(forecasts[18].lasting.first { $0.kind == .levelShift })
        #expect(shift.since == end(12 * perDay + 8))
        #expect(forecasts[10...18].flatMap(\.begun).contains(shift))
        #expect(try #require(forecasts.last).lasting.isEmpty)
    }

    @Test func anOnsetIsInOneForecastOnly() throws {
        let known = 12 * perDay + 9
        var values = dailySeries(days: 13)
        values[known - 1] *= 3
        var engine = PredictionEngine()
        func forecast(_ count: Int) -> SubjectForecast {
            engine.forecast([subject(Array(values[..<count]))], events: [], at: end(count))[0]
        }
        #expect(forecast(known - 3).begun.isEmpty)
        // The odd step is not the newest: two ordinary ones came before anybody asked again.
        let later = forecast(known + 2)
        #expect(later.begun.map(\.at) == [end(known)])
        #expect(later.anomaly == nil && later.lasting.isEmpty)
        #expect(forecast(known + 2).begun.isEmpty)
    }

    @Test func aGapLastsUntilSomethingIsMeasured() {
        var values = dailySeries(days: 13)
        let first = 12 * perDay
        for step in first + 50..<first + 53 { values[step] = .nan }
        var engine = PredictionEngine()
        let lasting = (first..<first + 55).map { known in
            engine.forecast([subject(Array(values[..<known]))], events: [], at: end(known))[0].lasting.map(\.kind)
        }
        #expect(lasting.prefix(51) == Array(repeating: [], count: 51)[...])
        #expect(lasting.suffix(4) == [[.missing], [.missing], [.missing], []])
    }

    @Test func aKnownEventSuppressesTheAlarm() {
        let event = ScheduledEvent(
            kind: "sale",
            label: "sale",
            start: end(12 * perDay + 7),
            end: end(12 * perDay + 12),
            segments: ["s"]
        )
        #expect(run(shock: 3, length: 1, events: [event]).allSatisfy { $0.anomaly == nil })
        let elsewhere = ScheduledEvent(kind: "sale", label: "", start: event.start, end: event.end, segments: ["t"])
        #expect(run(shock: 3, length: 1, events: [elsewhere])[9].anomaly != nil)
    }
}

/// Forecasts the same load for ever.
private struct FixedModel: ForecastModel, ModelFit {
    let name: String
    let load: Double
    var horizon = 0

    var requirements: ModelRequirements { ModelRequirements(historyDaysMin: 0, measuredStepsMin: 0) }

    func fit(_ history: SubjectHistory, through end: Int, horizon: Int) throws(FitRefusal) -> any ModelFit {
        FixedModel(name: name, load: load, horizon: horizon)
    }

    func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
        origins.map { _ in Array(repeating: load, count: horizon) }
    }
}

/// Seconds, one more each time.
private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Duration {
        count.withLock {
            $0 += 1
            return .seconds($0)
        }
    }
}
