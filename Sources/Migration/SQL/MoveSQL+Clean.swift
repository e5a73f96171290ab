// Dropping what a move made, from ledger rows alone. Each statement does nothing when the object is gone already.
import ClusterModel
import PostgresClient

extension MoveSQL {
    /// `slot_name = NONE` keeps it from asking the other instance, which may be gone.
    package static func dropSubscription(_ name: String) -> [String] {
        let name = quoteIdentifier(name)
        return [
            "ALTER SUBSCRIPTION \(name) DISABLE",
            "ALTER SUBSCRIPTION \(name) SET (slot_name = NONE)",
            "DROP SUBSCRIPTION \(name)",
        ]
    }

    package static func endSlotUser(_ name: String) -> String {
        """
        SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots \
        WHERE slot_name = \(quoteLiteral(name)) AND active_pid IS NOT NULL
        """
    }

    /// Answers with no row while a user of the slot is still ending; ask again.
    package static func dropSlot(_ name: String) -> String {
        """
        SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
        WHERE slot_name = \(quoteLiteral(name)) AND NOT active
        """
    }

    package static func slotExists(_ name: String) -> String {
        "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = \(quoteLiteral(name)))"
    }

    package static func dropPublication(_ name: String) -> String {
        "DROP PUBLICATION IF EXISTS \(quoteIdentifier(name))"
    }

    package static func dropRegister(_ name: String) -> String {
        "DROP SEQUENCE IF EXISTS foreshard.\(quoteIdentifier(name))"
    }

    package static func deleteTokens(_ stream: String) -> String {
        "DELETE FROM foreshard.token WHERE stream = \(quoteLiteral(stream))"
    }

    /// The publications through which a deletion would leave the instance. Other moves' are of other segments.
    package func publications(of table: ShardedTable) -> String {
        """
        SELECT DISTINCT pubname FROM pg_publication_tables WHERE schemaname = \(quoteLiteral(table.table.schema)) \
        AND tablename = \(quoteLiteral(table.table.name)) AND (pubname NOT LIKE 'foreshard\\_%' \
        OR pubname IN (\(StreamDirection.allCases.map { quoteLiteral(names.stream($0)) }.joined(separator: ", ")))) \
        ORDER BY 1
        """
    }

    package func pageCount(_ table: ShardedTable) -> String {
        "SELECT pg_relation_size(\(quoteLiteral(qualified(table)))) / current_setting('block_size')::int"
    }

    /// One batch: the pages `first ..< end`, read as a TID range. Nothing moves between pages under an odd register.
    package func deleteRows(_ table: ShardedTable, pages: Range<Int>) -> String {
        """
        DELETE FROM \(qualified(table)) WHERE ctid >= '(\(pages.lowerBound),0)' AND ctid < '(\(pages.upperBound),0)' \
        AND \(predicate(table))
        """
    }
}
