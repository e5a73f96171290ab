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

    /// The last `count` origins, `every` apart, whose whole horizon lies in the series.
    package init(_ series: LoadSeries, horizon: Duration, every: Duration, count: Int) {
        step = series.step
        horizonSteps = Int(horizon.wholeMilliseconds / series.step.wholeMilliseconds)
        let last = (series.end - horizon).floored(to: every)
        origins = (0..<count).map { last - .milliseconds(every.wholeMilliseconds * Int64(count - 1 - $0)) }
            .filter { $0 > series.start }
    }

    /// Every forecast of one series, in the order of the origins. `progress` is called before each.
    package func forecasts(
        _ segment: SegmentID, _ series: LoadSeries, events: [ScheduledEvent], metrics: [MetricSeries] = [],
        models: [any ForecastModel], progress: () -> Void
    ) -> [IssuedForecast] {
        var configuration = PredictionEngine.Configuration()
        configuration.horizonSteps = horizonSteps
        configuration.models = models
        configuration.reportsEveryModel = true
        configuration.relearnedPerCallMax = 1
        var engine = PredictionEngine(configuration: configuration)
        return origins.map { origin in
            progress()
            let subject = Subject(segment, series: series.window(from: series.start, to: origin))
            let known = metrics.map { $0.known(by: origin) }
            let forecast = engine.forecast([subject], events: events, regressors: known, at: origin)[0]
            let combined = ModelForecast(model: IssuedForecast.combined, steps: forecast.steps)
            return IssuedForecast(
                origin: origin, models: forecast.models + (forecast.steps.isEmpty ? [] : [combined]),
                metrics: forecast.explanation.metrics)
        }
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
