import ClusterModel
import Forecasting

/// What learning and forecasting cost, per subject of four weeks at five minutes, beside the seasonal naive's in the
/// same run.
struct CostTable {
    let text: String
    private static let subjects = 20

    init(_ tournament: Tournament) {
        let naive = Self.measure(tournament, [SeasonalNaive(.day)])
        var lines = [
            "Cost per subject, 24 horizon steps, four weeks at five minutes (us; ratio to the seasonal naive)", "",
        ]
        lines.append("models           first learning       relearning        new step + forecast")
        for (name, models) in [
            ("as yesterday", [SeasonalNaive(.day)]), ("spar", [Spar()]),
            ("engine", PredictionEngine.Configuration().models),
        ] as [(String, [any ForecastModel])] {
            let cost = Self.measure(tournament, models)
            lines.append(
                name + String(repeating: " ", count: 14 - name.count)
                    + zip(cost.all, naive.all).map {
                        column($0 * 1e6, 10, decimals: 0) + column($1 > 0 ? $0 / $1 : 0, 7) + " x"
                    }
                    .joined()
            )
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private struct Cost {
        var learning = 0.0, relearning = 0.0, step = 0.0
        var all: [Double] { [learning, relearning, step] }
    }

    private static func measure(_ tournament: Tournament, _ models: [any ForecastModel]) -> Cost {
        var configuration = PredictionEngine.Configuration()
        configuration.models = models
        configuration.relearnedPerCallMax = 1000
        configuration.relearnAfter = .seconds(12 * 300)
        let clock = ContinuousClock()
        let begin = clock.now
        var engine = PredictionEngine(configuration: configuration, stopwatch: { begin.duration(to: clock.now) })
        var now = instant("1998-06-30T08:00:00Z")
        var cost = Cost()
        var steps: [Double] = []
        for round in 0..<13 {
            let known = (0..<subjects).map { tournament.subject("s\($0)", at: now) }
            _ = engine.forecast(known, events: tournament.events, at: now)
            let seconds = engine.lastRound.duration.inSeconds / Double(subjects)
            switch round {
            case 0: cost.learning = seconds
            case 12: cost.relearning = seconds
            default: steps.append(seconds)
            }
            now = now + .seconds(300)
        }
        cost.step = steps.sorted()[steps.count / 2]
        return cost
    }
}
