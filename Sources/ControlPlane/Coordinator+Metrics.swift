// What is known about metrics and statements, for the commands.
import ClusterModel
import Forecasting

extension Coordinator {
    /// Every metric, and the forecasts of the last round that it corrects.
    package func metrics() async -> [MetricView] {
        let subjects =
            (round?.segments.map { ($0.key.text, $0.value) } ?? [])
            + (round?.instances.map { ($0.key.text, $0.value) } ?? [])
        let uses = subjects.sorted { $0.0 < $1.0 }.flatMap { name, forecast in
            forecast.explanation.metrics.map { use in
                (
                    use.metric,
                    MetricView.Use(
                        subject: name, model: use.model, leadSeconds: use.lead.inSeconds, gain: use.gain)
                )
            }
        }
        return await parts.forecaster.metrics?.states().map { state in
            let newest = state.series.flatMap { series in series.values.lastIndex { !$0.isNaN } }
            return MetricView(
                name: state.name, steps: state.series?.presentCount ?? 0,
                newest: newest.flatMap { index in state.series.map { ($0.start + $0.step * index).description } },
                value: newest.flatMap { state.series?.values[$0] }, problem: state.complaint,
                uses: uses.filter { $0.0 == state.name }.map(\.1))
        } ?? []
    }

    /// The shapes that each instance spends most time on.
    package func statements() async -> [StatementView] {
        let shapes = await parts.forecaster.metrics?.shapes() ?? [:]
        return shapes.sorted { $0.key < $1.key }.flatMap { id, shapes in
            shapes.map { StatementView(instance: id.text, text: $0.text, calls: $0.calls, seconds: $0.seconds) }
        }
    }
}
