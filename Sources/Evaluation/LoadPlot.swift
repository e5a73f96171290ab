// Loads and forecasts as a picture: what was measured, the bands of what is expected, events, anomalies, the threshold.
// Plain SVG, which needs nothing else to be looked at. The line of what was measured breaks where nothing was.

import ClusterModel
import Forecasting

/// A drawing over one span of time.
package struct LoadPlot: Sendable {
    /// The quantiles of one step that ends at `at`.
    package struct Expected: Sendable {
        package let at: Timestamp
        package let q05, q25, median, q75, q95: Double

        package init(at: Timestamp, q05: Double, q25: Double, median: Double, q75: Double, q95: Double) {
            self.at = at
            self.q05 = q05
            self.q25 = q25
            self.median = median
            self.q75 = q75
            self.q95 = q95
        }

        init(_ step: StepForecast) {
            self.init(
                at: step.at, q05: step.curve.value(at: 0.05), q25: step.curve.value(at: 0.25),
                median: step.curve.median, q75: step.curve.value(at: 0.75), q95: step.curve.value(at: 0.95))
        }
    }

    /// A span with a name, such as an event.
    package struct Span: Sendable {
        package let start, end: Timestamp
        package let label: String

        package init(start: Timestamp, end: Timestamp, label: String) {
            self.start = start
            self.end = end
            self.label = label
        }
    }

    static let width = 1000.0
    static let height = 240.0
    /// Around the drawing: labels of loads to the left, title and legend above, times below.
    private static let (left, above, right, below) = (56, 34, 10, 32)
    private static let markRadius = 3.0

    let measured: LoadSeries
    /// What is drawn: the name of a segment or instance.
    package var title: String?
    package var expected: [Expected] = []
    package var events: [Span] = []
    /// Times and loads that stood out.
    package var anomalies: [(at: Timestamp, load: Double)] = []
    /// A load that is drawn as a line across.
    package var threshold: Double?

    /// Draws from the start of `measured` to its end or to the last expected step, whichever is later.
    package init(_ measured: LoadSeries) { self.measured = measured }

    var start: Timestamp { measured.start }
    var end: Timestamp { max(measured.end, expected.last?.at ?? measured.end) }

    var top: Double {
        let loads = measured.values.filter { !$0.isNaN } + expected.map(\.q95) + [threshold ?? 0, 1e-9]
        return loads.filter(\.isFinite).max() ?? 1
    }

    /// The picture.
    package var svg: String {
        let scale = Scale(start: start, span: max((end - start).inSeconds, 1), top: top)
        let parts =
            [ground] + grid(scale) + events.map { shade($0, scale) }
            + [band(scale, \.q05, \.q95, "0.15"), band(scale, \.q25, \.q75, "0.25")]
            + [line(expected.map { scale.point($0.at - measured.step, $0.median) }, "#1f6feb")]
            + runs(scale).map { line($0, "#111") } + anomalies.map { mark($0, scale) }
            + (threshold.map { [across($0, scale)] } ?? []) + header + ends
        let width = Int(Self.width) + Self.left + Self.right
        let height = Int(Self.height) + Self.above + Self.below
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"\(-Self.left) \(-Self.above) \(width) \(height)\" "
            + "role=\"img\" font-family=\"system-ui,sans-serif\" font-size=\"11\">\n"
            + parts.filter { !$0.isEmpty }.joined(separator: "\n") + "\n</svg>"
    }

    /// So that it can be read on any background.
    private var ground: String {
        "<rect x=\"\(-Self.left)\" y=\"\(-Self.above)\" width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    }

    /// From time and load to places in the picture.
    struct Scale {
        let start: Timestamp
        let span, top: Double

        func x(_ at: Timestamp) -> Double { min(max((at - start).inSeconds / span, 0), 1) * LoadPlot.width }
        func y(_ load: Double) -> Double { LoadPlot.height - load / top * (LoadPlot.height - 10) }
        func point(_ at: Timestamp, _ load: Double) -> String { "\(shown(x(at))),\(shown(y(load)))" }
    }

    static func shown(_ value: Double) -> String { EvaluationReport.rounded(value, 1) }

    /// The measured points, apart where steps are missing.
    private func runs(_ scale: Scale) -> [[String]] {
        var runs: [[String]] = [[]]
        for (index, load) in measured.values.enumerated() {
            if load.isNaN {
                if !runs[runs.count - 1].isEmpty { runs.append([]) }
            } else {
                runs[runs.count - 1].append(scale.point(measured.start + measured.step * index, load))
            }
        }
        return runs.filter { !$0.isEmpty }
    }

    private func line(_ points: [String], _ colour: String) -> String {
        guard !points.isEmpty else { return "" }
        return "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"\(colour)\" "
            + "stroke-width=\"1.3\" stroke-linecap=\"round\"/>"
    }

    private func band(
        _ scale: Scale, _ low: (Expected) -> Double, _ high: (Expected) -> Double, _ opacity: String
    ) -> String {
        guard !expected.isEmpty else { return "" }
        let upper = expected.map { scale.point($0.at - measured.step, high($0)) }
        let lower = expected.reversed().map { scale.point($0.at - measured.step, low($0)) }
        return
            "<polygon points=\"\((upper + lower).joined(separator: " "))\" fill=\"#1f6feb\" fill-opacity=\"\(opacity)\"/>"
    }

    private func shade(_ event: Span, _ scale: Scale) -> String {
        guard event.end > start, event.start < end else { return "" }
        let (left, right) = (scale.x(event.start), scale.x(event.end))
        return "<rect x=\"\(Self.shown(left))\" y=\"0\" width=\"\(Self.shown(max(1, right - left)))\" "
            + "height=\"\(Int(Self.height))\" fill=\"#e3b341\" fill-opacity=\"0.2\"/>"
            + "<text x=\"\(Self.shown(left + 2))\" y=\"11\" fill=\"#7a5b00\">\(EvaluationReport.escaped(event.label))</text>"
    }

    private func mark(_ anomaly: (at: Timestamp, load: Double), _ scale: Scale) -> String {
        guard anomaly.at > start, anomaly.at <= end, anomaly.load.isFinite else { return "" }
        return
            "<circle cx=\"\(Self.shown(scale.x(anomaly.at - measured.step)))\" cy=\"\(Self.shown(scale.y(anomaly.load)))\" "
            + "r=\"\(Self.shown(Self.markRadius))\" fill=\"none\" stroke=\"#d1242f\" stroke-width=\"1.5\"/>"
    }

    private func across(_ load: Double, _ scale: Scale) -> String {
        let y = Self.shown(scale.y(load))
        return
            "<line x1=\"0\" x2=\"\(Int(Self.width))\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#d1242f\" stroke-dasharray=\"4 4\"/>"
    }
}
