import ClusterModel

/// A series that is measured beside the load and may lead it: sign-ups, the length of a queue, calls at a server.
package struct MetricSeries: Sendable {
    package let name: String
    /// On the grid of the loads; a series of another step is not read. NaN where nothing was measured; in any unit,
    /// and of any sign.
    package let series: LoadSeries
    /// The segments whose load it may lead; nil means all.
    package let segments: Set<SegmentID>?

    package init(name: String, series: LoadSeries, segments: Set<SegmentID>? = nil) {
        self.name = name
        self.series = series
        self.segments = segments
    }

    /// As it was known at `time`.
    package func known(by time: Timestamp) -> MetricSeries {
        MetricSeries(name: name, series: series.window(from: series.start, to: time), segments: segments)
    }

    func concerns(_ subject: Subject) -> Bool { segments.map { !subject.segments.isDisjoint(with: $0) } ?? true }
}

/// A metric that corrects a model's paths.
package struct MetricUse: Sendable, Equatable {
    package let metric: String
    package let model: String
    /// How long the load comes after the metric.
    package let lead: Duration
    /// How much less the model missed by with all its metrics, on the newest data that it had not learned from: a
    /// share of the absolute error in the model's scale, over the judged horizons.
    package let gain: Double
}
