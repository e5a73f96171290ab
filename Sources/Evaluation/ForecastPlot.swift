// One series' last two days against the forecasts made for it.

import ClusterModel
import Forecasting

/// A drawing of forecasts and what came.
package struct ForecastPlot: Sendable {
    private static let shown = Duration.seconds(2 * 86_400)
    private static let lead = Duration.seconds(3600)

    package let svg: String

    package init(_ series: LoadSeries, _ forecasts: [IssuedForecast]) {
        let start = max(series.start, series.end - Self.shown)
        var plot = LoadPlot(series.window(from: start, to: series.end))
        plot.expected = Self.predictions(forecasts, lead: max(Self.lead, series.step)).filter { $0.at > start }
            .map(LoadPlot.Expected.init)
        svg = plot.svg
    }

    /// The combination's steps that lie at most `lead` after their origin, the newest forecast of each step.
    private static func predictions(_ forecasts: [IssuedForecast], lead: Duration) -> [StepForecast] {
        var newest: [Timestamp: StepForecast] = [:]
        for forecast in forecasts {
            for model in forecast.models where model.model == IssuedForecast.combined {
                for step in model.steps where step.at - forecast.origin <= lead { newest[step.at] = step }
            }
        }
        return newest.values.sorted { $0.at < $1.at }
    }
}
