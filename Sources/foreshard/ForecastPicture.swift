// From the server's views to a drawing: the past, the forecast's bands, events that concern the subject, anomalies.
import Admin
import ClusterModel
import ControlPlane
import Evaluation
import Forecasting
import Foundation

struct ForecastPicture {
    let svg: String

    init(_ past: PastView, _ view: ForecastView, events: [EventView], anomalies: [AnomalyView]) throws {
        guard let start = Timestamp(past.start) else {
            throw AdminError("the server sent a time that cannot be read: \(past.start)")
        }
        let step = Duration.milliseconds(Int64(past.stepSeconds * 1000))
        guard step > .zero else { throw AdminError("the server sent a step of \(past.stepSeconds) s") }
        let measured = LoadSeries(start: start, step: step, values: past.loads.map { $0 ?? .nan })
        var plot = LoadPlot(measured)
        plot.title = past.subject
        plot.threshold = view.threshold
        plot.expected = view.steps.compactMap(Self.expected)
        plot.events = events.filter { $0.segments?.contains(past.subject) ?? true }.compactMap(Self.span)
        plot.anomalies = anomalies.compactMap(Self.anomaly)
        svg = plot.svg
    }

    private static func expected(_ step: ForecastView.Step) -> LoadPlot.Expected? {
        func quantile(_ level: Double) -> Double? { step.quantiles.first { abs($0.level - level) < 1e-6 }?.value }
        guard let at = Timestamp(step.at), let q05 = quantile(0.05), let q25 = quantile(0.25),
            let q75 = quantile(0.75), let q95 = quantile(0.95)
        else { return nil }
        return .init(at: at, q05: q05, q25: q25, median: step.load, q75: q75, q95: q95)
    }

    private static func span(_ event: EventView) -> LoadPlot.Span? {
        guard let start = Timestamp(event.start), let end = Timestamp(event.end) else { return nil }
        return .init(start: start, end: end, label: event.label.isEmpty ? event.kind : event.label)
    }

    /// Where nothing was measured there is nothing to mark.
    private static func anomaly(_ view: AnomalyView) -> (at: Timestamp, load: Double)? {
        guard let at = Timestamp(view.at), let seen = view.seen else { return nil }
        return (at, seen)
    }
}
