// The evaluation as a page that needs nothing else: tables of figures, and for each series the newest origins drawn over
// what came. Plain HTML with inline SVG.

import ClusterModel
import Forecasting

/// Builds `report.html`.
package struct EvaluationReport: Sendable {
    private var plots: [String] = []

    package init() {}

    /// Remembers the plot of one series.
    package mutating func add(_ segment: SegmentID, _ series: LoadSeries, _ forecasts: [IssuedForecast]) {
        plots.append("<h3>\(Self.escaped(segment.text))</h3>\n" + ForecastPlot(series, forecasts).svg)
    }

    package func html(_ evaluation: TraceEvaluation) -> String {
        var body = "<h1>Forecasts of \(Self.escaped(evaluation.trace))</h1>\n"
        body += "<p>Step \(evaluation.step), horizon \(evaluation.horizon). Every model is judged on the same origins. "
        body += "Errors and widths are relative to the mean load; the combination is the engine's answer.</p>\n"
        if evaluation.segments.count > 1 {
            body += "<h2>Medians over \(evaluation.segments.count) segments</h2>\n" + Self.table(evaluation.pooled)
        }
        for segment in evaluation.segments {
            body += "<h2>\(Self.escaped(segment.segment))</h2>\n<p>\(segment.origins) origins"
            if segment.originsLeftOut > 0 {
                body += "; \(segment.originsLeftOut) left out, because a model had nothing to say there"
            }
            body += ".</p>\n" + Self.table(segment.models)
        }
        body +=
            "<h2>The last two days</h2>\n<p>Black: what came. Blue: median, 50 % and 90 % interval as forecast an hour "
        body += "before, or one step before where steps are longer.</p>\n" + plots.joined(separator: "\n")
        return """
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Forecasts</title><style>
            body{font:14px/1.45 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}
            table{border-collapse:collapse}th,td{padding:.15em .7em;text-align:right;border-bottom:1px solid #ddd}
            th:first-child,td:first-child{text-align:left}tr.combined{font-weight:600}svg{width:100%;height:auto}
            </style><body>
            \(body)
            </body></html>

            """
    }

    private static func table(_ models: [TraceEvaluation.ModelScores]) -> String {
        let ahead = ["15m", "30m", "60m", "120m", "1440m"].filter { key in models.contains { $0.ahead[key] != nil } }
        var rows = "<table><tr><th>model</th><th>WAPE path</th>"
        rows += ahead.map { "<th>WAPE \($0)</th>" }.joined()
        rows +=
            "<th>MASE</th><th>pinball .9</th><th>pinball .95</th><th>in 90 %</th><th>below 95 %</th><th>width 90 %</th>"
        rows += "<th>worst day</th><th>top tenth</th></tr>\n"
        for model in models {
            let path = model.path
            var cells = [percent(path.wape)] + ahead.map { percent(model.ahead[$0]?.wape) }
            cells += [decimal(path.mase), decimal(path.pinball["0.9"]), decimal(path.pinball["0.95"])]
            cells += [percent(path.coverage90), percent(path.coverageUpper95), decimal(path.width90)]
            cells += [percent(path.coverage90WorstDay), percent(path.coverage90TopDecile)]
            let style = model.model == IssuedForecast.combined ? " class=\"combined\"" : ""
            rows += "<tr\(style)><td>\(escaped(model.model))</td>"
            rows += cells.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
        }
        return rows + "</table>\n"
    }

    private static func percent(_ value: Double?) -> String { value.map { rounded(100 * $0, 1) + " %" } ?? "-" }
    private static func decimal(_ value: Double?) -> String { value.map { rounded($0, 3) } ?? "-" }

    /// Without Foundation's formatting.
    static func rounded(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "-" }
        let power = [1.0, 10, 100, 1000][places]
        let whole = Int((abs(value) * power).rounded())
        let digits = String(repeating: "0", count: max(0, places + 1 - "\(whole)".count)) + "\(whole)"
        let sign = value < 0 && whole > 0 ? "-" : ""
        return places == 0 ? sign + digits : sign + digits.dropLast(places) + "." + digits.suffix(places)
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
