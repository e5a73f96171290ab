/// Something known in advance that changes load: a campaign, a match, a sale, a payroll run.
package struct ScheduledEvent: Hashable, Sendable, Codable {
    /// Events of one kind are expected to act alike; the models learn one effect for each kind.
    package let kind: String
    package let label: String
    package let start: Timestamp
    package let end: Timestamp
    /// The segments concerned; nil means all.
    package let segments: [SegmentID]?

    package init(kind: String, label: String, start: Timestamp, end: Timestamp, segments: [SegmentID]? = nil) {
        self.kind = kind
        self.label = label
        self.start = start
        self.end = end
        self.segments = segments
    }

    package func concerns(_ segment: SegmentID) -> Bool { segments?.contains(segment) ?? true }
}
