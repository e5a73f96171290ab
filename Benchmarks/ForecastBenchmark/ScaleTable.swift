import ClusterModel
import Forecasting

#if canImport(Glibc)
    import Glibc
#endif

/// What many segments cost, of four weeks at five minutes: the first learning with its back-test, a new step with its
/// forecast of 24 steps, and the same with everything learned again; for growing numbers of segments.
struct ScaleTable {
    static func print(counts: [Int], width: Int) async {
        Swift.print("Many segments, four weeks at five minutes, 24 steps ahead, \(width) engines side by side\n")
        Swift.print(
            "segments  first call s   per segment ms   update s   all relearned s   per segment ms   resident GB")
        for count in counts { await row(count, width: width) }
    }

    private static func row(_ count: Int, width: Int) async {
        let clock = ContinuousClock()
        let now = instant("1998-06-28T00:00:00Z")
        let start = now - .seconds(28 * 86_400)
        var configuration = PredictionEngine.Configuration()
        configuration.relearnAfter = .seconds(600)
        configuration.models = ForecastModels.standard
        let pool = EnginePool(configuration: configuration, width: width)
        func known(by moment: Timestamp) -> [Subject] {
            (0..<count).map { Subject(SegmentID("s\($0)"), series: series($0, from: start, to: moment)) }
        }
        var spans: [Double] = []
        for (number, moment) in [now, now + .seconds(300), now + .seconds(900)].enumerated() {
            let subjects = known(by: moment)
            let begin = clock.now
            let (forecasts, round) = await pool.forecast(subjects, events: [], at: moment)
            spans.append(begin.duration(to: clock.now).inSeconds)
            precondition(forecasts.count == count && forecasts.allSatisfy { $0.steps.count == 24 })
            precondition(number != 2 || round.relearned.count == count)
        }
        Swift.print(
            column(Double(count), 8, decimals: 0) + column(spans[0], 14)
                + column(1000 * spans[0] / Double(count), 17, decimals: 2)
                + column(spans[1], 11, decimals: 2) + column(spans[2], 18)
                + column(1000 * spans[2] / Double(count), 17, decimals: 2)
                + column(residentGigabytes(), 14, decimals: 2))
    }

    /// A day with a hump, a weaker weekend and log-normal noise, different for each segment.
    private static func series(_ number: Int, from start: Timestamp, to end: Timestamp) -> LoadSeries {
        var state = UInt64(number) &* 0x9e37_79b9_7f4a_7c15 &+ 1
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / 9_007_199_254_740_992
        }
        let (level, phase, depth) = (exp(6 * uniform()), uniform(), 0.3 + 0.6 * uniform())
        let steps = Int((end - start) / .seconds(300))
        let values = (0..<steps).map { step in
            let day = Double(step) / 288
            let shape = 1 + depth * sin(2 * .pi * (day - phase))
            let weekend = Int(day) % 7 >= 5 ? 0.7 : 1
            let noise = exp(0.1 * (uniform() + uniform() + uniform() - 1.5))
            return level * shape * weekend * noise
        }
        return LoadSeries(start: start, step: .seconds(300), values: values)
    }

    /// The peak of what this process held in memory, in GB; it does not fall from row to row.
    private static func residentGigabytes() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1e6
    }
}
