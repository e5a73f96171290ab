import ClusterModel
import GRDB

extension CatalogStore {
    /// Writes an entry at the present cluster time; returns its id.
    @discardableResult
    package func append(_ entry: AuditEntry) throws -> Int64 {
        try database.write { try Self.append(entry, at: now(), $0) }
    }

    @discardableResult
    static func append(_ entry: AuditEntry, at: Timestamp, _ db: Database) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO audit (at, kind, move, segment, instance, sentence, details) VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                at.milliseconds, entry.kind, entry.move?.text, entry.segment?.text, entry.instance?.text,
                entry.sentence, entry.details,
            ]
        )
        return db.lastInsertedRowID
    }

    /// The newest first.
    package func audit(_ query: AuditQuery = AuditQuery()) throws -> [AuditRecord] {
        let conditions: [(String, (any DatabaseValueConvertible)?)] = [
            ("kind = ?", query.kind), ("move = ?", query.move?.text), ("segment = ?", query.segment?.text),
            ("instance = ?", query.instance?.text), ("at >= ?", query.from?.milliseconds),
            ("at < ?", query.to?.milliseconds), ("id < ?", query.before),
        ]
        let given = conditions.filter { $0.1 != nil }
        let condition = given.isEmpty ? "true" : given.map(\.0).joined(separator: " AND ")
        let limit = min(max(query.limit, 0), AuditQuery.recordsMax)
        return try database.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM audit WHERE \(condition) ORDER BY id DESC LIMIT \(limit)",
                arguments: StatementArguments(given.map(\.1))
            ).map(Self.record)
        }
    }

    /// Forgets what is older; returns how many records that were.
    package func forgetAudit(before time: Timestamp) throws -> Int {
        try database.write { db in
            try db.execute(sql: "DELETE FROM audit WHERE at < ?", arguments: [time.milliseconds])
            return db.changesCount
        }
    }

    private static func record(_ row: Row) -> AuditRecord {
        let (move, segment, instance): (String?, String?, String?) = (row["move"], row["segment"], row["instance"])
        return AuditRecord(
            id: row["id"],
            at: Timestamp(milliseconds: row["at"]),
            entry: AuditEntry(
                kind: row["kind"],
                move: move.map { MoveID($0) },
                segment: segment.map { SegmentID($0) },
                instance: instance.map { InstanceID($0) },
                sentence: row["sentence"],
                details: row["details"]
            )
        )
    }
}
