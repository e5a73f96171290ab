import ClusterModel

/// What is forecast: one segment, or an instance as the sum of the segments that it carries.
package struct Subject: Sendable {
    package let name: String
    package let series: LoadSeries
    /// The segments whose load this is. When they change, what was learned is learned anew.
    package let segments: Set<SegmentID>

    /// How much of the series' past was lent by siblings.
    package let lent: Duration

    package init(name: String, series: LoadSeries, segments: Set<SegmentID>, lent: Duration = .zero) {
        self.name = name
        self.series = series
        self.segments = segments
        self.lent = lent
    }

    package init(_ segment: SegmentID, series: LoadSeries, lent: Duration = .zero) {
        self.init(name: segment.text, series: series, segments: [segment], lent: lent)
    }

    func isConcerned(by event: ScheduledEvent) -> Bool { event.segments.map { !segments.isDisjoint(with: $0) } ?? true }
}
