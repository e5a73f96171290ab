import ClusterModel
import GRDB
import Migration

// The journal of moves. Every change is a compare-and-set on the move's state and term inside one transaction, so that a
// coordinator of an earlier term changes nothing; ownership changes in `decideSwitch` and nowhere else.

extension CatalogStore: MoveJournal {
    package func create(_ move: MoveRecord) async throws {
        try await database.write { db in
            try Self.requireOwner(move.owner, of: move.order.segment.id, db)
            let order = move.order
            do {
                try db.execute(
                    sql: """
                        INSERT INTO moves
                            (id, segment, source, target, state, is_over, term, epoch, definition, report, created)
                            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        move.id.text, order.segment.id.text, order.source.text, order.target.text,
                        move.state.rawValue, move.state.isOver, move.term, move.epoch.number, try jsonText(order),
                        try jsonText(move.report), self.now().milliseconds,
                    ]
                )
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                throw CatalogError(
                    .conflict,
                    "segment \(order.segment.id) is being moved already, or there was a move \(move.id)."
                )
            }
        }
    }

    package func adopt(_ id: MoveID, term: Int64) async throws -> MoveRecord {
        try await database.write { db in
            var record = try Self.requireMove(id, db)
            guard record.term <= term, !record.state.isOver else {
                throw CatalogError(
                    .conflict,
                    "move \(id) is \(record.state.rawValue) in term \(record.term): not for term \(term)."
                )
            }
            record.term = term
            try db.execute(sql: "UPDATE moves SET term = ? WHERE id = ?", arguments: [term, id.text])
            return record
        }
    }

    package func move(_ id: MoveID) async throws -> MoveRecord? {
        try await database.read { try Self.fetchMove(id, $0) }
    }

    package func advance(
        _ id: MoveID,
        from: MoveState,
        to: MoveState,
        term: Int64,
        report: MoveReport
    ) async throws {
        precondition(from.owner == to.owner, "\(from) to \(to) changes the owner: that is for decideSwitch")
        try await database.write { db in
            let present = try Self.requireMove(id, in: from, term: term, db)
            try Self.update(id, to: to, epoch: present.epoch, report: report, db)
        }
    }

    package func decideSwitch(
        _ id: MoveID,
        from: MoveState,
        to: MoveState,
        owner: InstanceID,
        term: Int64,
        report: MoveReport
    ) async throws -> Epoch {
        try await database.write { db in
            let present = try Self.requireMove(id, in: from, term: term, db)
            precondition(
                present.order.instance(to.owner) == owner,
                "\(to) makes another instance than \(owner) the owner"
            )
            let segment = present.order.segment.id
            try Self.requireOwner(present.owner, of: segment, db)
            let highest = try Int64.fetchOne(
                db,
                sql: "SELECT max(epoch) FROM (SELECT epoch FROM cluster UNION ALL SELECT epoch FROM segments)"
            )
            let epoch = max(Epoch(highest ?? 0), present.epoch).next
            try db.execute(
                sql: "UPDATE segments SET location = ?, epoch = ? WHERE id = ?",
                arguments: [owner.text, epoch.number, segment.text]
            )
            try db.execute(sql: "UPDATE cluster SET epoch = ?", arguments: [epoch.number])
            try Self.update(id, to: to, epoch: epoch, report: report, db)
            return epoch
        }
    }

    package func unrecordedMoves() async throws -> [MoveRecord] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM moves WHERE is_over = 0 ORDER BY created, id").map(Self.move)
        }
    }

    /// The newest first, finished ones included.
    package func recentMoves(limit: Int) async throws -> [MoveRecord] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM moves ORDER BY created DESC, id DESC LIMIT ?", arguments: [limit])
                .map(Self.move)
        }
    }

    private static func update(
        _ id: MoveID,
        to state: MoveState,
        epoch: Epoch,
        report: MoveReport,
        _ db: Database
    ) throws {
        try db.execute(
            sql: "UPDATE moves SET state = ?, is_over = ?, epoch = ?, report = ? WHERE id = ?",
            arguments: [state.rawValue, state.isOver, epoch.number, try jsonText(report), id.text]
        )
    }

    private static func requireMove(_ id: MoveID, _ db: Database) throws -> MoveRecord {
        guard let record = try fetchMove(id, db) else { throw CatalogError(.unknownMove, "there is no move \(id).") }
        return record
    }

    private static func requireMove(_ id: MoveID, in state: MoveState, term: Int64, _ db: Database) throws -> MoveRecord
    {
        let record = try requireMove(id, db)
        guard record.state == state, record.term == term else {
            throw CatalogError(
                .conflict,
                "move \(id) is \(record.state.rawValue) in term \(record.term), not \(state.rawValue) in term \(term)."
            )
        }
        return record
    }

    private static func requireOwner(_ owner: InstanceID, of segment: SegmentID, _ db: Database) throws {
        let location = try String.fetchOne(
            db,
            sql: "SELECT location FROM segments WHERE id = ?",
            arguments: [segment.text]
        )
        guard location == owner.text else {
            throw CatalogError(.conflict, "segment \(segment) is on \(location ?? "no instance"), not on \(owner).")
        }
    }

    private static func fetchMove(_ id: MoveID, _ db: Database) throws -> MoveRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM moves WHERE id = ?", arguments: [id.text]).map(move)
    }

    private static func move(_ row: Row) throws -> MoveRecord {
        guard let state = MoveState(rawValue: row["state"]) else { throw unreadable("the state", row["state"]) }
        return MoveRecord(
            order: try fromJSON(MoveOrder.self, row["definition"]),
            state: state,
            term: row["term"],
            epoch: Epoch(row["epoch"]),
            report: try fromJSON(MoveReport.self, row["report"])
        )
    }
}
