// The milliseconds in which a segment changes hands. Every statement has a lock time-out; the order is in CutOver.swift.
import ClusterModel
import PostgresClient

extension MoveSQL {
    /// Opens the transaction that `disarm` or `own` commits: no vacuum, no DDL from here to there; DML goes on.
    package func lockTables(within limit: Duration) -> [String] {
        [
            "BEGIN",
            "SET LOCAL lock_timeout = '\(limit.wholeMilliseconds)ms'",
            Self.keepOff("\(tableList), foreshard.token"),
        ]
    }

    /// Vacuum and DDL wait, reading and writing go on.
    /// - Parameter tables: as SQL.
    package static func keepOff(_ tables: String) -> String {
        "LOCK TABLE \(tables) IN SHARE UPDATE EXCLUSIVE MODE"
    }

    /// The register is not transactional: it is odd at once, for everyone. Then the exclusive lock waits for those who
    /// passed the guard before, and lets go.
    package func fence(_ epoch: Epoch, term: Int64, drainWithin limit: Duration) -> [String] {
        [
            "SET LOCAL lock_timeout = '\(limit.wholeMilliseconds)ms'",
            setRegister(epoch.fenced, term: term),
            "SELECT pg_advisory_xact_lock(\(lockArguments))",
        ]
    }

    /// Before it comes the last token, in the same transaction.
    package func disarm(_ direction: StreamDirection) -> [String] {
        [setPublication(direction, armed: false), "COMMIT"]
    }

    /// The exclusive lock is held until the commit, so that no write passes an even register before the armed
    /// publication is committed: it would not be replicated. The commit flushes all that was applied before it.
    package func own(_ direction: StreamDirection, epoch: Epoch, term: Int64) -> [String] {
        [
            "SET LOCAL synchronous_commit = on",
            "SELECT pg_advisory_xact_lock(\(lockArguments))",
            setPublication(direction, armed: true),
            setRegister(epoch, term: term),
            "COMMIT",
        ]
    }

    /// The sequences behind the tables' columns, with their last values on the old owner: NULL where none was drawn.
    package var sequences: String {
        """
        SELECT format('%I.%I', n.nspname, s.relname), pg_sequence_last_value(s.oid::regclass) \
        FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace \
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i') \
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (\(regclasses)) WHERE s.relkind = 'S' ORDER BY 1
        """
    }

    /// How far ahead a sequence is put: more than the new owner may draw between the comparison and the setting.
    package static let sequenceGap: Int64 = 1000

    /// In the sequence's own direction, and not beyond its end.
    /// - Parameters:
    ///   - sequence: as SQL.
    ///   - value: as SQL.
    package static func advanceSequence(_ sequence: String, beyond value: String) -> String {
        let last = "pg_sequence_last_value(seqrelid::regclass)"
        return """
            SELECT setval(seqrelid::regclass, CASE WHEN seqincrement > 0 \
            THEN least(\(value)::numeric + \(sequenceGap), seqmax) \
            ELSE greatest(\(value)::numeric - \(sequenceGap), seqmin) END::bigint) \
            FROM pg_sequence WHERE seqrelid = \(quoteLiteral(sequence))::regclass \
            AND (\(last) IS NULL OR (\(last) - \(value)::numeric) * sign(seqincrement) <= 0)
            """
    }

    /// Waits until everything this server has logged so far, of others too, is on disk.
    package static let flushLog = """
        BEGIN; SET LOCAL synchronous_commit = on; SELECT pg_logical_emit_message(true, 'foreshard', ''); COMMIT
        """

    var regclasses: String {
        tables.map { "\(quoteLiteral(qualified($0)))::regclass" }.joined(separator: ", ")
    }
}
