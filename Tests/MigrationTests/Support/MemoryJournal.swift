// A journal that keeps the contract in memory, and outlives executors that "die".
import ClusterModel

@testable import Migration

actor MemoryJournal: MoveJournal {
    enum Refusal: Error, Equatable {
        case unfinishedMove, staleTerm, staleState, unknown
    }

    private(set) var records: [MoveID: MoveRecord] = [:]
    private(set) var ledger: Set<LedgerObject> = []
    private(set) var epoch = Epoch.initial
    private(set) var owners: [SegmentID: InstanceID] = [:]
    /// Called after a decision is durable; throwing plays an answer that was lost.
    private var afterDecision: @Sendable () throws -> Void = {}

    func loseAnswers(_ hook: @escaping @Sendable () throws -> Void) { afterDecision = hook }

    func create(_ move: MoveRecord) throws {
        let others = records.values.filter { $0.order.segment.id == move.order.segment.id && !$0.state.isOver }
        guard others.isEmpty else { throw Refusal.unfinishedMove }
        records[move.id] = move
        owners[move.order.segment.id] = move.order.source
    }

    func adopt(_ id: MoveID, term: Int64) throws -> MoveRecord {
        guard var record = records[id] else { throw Refusal.unknown }
        guard record.term <= term else { throw Refusal.staleTerm }
        record.term = term
        records[id] = record
        return record
    }

    func move(_ id: MoveID) -> MoveRecord? { records[id] }

    func advance(_ id: MoveID, from: MoveState, to: MoveState, term: Int64, report: MoveReport) throws {
        try change(id, from: from, to: to, term: term, report: report)
    }

    func decideSwitch(
        _ id: MoveID,
        from: MoveState,
        to: MoveState,
        owner: InstanceID,
        term: Int64,
        report: MoveReport
    ) throws -> Epoch {
        try change(id, from: from, to: to, term: term, report: report)
        epoch = epoch.next
        records[id]?.epoch = epoch
        if let segment = records[id]?.order.segment.id { owners[segment] = owner }
        try afterDecision()
        return epoch
    }

    private func change(_ id: MoveID, from: MoveState, to: MoveState, term: Int64, report: MoveReport) throws {
        guard var record = records[id] else { throw Refusal.unknown }
        guard record.term == term else { throw Refusal.staleTerm }
        guard record.state == from else { throw Refusal.staleState }
        record.state = to
        record.report = report
        records[id] = record
    }

    func recordObject(_ object: LedgerObject) { ledger.insert(object) }
    func removeObject(_ object: LedgerObject) { ledger.remove(object) }
    func objects(of move: MoveID?) -> [LedgerObject] { ledger.filter { move == nil || $0.move == move } }
    func unrecordedMoves() -> [MoveRecord] { records.values.filter { !$0.state.isOver } }
}
