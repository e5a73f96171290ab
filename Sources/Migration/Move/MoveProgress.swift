import ClusterModel

/// A line for a display: where a move is. Values may be skipped when nobody looks, never reordered.
package struct MoveProgress: Hashable, Sendable {
    package let move: MoveID
    package let segment: SegmentID
    package let state: MoveState
    /// The step that just began; nil when the state was just entered.
    package let step: MoveStep?
    package let report: MoveReport

    package init(record: MoveRecord, step: MoveStep?) {
        move = record.id
        segment = record.order.segment.id
        state = record.state
        self.step = step
        report = record.report
    }
}
