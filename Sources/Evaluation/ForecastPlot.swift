// One series' last two days against the forecasts made for it.

import ClusterModel
import Forecasting

/// A drawing of forecasts and what came.
package struct ForecastPlot: Sendable {
    private static let width = 1000.0
    private static let height = 240.0
    private static let shown = Duration.seconds(2 * 86_400)
    private static let lead = Duration.seconds(3600)

    package let svg: String

    package init(_ series: LoadSeries, _ forecasts: [IssuedForecast]) {
        let end = series.end
        let start = max(series.start, end - Self.shown)
        let step = series.step
        var seen: [(Timestamp, Double)] = []
        var time = start
        while time < end {
            if let load = series[time] { seen.append((time, load)) }
            time = time + step
        }
        let predicted = Self.predictions(forecasts, lead: max(Self.lead, step)).filter { $0.at > start }
        let top = max(seen.map(\.1).max() ?? 0, predicted.map { $0.curve.value(at: 0.95) }.max() ?? 0, 1e-9)
        let span = max((end - start).inSeconds, 1)
        func x(_ at: Timestamp) -> Double { (at - start).inSeconds / span * Self.width }
        func y(_ load: Double) -> Double { Self.height - load / top * (Self.height - 10) }
        func point(_ at: Timestamp, _ load: Double) -> String {
            EvaluationReport.rounded(x(at), 1) + "," + EvaluationReport.rounded(y(load), 1)
        }
        func band(_ low: Double, _ high: Double, _ opacity: String) -> String {
            guard !predicted.isEmpty else { return "" }
            let upper = predicted.map { point($0.at - step, $0.curve.value(at: high)) }
            let lower = predicted.reversed().map { point($0.at - step, $0.curve.value(at: low)) }
            let points = (upper + lower).joined(separator: " ")
            return "<polygon points=\"\(points)\" fill=\"#1f6feb\" fill-opacity=\"\(opacity)\"/>\n"
        }
        func line(_ points: [String], _ colour: String) -> String {
            "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.3\"/>\n"
        }
        svg =
            "<svg viewBox=\"0 -14 \(Int(Self.width)) \(Int(Self.height) + 30)\" role=\"img\">\n"
            + band(0.05, 0.95, "0.15") + band(0.25, 0.75, "0.25")
            + line(predicted.map { point($0.at - step, $0.curve.median) }, "#1f6feb")
            + line(seen.map { point($0.0, $0.1) }, "#111")
            + "<text x=\"2\" y=\"-2\" font-size=\"11\">\(EvaluationReport.rounded(top, 1))</text>\n"
            + "<text x=\"2\" y=\"\(Int(Self.height) + 12)\" font-size=\"11\">\(start)</text>\n"
            + "<text x=\"\(Int(Self.width) - 2)\" y=\"\(Int(Self.height) + 12)\" font-size=\"11\" text-anchor=\"end\">\(end)</text>\n"
            + "</svg>"
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
