// Forecasting the past as it would have been done: from each origin with what was known by then. The engine is called at
// each origin in turn, as a server would call it, so what it learns from its own misses is part of what is judged.

import ClusterModel
import Forecasting

/// Where forecasts of a series start, and how far they go.
package struct RollingOrigins: Sendable {
    package let step: Duration
    package let horizonSteps: Int
    /// In order of time; a forecast from an origin knows the steps that had ended by then.
    package let origins: [Timestamp]

    /// The last `count` origins, `every` apart, whose whole horizon lies in the series; none of them after `until`.
    package init(
        _ series: LoadSeries, horizon: Duration, every: Duration, count: Int, until: Timestamp? = nil
    ) {
        step = series.step
        horizonSteps = Int(horizon.wholeMilliseconds / series.step.wholeMilliseconds)
        let newest = series.end - horizon
        let last = min(newest, until ?? newest).floored(to: every)
        origins = (0..<count).map { last - .milliseconds(every.wholeMilliseconds * Int64(count - 1 - $0)) }
            .filter { $0 > series.start }
    }
}

/// One series of a trace, and from where it is forecast.
package struct JudgedSeries: Sendable {
    package let segment: SegmentID
    package let load: LoadSeries
    package let rolling: RollingOrigins

    package init(_ segment: SegmentID, _ load: LoadSeries, _ rolling: RollingOrigins) {
        self.segment = segment
        self.load = load
        self.rolling = rolling
    }

    /// Every forecast of every series, by segment in the order of the origins. One engine forecasts them together, as a
    /// server's would, so that models that learn from all segments do. `progress` is called before each origin, with
    /// how many are done and how many there are.
    package static func forecasts(
        of all: [JudgedSeries], events: [ScheduledEvent], metrics: [MetricSeries] = [], models: [any ForecastModel],
        zone: ZoneOffsets = .utc,
        progress: (Int, Int) -> Void
    ) -> [SegmentID: [IssuedForecast]] {
        guard let horizonSteps = all.first?.rolling.horizonSteps else { return [:] }
        var configuration = PredictionEngine.Configuration()
        configuration.horizonSteps = horizonSteps
        configuration.models = models
        configuration.zone = zone
        configuration.reportsEveryModel = true
        configuration.relearnedPerCallMax = all.count
        var engine = PredictionEngine(configuration: configuration)
        var issued: [SegmentID: [IssuedForecast]] = [:]
        let due = Dictionary(grouping: all.flatMap { series in series.rolling.origins.map { ($0, series) } }) { $0.0 }
        for (number, origin) in due.keys.sorted().enumerated() {
            progress(number, due.count)
            let subjects = (due[origin] ?? []).map { _, series in
                Subject(series.segment, series: series.load.window(from: series.load.start, to: origin))
            }
            let known = metrics.map { $0.known(by: origin) }
            for forecast in engine.forecast(subjects, events: events, regressors: known, at: origin) {
                let combined = ModelForecast(model: IssuedForecast.combined, steps: forecast.steps)
                issued[SegmentID(forecast.subject), default: []].append(
                    IssuedForecast(
                        origin: origin, models: forecast.models + (forecast.steps.isEmpty ? [] : [combined]),
                        metrics: forecast.explanation.metrics))
            }
        }
        return issued
    }
}

/// What was forecast from one origin: by each model that had something to say, and by all together.
package struct IssuedForecast: Sendable {
    /// The name under which the engine's own answer appears.
    package static let combined = "combined"

    package let origin: Timestamp
    package let models: [ModelForecast]
    /// The metrics that corrected the models' paths.
    package var metrics: [MetricUse] = []
}
