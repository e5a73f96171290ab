// Runs the prediction engine over every segment and over every instance's sum, off the control loop's actor: learning
// takes a while, and measuring must go on meanwhile.
import ClusterModel
import Forecasting

package actor Forecaster {
    private var engine: PredictionEngine
    package nonisolated let schedule: EventSchedule
    package nonisolated let metrics: MetricSource?
    private let clock = ContinuousClock()

    package init(configuration: PredictionEngine.Configuration, schedule: EventSchedule, metrics: MetricSource? = nil) {
        engine = PredictionEngine(configuration: configuration)
        self.schedule = schedule
        self.metrics = metrics
    }

    /// Forecasts from the steps that had ended by `now`.
    ///
    /// - Parameter placement: the segments that each instance owns.
    package func forecast(
        _ window: LoadWindow, placement: [InstanceID: [SegmentID]], at now: Timestamp
    ) async -> ForecastRound {
        let regressors = await metrics?.regressors(at: now, owned: placement) ?? []
        let begin = clock.now
        let segments = window.series.keys.sorted().compactMap { id in window.series[id].map { Subject(id, series: $0) } }
        let instances = placement.keys.sorted().compactMap { instance -> (InstanceID, Subject)? in
            guard let owned = placement[instance], let sum = window.sum(of: owned) else { return nil }
            return (instance, Subject(name: "instance \(instance)", series: sum, segments: Set(owned)))
        }
        let forecasts = engine.forecast(
            segments + instances.map(\.1), events: schedule.events(at: now), regressors: regressors, at: now)
        let bySubject = Dictionary(forecasts.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        return ForecastRound(
            issuedAt: now, took: clock.now - begin,
            segments: Dictionary(uniqueKeysWithValues: segments.compactMap { subject in
                bySubject[subject.name].map { (SegmentID(subject.name), $0) }
            }),
            instances: Dictionary(uniqueKeysWithValues: instances.compactMap { instance, subject in
                bySubject[subject.name].map { (instance, $0) }
            }),
            placement: placement)
    }
}
