// The ports of a move: the durable truth and the router. Both are someone else's; tests bring their own.
import ClusterModel

/// The durable memory of moves. Every call is durable when it returns, and atomic when it throws.
package protocol MoveJournal: Sendable {
    /// Refuses a second unfinished move of the same segment.
    func create(_ move: MoveRecord) async throws
    /// Takes an unfinished move over for a newer term (or the same); throws when the record's term is higher.
    func adopt(_ id: MoveID, term: Int64) async throws -> MoveRecord
    func move(_ id: MoveID) async throws -> MoveRecord?
    /// Compare-and-set on state and term; throws when either is not what the caller believes.
    func advance(_ id: MoveID, from: MoveState, to: MoveState, term: Int64, report: MoveReport) async throws
    /// The commit point: state, the segment's new owner and a new routing epoch in one transaction, on the same
    /// condition as `advance`. The epoch it returns is even, higher than any before, and kept in the record.
    func decideSwitch(
        _ id: MoveID,
        from: MoveState,
        to: MoveState,
        owner: InstanceID,
        term: Int64,
        report: MoveReport
    ) async throws -> Epoch
    /// Before the object is made. Recording the same object twice is one record.
    func recordObject(_ object: LedgerObject) async throws
    /// After the object is gone.
    func removeObject(_ object: LedgerObject) async throws
    /// The objects of one move; of all moves and of none, when `move` is nil.
    func objects(of move: MoveID?) async throws -> [LedgerObject]
    func unrecordedMoves() async throws -> [MoveRecord]
}

/// The router's side of a cut-over: the statements of one segment can be held back.
package protocol SegmentGate: Sendable {
    /// New transactions of the segment wait; returns when none is in flight. Throws, and reopens, on time-out.
    func close(_ segment: SegmentID, drainWithin: Duration) async throws
    /// Releases the waiting ones. Opening an open gate does nothing.
    func open(_ segment: SegmentID) async
    /// From now on the segment is on `owner`; comes before `open`.
    func publish(_ segment: SegmentID, on owner: InstanceID, epoch: Epoch) async
}
