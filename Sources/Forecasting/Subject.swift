import ClusterModel

/// What is forecast: one segment, or an instance as the sum of the segments that it carries.
package struct Subject: Sendable {
    package let name: String
    package let series: LoadSeries
    /// The segments whose load this is. When they change, what was learned is learned anew.
    package let segments: Set<SegmentID>

    package init(name: String, series: LoadSeries, segments: Set<SegmentID>) {
        self.name = name
        self.series = series
        self.segments = segments
    }

    package init(_ segment: SegmentID, series: LoadSeries) {
        self.init(name: segment.text, series: series, segments: [segment])
    }

    func isConcerned(by event: ScheduledEvent) -> Bool { event.segments.map { !segments.isDisjoint(with: $0) } ?? true }
}
