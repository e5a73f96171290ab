/// Something known in advance that changes load: a campaign, a match, a sale, a payroll run.
package struct ScheduledEvent: Hashable, Sendable, Codable {
    /// Factors that someone may expect in earnest.
    package static let uplifts = 0.01...1000.0
    package static let upliftsInWords = "0.01 to 1000"
    /// An effect further from its event than this is taken for a slip.
    package static let marginMax = Duration.seconds(7 * 86_400)

    /// Events of one kind are expected to act alike; the models learn one effect for each kind.
    package let kind: String
    package let label: String
    package let start: Timestamp
    package let end: Timestamp
    /// The segments concerned; nil means all.
    package let segments: [SegmentID]?
    /// The factor on load that someone expects; models start from it and learn what it really is.
    package let uplift: Double?
    /// How long before the start and after the end the event acts; nil where nobody said.
    package let lead: Duration?
    package let tail: Duration?

    package init(
        kind: String, label: String, start: Timestamp, end: Timestamp, segments: [SegmentID]? = nil,
        uplift: Double? = nil, lead: Duration? = nil, tail: Duration? = nil
    ) {
        self.kind = kind
        self.label = label
        self.start = start
        self.end = end
        self.segments = segments
        self.uplift = uplift
        self.lead = lead
        self.tail = tail
    }

    package func concerns(_ segment: SegmentID) -> Bool { segments?.contains(segment) ?? true }
}
