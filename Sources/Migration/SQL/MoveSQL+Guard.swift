// The guard of a segment in motion: a register (even: owner) and triggers on every table that fire for the segment's
// rows only. The triggers stand on both sides through the whole move; alone they let the owner write.
import ClusterModel
import PostgresClient

extension MoveSQL {
    package func createRegister(_ value: Epoch, term: Int64) -> [String] {
        [
            "CREATE SEQUENCE IF NOT EXISTS \(register)",
            "GRANT SELECT ON SEQUENCE \(register) TO PUBLIC",
            setRegister(value, term: term),
        ]
    }

    package var registerValue: String { "SELECT pg_sequence_last_value(\(quoteLiteral(register)))" }

    /// The rows `INSERT`, `UPDATE` and `DELETE` write; a key that crosses the segment's border; `TRUNCATE`, which
    /// publications do not filter. Creating waits for the writers that are not guarded yet, and for no reader.
    package func createGuard(on table: ShardedTable) -> [String] {
        let name = qualified(table)
        let arguments = [register, String(names.lockKey), order.segment.id.text].map(quoteLiteral).joined(
            separator: ", "
        )
        let segment = quoteLiteral(order.segment.id.text)
        let key = quoteIdentifier(table.keyColumn)
        return [
            """
            CREATE OR REPLACE TRIGGER \(trigger("write")) BEFORE INSERT OR UPDATE ON \(name) FOR EACH ROW \
            WHEN (\(predicate(table, row: "NEW"))) EXECUTE FUNCTION foreshard.guard(\(arguments))
            """,
            """
            CREATE OR REPLACE TRIGGER \(trigger("delete")) BEFORE DELETE ON \(name) FOR EACH ROW \
            WHEN (\(predicate(table, row: "OLD"))) EXECUTE FUNCTION foreshard.guard(\(arguments))
            """,
            """
            CREATE OR REPLACE TRIGGER \(trigger("key")) BEFORE UPDATE OF \(key) ON \(name) FOR EACH ROW \
            WHEN ((\(predicate(table, row: "OLD"))) <> (\(predicate(table, row: "NEW")))) \
            EXECUTE FUNCTION foreshard.refuse_key_change(\(segment))
            """,
            """
            CREATE OR REPLACE TRIGGER \(trigger("truncate")) BEFORE TRUNCATE ON \(name) FOR EACH STATEMENT \
            EXECUTE FUNCTION foreshard.refuse_truncate(\(segment))
            """,
        ]
    }

    /// - Parameter table: as SQL.
    package func dropGuard(on table: String) -> [String] {
        ["write", "delete", "key", "truncate"].map { "DROP TRIGGER IF EXISTS \(trigger($0)) ON \(table)" }
    }

    /// - Parameter table: as SQL.
    package static func tableExists(_ table: String) -> String {
        "SELECT to_regclass(\(quoteLiteral(table))) IS NOT NULL"
    }

    private func trigger(_ suffix: String) -> String { quoteIdentifier("\(names.guardTrigger)_\(suffix)") }
}
