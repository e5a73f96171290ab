import ClusterModel

/// A move that is neither finished nor undone.
package struct MoveInFlight: Hashable, Sendable, Codable {
    package var id: MoveID
    package var segment: SegmentID
    package var source: InstanceID
    package var target: InstanceID
    package var phase: Phase
    package var startedAt: Timestamp

    package init(
        id: MoveID,
        segment: SegmentID,
        source: InstanceID,
        target: InstanceID,
        phase: Phase,
        startedAt: Timestamp
    ) {
        self.id = id
        self.segment = segment
        self.source = source
        self.target = target
        self.phase = phase
        self.startedAt = startedAt
    }

    /// How far the move is. Up to `ready` the source owns the segment; from the end of `cuttingOver` the target does.
    package enum Phase: Hashable, Sendable, Codable {
        /// Copying and catching up. Goes to `ready`, or away when aborted.
        case preparing
        /// The follower is current; ownership may change at any moment. Goes to `cuttingOver`, or away when aborted.
        case ready
        /// Ownership is changing (or changing back). Goes to `probation`, or back to `ready` when it timed out.
        case cuttingOver
        /// The target owns the segment and the old owner follows. Goes away, kept or reverted.
        case probation(WatchVerdict)

        /// Whether ownership is still the source's and nothing has been ordered yet.
        package var isBeforeCutOver: Bool { self == .preparing || self == .ready }
    }
}
