// Runs the prediction engine over every segment and over every instance's sum, off the control loop's actor: learning
// takes a while, and measuring must go on meanwhile. One processor is left to the router.
import ClusterModel
import Forecasting
import Foundation

package actor Forecaster {
    private let engines: EnginePool
    package nonisolated let schedule: EventSchedule
    package nonisolated let metrics: MetricSource?
    private let clock = ContinuousClock()

    package init(configuration: PredictionEngine.Configuration, schedule: EventSchedule, metrics: MetricSource? = nil) {
        engines = EnginePool(
            configuration: configuration, width: ProcessInfo.processInfo.activeProcessorCount - 1)
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
        let (loads, lent) = ColdStart.filled(window.series)
        let segments = loads.keys.sorted().compactMap { id in
            loads[id].map { Subject(id, series: $0, lent: lent[id] ?? .zero) }
        }
        let instances = placement.keys.sorted().compactMap { instance -> (InstanceID, Subject)? in
            guard let owned = placement[instance],
                let sum = try? LoadSeries.sum(owned.compactMap { loads[$0] })
            else { return nil }
            return (instance, Subject(name: "instance \(instance)", series: sum, segments: Set(owned)))
        }
        let (forecasts, _) = await engines.forecast(
            segments + instances.map(\.1), events: schedule.events(at: now), regressors: regressors, at: now)
        let bySubject = Dictionary(forecasts.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        return ForecastRound(
            issuedAt: now, took: clock.now - begin, step: window.step,
            segments: Dictionary(
                uniqueKeysWithValues: segments.compactMap { subject in
                    bySubject[subject.name].map { (SegmentID(subject.name), $0) }
                }),
            instances: Dictionary(
                uniqueKeysWithValues: instances.compactMap { instance, subject in
                    bySubject[subject.name].map { (instance, $0) }
                }),
            placement: placement)
    }
}
