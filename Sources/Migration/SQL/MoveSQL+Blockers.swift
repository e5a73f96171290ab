// Whom a wait of ours waits for, as `(pid, application, age in seconds)`, the oldest first.
import PostgresClient

extension MoveSQL {
    /// Holders of locks on the group's tables.
    var tableLockHolders: String {
        Self.transactions(
            """
            a.pid IN (SELECT pid FROM pg_locks WHERE locktype = 'relation' AND granted \
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND relation IN (\(regclasses)))
            """
        )
    }

    /// Transactions that passed the segment's guard and are still open.
    var guardLockHolders: String {
        Self.transactions(
            """
            a.pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted \
            AND classid = \(MoveNames.lockClass) AND objid = \(UInt32(bitPattern: names.lockKey)))
            """
        )
    }

    /// Write transactions of the whole instance; prepared ones have no process.
    static func writeTransactions(olderThan age: Duration) -> String {
        let seconds = "interval '\(age.wholeMilliseconds) ms'"
        return """
            \(transactions("a.backend_xid IS NOT NULL AND a.xact_start < now() - \(seconds)")) \
            UNION ALL SELECT 0, 'prepared transaction ' || gid, extract(epoch FROM now() - prepared) \
            FROM pg_prepared_xacts
            """
    }

    private static func transactions(_ condition: String) -> String {
        """
        SELECT a.pid, coalesce(nullif(a.application_name, ''), a.backend_type), \
        extract(epoch FROM now() - a.xact_start) FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() \
        AND a.xact_start IS NOT NULL AND a.backend_type IN ('client backend', 'autovacuum worker') AND \(condition)
        """
    }
}
