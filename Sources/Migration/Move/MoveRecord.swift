// What the journal keeps of a move. Everything a successor needs is here or on the instances; nothing is in memory only.
import ClusterModel

/// The order for a move: one segment, from the instance that owns it to another.
package struct MoveOrder: Hashable, Sendable, Codable {
    package let id: MoveID
    package let group: ShardGroup
    package let segment: Segment
    package let source: InstanceID
    package let target: InstanceID

    package init(id: MoveID, group: ShardGroup, segment: Segment, source: InstanceID, target: InstanceID) {
        self.id = id
        self.group = group
        self.segment = segment
        self.source = source
        self.target = target
    }

    package func instance(_ side: Side) -> InstanceID { side == .source ? source : target }
}

/// A move as the journal keeps it.
package struct MoveRecord: Hashable, Sendable, Codable {
    package let order: MoveOrder
    package var state: MoveState
    /// The term of the coordinator that may change this record; a successor raises it by adopting the move.
    package var term: Int64
    /// The owner's register, always even. A decided switch replaces it by the epoch the journal returned.
    package var epoch: Epoch
    package var report: MoveReport

    package init(
        order: MoveOrder,
        state: MoveState = .planned,
        term: Int64,
        epoch: Epoch,
        report: MoveReport = MoveReport()
    ) {
        precondition(epoch.isOwned, "a segment's epoch is even, not \(epoch)")
        self.order = order
        self.state = state
        self.term = term
        self.epoch = epoch
        self.report = report
    }

    package var id: MoveID { order.id }
    package var owner: InstanceID { order.instance(state.owner) }
}
