// One run of the prediction engine, as the controller, the dashboard and `foreshard forecast` read it.
import ClusterModel
import Forecasting

package struct ForecastRound: Sendable {
    package let issuedAt: Timestamp
    /// Real time that the run took.
    package let took: Duration
    /// Of the series that were forecast.
    package let step: Duration
    package let segments: [SegmentID: SubjectForecast]
    /// The forecast of the sum of the segments that each instance owned when this was issued.
    package let instances: [InstanceID: SubjectForecast]
    /// The segments behind each instance's forecast; a forecast of another placement says nothing.
    package let placement: [InstanceID: [SegmentID]]

    package init(
        issuedAt: Timestamp, took: Duration, step: Duration, segments: [SegmentID: SubjectForecast],
        instances: [InstanceID: SubjectForecast], placement: [InstanceID: [SegmentID]]
    ) {
        self.issuedAt = issuedAt
        self.took = took
        self.step = step
        self.segments = segments
        self.instances = instances
        self.placement = placement
    }

    /// Whether two forecasts that were due, one `every` so often, have not come. A stale forecast is shown as such and
    /// decides nothing.
    package func isStale(at now: Timestamp, every: Duration) -> Bool { now - issuedAt > every * 2 + step }

    /// The ends of the steps that are predicted.
    package var steps: [Timestamp] { segments.values.first { !$0.steps.isEmpty }?.steps.map(\.at) ?? [] }
}
