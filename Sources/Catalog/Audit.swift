import ClusterModel

/// Something that happened or was decided, to be written down.
package struct AuditEntry: Hashable, Sendable {
    /// One word of a small set: `pool`, `move`, `plan`, `operator`, ...
    package let kind: String
    package let move: MoveID?
    package let segment: SegmentID?
    package let instance: InstanceID?
    /// What happened and why, for people.
    package let sentence: String
    /// The numbers behind it, as JSON.
    package let details: String?

    package init(
        kind: String,
        move: MoveID? = nil,
        segment: SegmentID? = nil,
        instance: InstanceID? = nil,
        sentence: String,
        details: String? = nil
    ) {
        self.kind = kind
        self.move = move
        self.segment = segment
        self.instance = instance
        self.sentence = sentence
        self.details = details
    }
}

/// An entry as it was written.
package struct AuditRecord: Hashable, Sendable {
    /// Ascends in the order of writing.
    package let id: Int64
    package let at: Timestamp
    package let entry: AuditEntry
}

/// Which records are wanted: those that meet every condition given.
package struct AuditQuery: Hashable, Sendable {
    package static let recordsMax = 1000

    package var kind: String?
    package var move: MoveID?
    package var segment: SegmentID?
    package var instance: InstanceID?
    /// From here, inclusive.
    package var from: Timestamp?
    /// To here, exclusive.
    package var to: Timestamp?
    /// Only records before this one: the way to the next page.
    package var before: Int64?
    package var limit = 100

    package init() {}
}
