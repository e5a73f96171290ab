import ClusterModel
import Foundation
import Testing

@testable import Evaluation
@testable import Forecasting

private func rolled(
    _ segment: SegmentID, _ load: LoadSeries, _ rolling: RollingOrigins, _ models: [any ForecastModel]
) -> [IssuedForecast] {
    JudgedSeries.forecasts(of: [.init(segment, load, rolling)], events: [], models: models) { _, _ in }[segment] ?? []
}

@Suite struct EvaluationTests {
    private static let start = Timestamp(seconds: 1_700_006_400)  // a midnight
    private static let day = 288

    /// Days with a peak at noon, a little louder each time.
    private func series(days: Int, _ change: (Int, Double) -> Double = { $1 }) -> LoadSeries {
        let values = (0..<days * Self.day).map { step -> Double in
            let phase = 2 * Double.pi * Double(step % Self.day) / Double(Self.day)
            return change(step, 100 - 60 * cos(phase) + Double((step * 7919) % 13))
        }
        return LoadSeries(start: Self.start, step: .seconds(300), values: values)
    }

    private func curve(_ values: Double...) -> QuantileCurve { QuantileCurve(values: values) }

    private func judged(_ seen: Double, _ curve: QuantileCurve, dayBefore: Double? = nil, at second: Int64 = 0)
        -> JudgedStep
    {
        JudgedStep(at: Timestamp(seconds: second), seen: seen, dayBefore: dayBefore, curve: curve)
    }

    @Test func scoresAreWhatTheirDefinitionsSay() throws {
        let flat = curve(5, 6, 8, 10, 12, 14, 15, 20)
        let score = try #require(ForecastScore([judged(10, flat, dayBefore: 8), judged(30, flat, dayBefore: 20)]))
        #expect(score.count == 2)
        #expect(abs(score.wape - 20.0 / 40) < 1e-12)
        #expect(try abs(#require(score.mase) - 20.0 / 12) < 1e-12)
        #expect(score.coverage90 == 0.5)
        #expect(score.coverageUpper95 == 0.5)
        #expect(abs(score.width90 - 20.0 / 40) < 1e-12)
        // .9: 0.1 * 4 below the quantile, 0.9 * 16 above it.
        #expect(try abs(#require(score.pinball["0.9"]) - (0.4 + 14.4) / 40) < 1e-12)
        #expect(ForecastScore([]) == nil)
        #expect(ForecastScore([judged(0, flat)]) == nil, "nothing is relative to no load")
    }

    @Test func theWorstDayAndTheTopDecileAreApart() throws {
        let narrow = curve(9, 9, 9, 10, 11, 11, 11, 11)
        let good = (0..<40).map { judged(10, narrow, at: Int64($0) * 60) }
        let bad = (0..<24).map { judged($0 < 12 ? 50 : 10, narrow, at: 86_400 + Int64($0) * 60) }
        let score = try #require(ForecastScore(good + bad))
        #expect(score.coverage90WorstDay == 0.5)
        #expect(score.coverage90TopDecile == 0)
    }

    @Test func noForecastKnowsWhatCameAfterIt() throws {
        let known = series(days: 12)
        let cut = known.end - .seconds(86_400)
        let changed = series(days: 12) { step, load in step >= 11 * Self.day ? 5 * load + 1 : load }
        func forecasts(_ series: LoadSeries) -> [IssuedForecast] {
            let rolling = RollingOrigins(series, horizon: .seconds(3600), every: .seconds(3600), count: 40)
            return rolled("s", series, rolling, PredictionEngine.Configuration().models)
        }
        let (plain, other) = (forecasts(known), forecasts(changed))
        #expect(plain.count == 40)
        var compared = 0
        for (a, b) in zip(plain, other) where a.origin <= cut {
            #expect(a.models.map(\.model) == b.models.map(\.model))
            #expect(a.models.map(\.steps) == b.models.map(\.steps), "the forecast from \(a.origin) knew the future")
            compared += 1
        }
        #expect(compared > 10)
    }

    @Test func originsEndWhereTheyAreTold() {
        let load = series(days: 9)
        let until = load.start + .seconds(5 * 86_400 + 1000)
        let rolling = RollingOrigins(load, horizon: .seconds(3600), every: .seconds(3600), count: 3, until: until)
        let last = load.start + .seconds(5 * 86_400)
        #expect(rolling.origins == [last - .seconds(7200), last - .seconds(3600), last])
        let late = RollingOrigins(load, horizon: .seconds(3600), every: .seconds(3600), count: 1, until: load.end)
        #expect(late.origins == [load.end - .seconds(3600)], "the whole horizon is known")
    }

    @Test func everyModelIsJudgedOnTheSameSteps() throws {
        let load = series(days: 9)
        let rolling = RollingOrigins(load, horizon: .seconds(3600), every: .seconds(3600), count: 48)
        let forecasts = rolled("s", load, rolling, PredictionEngine.Configuration().models)
        let scores = TraceEvaluation.SegmentScores("s", load, forecasts)
        #expect(scores.models.last?.model == "combined")
        #expect(Set(scores.models.map(\.path.count)) == [scores.origins * 12])
        #expect(scores.origins + scores.originsLeftOut == 48)
        let combined = try #require(scores.models.last).path
        let others = scores.models.dropLast().map(\.path.wape).sorted()
        #expect(combined.wape < others[1], "no worse than the second best of \(others)")
        #expect(Set(try #require(scores.models.last).ahead.keys) == ["15m", "30m", "60m"])
    }

    @Test func aPooledFigureIsTheMedianOverTheSegments() throws {
        func segment(_ name: String, _ wape: Double) throws -> TraceEvaluation.SegmentScores {
            var score = try #require(ForecastScore([judged(10, curve(5, 6, 8, 10, 12, 14, 15, 20))]))
            score.wape = wape
            var scores = TraceEvaluation.SegmentScores("x", series(days: 1), [])
            scores.segment = name
            scores.models = [.init(model: "m", path: score, ahead: [:])]
            return scores
        }
        let segments = [try segment("a", 0.1), try segment("b", 0.4), try segment("c", 0.2)]
        let evaluation = TraceEvaluation(trace: "t", step: .seconds(300), horizon: .seconds(3600), segments: segments)
        #expect(evaluation.pooled.map(\.path.wape) == [0.2])
    }

    @Test func theFileHoldsEveryStepOfEveryModel() throws {
        let path = FileManager.default.temporaryDirectory.path + "/forecasts-\(UUID().uuidString).csv"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let load = series(days: 9)
        let rolling = RollingOrigins(load, horizon: .seconds(900), every: .seconds(3600), count: 2)
        let forecasts = rolled("a,b", load, rolling, [SeasonalNaive(.day)])
        let file = try ForecastsFile(path: path)
        try file.write("a,b", step: load.step, forecasts)
        try file.close()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1 + 2 * 2 * 3, "two origins, two models, three steps")
        #expect(lines[1].hasPrefix("\(rolling.origins[0]),\"a,b\",\(rolling.origins[0]),day,"))
        #expect(throws: EvaluationError.self) { _ = try ForecastsFile(path: "/nonexistent/x.csv") }
    }

    @Test(arguments: [(0.0, 1, "0.0"), (-0.04, 1, "0.0"), (12.345, 2, "12.35"), (-3.5, 0, "-4"), (.nan, 1, "-")])
    func figuresAreRounded(value: Double, places: Int, text: String) {
        #expect(EvaluationReport.rounded(value, places) == text)
    }
}

@Suite struct LoadPlotTests {
    private let start = Timestamp(seconds: 1_000_200)

    private var plot: LoadPlot {
        LoadPlot(LoadSeries(start: start, step: .seconds(300), values: [1, 2, .nan, 4, 3]))
    }

    private func count(_ text: String, in svg: String) -> Int { svg.ranges(of: text).count }

    @Test func theLineBreaksWhereNothingWasMeasured() {
        #expect(count("<polyline", in: plot.svg) == 2)
        #expect(count("<polygon", in: plot.svg) == 0)
        #expect(!plot.svg.contains("nan"))
    }

    @Test func everythingThatIsKnownIsDrawn() {
        var plot = plot
        let end = start + .seconds(1500)
        plot.expected = [.init(at: end + .seconds(300), q05: 1, q25: 2, median: 3, q75: 4, q95: 8)]
        plot.events = [.init(start: end, end: end + .seconds(60), label: "sale < 5 & more")]
        plot.anomalies = [(start + .seconds(600), 2)]
        plot.threshold = 6
        let svg = plot.svg
        #expect(count("<polygon", in: svg) == 2 && count("<circle", in: svg) == 1 && count("<line", in: svg) == 1)
        #expect(svg.contains("sale &lt; 5 &amp; more"))
        #expect(svg.contains("\(end + .seconds(300))"), "it reaches to the last expected step")
        #expect(svg.contains("highest 8.000<"), "the highest quantile sets the scale")
    }

    @Test func itSaysWhatItShows() {
        var plot = plot
        plot.title = "a<b"
        #expect(plot.svg.contains(">a&lt;b<"))
        #expect(!plot.svg.contains("measured"), "a legend is for two things at least")
        plot.expected = [.init(at: start + .seconds(1800), q05: 1, q25: 2, median: 3, q75: 4, q95: 8)]
        #expect(plot.svg.contains(">measured<") && plot.svg.contains(">expected<"))
    }

    /// Loads of 0, 2, 4, ... and a line for every five minutes at the most.
    @Test func theGridIsRound() {
        var plot = plot
        plot.threshold = 8
        for load in ["0", "2.0", "4.0", "6.0", "8.0"] { #expect(plot.svg.contains(">\(load)<"), "\(load)") }
        for time in ["13:50", "14:00", "14:15"] { #expect(plot.svg.contains(">\(time)<"), "\(time)") }
        for (first, loads) in [(1e-9, [1e-9]), (1e14, [1e14, .nan]), (5, [])] as [(Double, [Double])] {
            let extreme = LoadPlot(LoadSeries(start: start, step: .seconds(300), values: loads + [first]))
            #expect(!extreme.svg.contains("nan") && count("H1000\"", in: extreme.svg) < 8)
        }
    }

    @Test func whatLiesOutsideIsLeftOut() {
        var plot = plot
        plot.events = [.init(start: start - .seconds(600), end: start - .seconds(300), label: "before")]
        plot.anomalies = [(start - .seconds(300), 2), (start + .seconds(600), .infinity)]
        #expect(!plot.svg.contains("before") && !plot.svg.contains("<circle"))
    }
}
