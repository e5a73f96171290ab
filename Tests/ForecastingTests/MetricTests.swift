import ClusterModel
import Testing

@testable import Forecasting

#if canImport(Glibc)
    import Glibc
#endif

private let monday = Timestamp("2024-01-01T00:00:00Z")!
private let quarter = Duration.seconds(900)
private let perDay = 96
private let days = 18
/// Two steps: the load comes half an hour after the metric.
private let lead = 2

private func normal(_ generator: inout SeededGenerator) -> Double {
    let (a, b) = (Double.random(in: 1e-12...1, using: &generator), Double.random(in: 0..<1, using: &generator))
    return sqrt(-2 * log(a)) * cos(2 * .pi * b)
}

/// A day's curve times what a metric says half an hour before, and a little chance.
private struct Led {
    var load: [Double] = []
    var metric: [Double] = []

    init(seed: UInt64, strength: Double = 0.5) {
        var generator = SeededGenerator(seed: seed)
        var excitement: [Double] = []
        var level = 0.0
        for _ in 0..<days * perDay {
            level = 0.9 * level + 0.436 * normal(&generator)
            excitement.append(level)
        }
        for step in excitement.indices {
            let day = 1.5 + sin(Double(step % perDay) / Double(perDay) * 2 * .pi)
            metric.append(20 * day * exp(0.6 * excitement[step]) * exp(0.03 * normal(&generator)))
            let driven = strength * excitement[max(0, step - lead)]
            load.append(10 * day * exp(driven) * exp(0.03 * normal(&generator)))
        }
    }
}

private func series(_ values: [Double]) -> LoadSeries { LoadSeries(start: monday, step: quarter, values: values) }

private struct Score {
    var missed = 0.0
    var pinball = 0.0
    var total = 0.0
    var uses: [MetricUse] = []
    var wape: Double { missed / total }
}

/// Forecasts half an hour ahead every 45 minutes over the last two days.
private func score(_ load: [Double], _ metrics: [MetricSeries], lateBy late: Int = 0) -> Score {
    var configuration = PredictionEngine.Configuration()
    configuration.horizonSteps = 2
    var engine = PredictionEngine(configuration: configuration)
    var score = Score()
    for known in stride(from: (days - 2) * perDay, to: load.count - 2, by: 3) {
        let now = monday + quarter * known
        let subject = Subject(name: "s", series: series(Array(load[..<known])), segments: ["s"])
        let read = metrics.map { $0.known(by: now - quarter * late) }
        let forecast = engine.forecast([subject], events: [], regressors: read, at: now)[0]
        for (index, step) in forecast.steps.enumerated() {
            let seen = load[known + index]
            score.missed += abs(seen - step.curve.median)
            score.pinball += LossWindow.pinball(seen, level: 0.9, quantile: step.curve.value(at: 0.9))
            score.total += seen
        }
        score.uses = forecast.explanation.metrics
    }
    return score
}

@Suite struct MetricTests {
    private static let led = Led(seed: 1)
    private static let alone = score(led.load, [])
    private static let helped = score(led.load, [MetricSeries(name: "signups", series: series(led.metric))])

    @Test func aMetricThatLeadsMakesForecastsBetter() {
        let (alone, helped) = (Self.alone, Self.helped)
        // When this was written about half of both.
        #expect(helped.wape < 0.65 * alone.wape)
        #expect(helped.pinball < 0.65 * alone.pinball)
        #expect(helped.uses.contains { $0.metric == "signups" && abs(Int(($0.lead - quarter * lead) / quarter)) <= 1 })
    }

    @Test func aLateMetricHelpsAsFarAsItIsKnown() {
        let metric = [MetricSeries(name: "signups", series: series(Self.led.metric))]
        let (late, stale) = (score(Self.led.load, metric, lateBy: 1), score(Self.led.load, metric, lateBy: perDay))
        #expect(Self.helped.wape < late.wape && late.wape < 0.95 * Self.alone.wape)
        #expect(stale.wape < 1.01 * Self.alone.wape)
    }

    /// As when its server is down: from the middle of the judged days on nothing is measured.
    @Test func aMetricThatEndsCostsNothing() {
        let end = Self.led.load.count - perDay
        let ended = Self.led.metric.enumerated().map { $0.offset < end ? $0.element : .nan }
        let beside = score(Self.led.load, [MetricSeries(name: "signups", series: series(ended))])
        #expect(beside.wape < Self.alone.wape)
        #expect(beside.pinball < Self.alone.pinball)
    }

    @Test(arguments: [2, 3] as [UInt64])
    func chanceCostsNothing(seed: UInt64) {
        let led = Led(seed: seed)
        var generator = SeededGenerator(seed: seed + 100)
        let noises = (0..<4).map { number in
            MetricSeries(name: "noise \(number)", series: series(led.load.map { _ in 50 + 10 * normal(&generator) }))
        }
        let (alone, beside) = (score(led.load, []), score(led.load, noises))
        #expect(abs(beside.wape - alone.wape) < 0.01 * alone.wape)
    }

    enum Useless: CaseIterable { case constant, zero, missing, other, lateByADay, wild, short, theLoadItself }

    @Test(arguments: Useless.allCases)
    func aUselessMetricCostsNothing(kind: Useless) {
        let led = Self.led
        let values: [Double] =
            switch kind {
            case .constant: led.load.map { _ in 7 }
            case .zero: led.load.map { _ in 0 }
            case .missing: led.load.map { _ in .nan }
            case .other: Led(seed: 6).metric
            case .lateByADay: Array(repeating: 1, count: perDay) + led.metric.dropLast(perDay)
            case .wild: led.load.indices.map { $0 % 89 == 0 ? -1e300 : Double($0 % 7) }
            case .short: led.load.indices.map { $0 < led.load.count - 30 ? .nan : led.metric[$0] }
            case .theLoadItself: led.load
            }
        let beside = score(led.load, [MetricSeries(name: "m", series: series(values))])
        #expect(beside.wape < 1.01 * Self.alone.wape)
    }
}
