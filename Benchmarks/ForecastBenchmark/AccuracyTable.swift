import ClusterModel
import Forecasting

/// Rolling origins at every step of some days; the models learn only from what came before each origin.
struct AccuracyTable {
    let text: String

    init(_ tournament: Tournament, days: [String]) {
        var lines = [
            "Accuracy, rolling origins every 5 minutes; WAPE in %",
            "cov90 = share of loads inside the 5-95 % interval,"
                + " upper = share below the 95 % quantile", "",
        ]
        lines.append(
            "day    model                  15 min  30 min  60 min 120 min   cov90   upper  width/mean (60 min)"
        )
        for day in days {
            let from = instant(day + "T00:00:00Z")
            for (name, configuration, withEvents) in Self.contenders {
                let forecasts = tournament.rollingForecasts(
                    from: from,
                    to: from + .seconds(86400),
                    engine: configuration,
                    withEvents: withEvents
                )
                let scores = [3, 6, 12, 24].map { Score(forecasts, ahead: $0, load: tournament.load) }
                let wapes = scores.map { column(100 * $0.wape) }.joined()
                let label = name + String(repeating: " ", count: max(0, 20 - name.count))
                lines.append(
                    "\(day.suffix(5))  \(label)\(wapes)\(column(100 * scores[2].inside))"
                        + "\(column(100 * scores[2].below))\(column(scores[2].width, 8, decimals: 2))"
                )
            }
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static var contenders: [(String, PredictionEngine.Configuration, Bool)] {
        [
            ("engine", only(nil), true),
            ("engine, no events", only(nil), false),
            ("spar", only(Spar()), true),
            ("spar, no events", only(Spar()), false),
            ("as last week", only(SeasonalNaive(.week)), true),
            ("as yesterday", only(SeasonalNaive(.day)), true),
            ("as now", only(SeasonalNaive(.none)), true),
        ]
    }

    private static func only(_ model: (any ForecastModel)?) -> PredictionEngine.Configuration {
        var configuration = PredictionEngine.Configuration()
        if let model { configuration.models = [model] }
        return configuration
    }
}

/// How good forecasts were at one horizon step.
struct Score {
    let wape: Double
    let inside: Double
    let below: Double
    let width: Double

    init(_ forecasts: [SubjectForecast], ahead: Int, load: LoadSeries) {
        var errors = 0.0
        var loads = 0.0
        var inside = 0.0
        var below = 0.0
        var width = 0.0
        var count = 0.0
        for forecast in forecasts where forecast.steps.count >= ahead {
            let step = forecast.steps[ahead - 1]
            guard let seen = load[step.at - load.step] else { continue }
            errors += abs(seen - step.curve.median)
            loads += seen
            let (low, high) = (step.curve.value(at: 0.05), step.curve.value(at: 0.95))
            inside += low <= seen && seen <= high ? 1 : 0
            below += seen <= high ? 1 : 0
            width += high - low
            count += 1
        }
        wape = errors / loads
        self.inside = inside / count
        self.below = below / count
        self.width = width / loads
    }
}
