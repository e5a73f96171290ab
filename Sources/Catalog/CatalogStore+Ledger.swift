import ClusterModel
import GRDB
import Migration

extension CatalogStore {
    package func recordObject(_ object: LedgerObject) async throws {
        try await database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO ledger (move, instance, kind, name, extra) VALUES (?, ?, ?, ?, ?)",
                arguments: Self.columns(object)
            )
        }
    }

    package func removeObject(_ object: LedgerObject) async throws {
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM ledger WHERE move = ? AND instance = ? AND kind = ? AND name = ? AND extra = ?",
                arguments: Self.columns(object)
            )
        }
    }

    package func objects(of move: MoveID?) async throws -> [LedgerObject] {
        try await database.read { db in
            guard let move else { return try Row.fetchAll(db, sql: "SELECT * FROM ledger").map(Self.object) }
            return try Row.fetchAll(db, sql: "SELECT * FROM ledger WHERE move = ?", arguments: [move.text])
                .map(Self.object)
        }
    }

    private static func columns(_ object: LedgerObject) -> StatementArguments {
        [object.move?.text ?? "", object.instance.text, object.kind.rawValue, object.name, object.extra]
    }

    private static func object(_ row: Row) throws -> LedgerObject {
        guard let kind = LedgerObject.Kind(rawValue: row["kind"]) else {
            throw unreadable("the object kind", row["kind"])
        }
        let move: String = row["move"]
        return LedgerObject(
            move: move.isEmpty ? nil : MoveID(move),
            instance: InstanceID(row["instance"]),
            kind: kind,
            name: row["name"],
            extra: row["extra"]
        )
    }
}
