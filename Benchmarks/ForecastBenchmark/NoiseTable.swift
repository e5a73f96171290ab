import ClusterModel
import Forecasting
import Foundation

/// Live loads that are counts of few statements, after a smooth history: what chance costs, against the true load.
struct NoiseTable {
    let text: String

    init(_ tournament: Tournament) {
        let from = instant("1998-06-30T12:30:00Z")
        let to = instant("1998-06-30T21:00:00Z")
        var lines = [
            "Live measurement as a Poisson count from 12:30 on 06-30, history smooth; WAPE in % against the true load",
            "",
        ]
        lines.append(
            "statements per step at 50,000/min    30 min  60 min  anomalies   highest P(> 100,000) in 120 min at 13:30 13:55 14:15 17:30 18:05"
        )
        for statements in [10.0, 20, 300] {
            let noisy = Self.counted(tournament.load, statements: statements, from: from)
            var engine = PredictionEngine()
            var forecasts: [SubjectForecast] = []
            var now = from
            while now < to {
                let series = noisy.window(from: noisy.start, to: now)
                let subject = Subject(name: "site", series: series, segments: ["site"])
                forecasts += engine.forecast([subject], events: tournament.events, at: now)
                now = now + noisy.step
            }
            let scores = [6, 12].map { Score(forecasts, ahead: $0, load: tournament.load) }
            lines.append(
                "\(column(statements, 34, decimals: 0))" + scores.map { column(100 * $0.wape) }.joined()
                    + column(Double(forecasts.count { $0.anomaly != nil }), 11, decimals: 0)
                    + padded("", 33) + Self.warnings(forecasts)
            )
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func warnings(_ forecasts: [SubjectForecast]) -> String {
        ["13:30", "13:55", "14:15", "17:30", "18:05"].map { time in
            let now = instant("1998-06-30T\(time):00Z")
            return column(
                forecasts.first { $0.issuedAt == now }?.likeliestExcess(of: 100_000)?.probability,
                6,
                decimals: 2
            )
        }.joined()
    }

    private static func counted(_ load: LoadSeries, statements: Double, from: Timestamp) -> LoadSeries {
        var generator = SplitMix(state: 7)
        let unit = 50_000 / statements
        let first = Int((from - load.start).wholeMilliseconds / load.step.wholeMilliseconds)
        let values = load.values.enumerated().map { index, value in
            index < first || value.isNaN ? value : generator.poisson(value / unit) * unit
        }
        return LoadSeries(start: load.start, step: load.step, values: values)
    }
}

/// A small seeded generator.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Sums of small means, because Knuth's product underflows for large ones.
    mutating func poisson(_ mean: Double) -> Double {
        var rest = mean
        var count = 0.0
        while rest > 0 {
            let part = min(rest, 20)
            rest -= part
            var product = Double.random(in: 0..<1, using: &self)
            let limit = exp(-part)
            while product > limit {
                count += 1
                product *= Double.random(in: 0..<1, using: &self)
            }
        }
        return count
    }
}
