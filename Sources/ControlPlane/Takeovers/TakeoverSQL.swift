// What is asked of a primary and of its standby, and how the answers are read. PostgreSQL documentation: "Monitoring
// Database Activity" (pg_stat_wal_receiver, pg_stat_replication), "Recovery Control Functions".
import ClusterModel
import PostgresClient
import Takeover

enum TakeoverSQL {
    /// $1: what the standby's receiver calls itself.
    static let primary = """
        SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
            (SELECT system_identifier FROM pg_control_system()), pg_is_in_recovery(),
            current_setting('synchronous_standby_names'), current_setting('synchronous_commit'),
            (SELECT count(*) FROM pg_stat_replication WHERE application_name = $1::text),
            (SELECT count(*) FROM pg_stat_replication WHERE application_name = $1::text AND state = 'streaming'
                AND sync_state IN ('sync', 'quorum'))
        """

    static let standby = """
        SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system()), pg_last_wal_receive_lsn(),
            pg_last_wal_replay_lsn(), r.status, extract(epoch FROM clock_timestamp() - r.last_msg_receipt_time),
            r.conninfo, (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_receiver_timeout'),
            extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
        FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver r ON true
        """

    static let promote = "SELECT pg_promote(true, 60)"

    /// The timeline of a server that takes writes.
    static let timeline = """
        SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
        """

    /// What a server that takes writes says of itself, to tell an old primary from its successor.
    static let standing = """
        SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system()),
            CASE WHEN pg_is_in_recovery() THEN NULL ELSE (\(timeline)) END,
            CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() END
        """

    /// Where every timeline before this one ended.
    static func history(of timeline: Int64) -> String {
        let hex = String(timeline, radix: 16, uppercase: true)
        return "SELECT pg_read_file('pg_wal/\(String(repeating: "0", count: max(0, 8 - hex.count)))\(hex).history')"
    }

    /// The end of the timeline before, from a history file: its last line is `timeline<TAB>position<TAB>reason`.
    static func switchPosition(in history: String) -> LSN? {
        for line in history.split(separator: "\n").reversed() {
            let fields = line.split(separator: "\t")
            if fields.count >= 2, let position = LSN(fields[1]) { return position }
        }
        return nil
    }

    /// How many of the standbys that commits would wait for are there; -1 when commits wait for none.
    static let awaitedStandbys = """
        SELECT CASE WHEN current_setting('synchronous_standby_names') = '' THEN -1
            ELSE (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) END
        """

    static func allowConnections(_ isAllowed: Bool, to database: String) -> String {
        "ALTER DATABASE \(quoteIdentifier(database)) WITH ALLOW_CONNECTIONS \(isAllowed)"
    }

    static func endSessions(of database: String) -> String {
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = \(quoteLiteral(database)) "
            + "AND pid <> pg_backend_pid()"
    }

    /// The error of a database that takes no connections (object_not_in_prerequisite_state).
    static let closedDatabase = "55000"
}

extension PrimaryState {
    /// - Parameters:
    ///   - receiver: what the standby's receiver calls itself; nil when that is not known.
    ///   - wasConfirming: as it was at the look before.
    init?(_ result: QueryResult, receiver: String?, wasConfirming: Bool) {
        guard let row = result.rows.first, row.count >= 7, let position = row[0].flatMap({ LSN($0) }) else {
            return nil
        }
        let names = row[3].flatMap { SynchronousStandbys($0) }
        let waits = ["on", "remote_apply", "remote_write"].contains(row[4] ?? "")
        let isNamed = receiver.map { names?.alwaysIncludes($0) ?? false } ?? false
        // Once it has confirmed, commits wait for it also while it is not connected; two of one name are not told apart.
        let isConfirming = wasConfirming && row[5] != "2" || (row[5] == "1" && row[6] == "1")
        self.init(
            position: position, system: row[1] ?? "", isInRecovery: row[2] == "t",
            confirmsByStandby: waits && isNamed && isConfirming)
    }
}

/// A standby's answer: what decides, and what is shown.
struct StandbyAnswer {
    let state: StandbyState
    let receiver: String?
    /// Age of the last transaction that it has replayed.
    let replayAgeSeconds: Double?

    init?(_ result: QueryResult) {
        guard let row = result.rows.first, row.count >= 9 else { return nil }
        let isStreaming = row[4] == "streaming"
        let timeout = row[7].flatMap { Int64($0) } ?? 0
        state = StandbyState(
            isInRecovery: row[0] == "t", system: row[1] ?? "", isStreaming: isStreaming,
            lastMessageAge: isStreaming ? row[5].flatMap { Double($0) }.map { .seconds(max(0, $0)) } : nil,
            asksAfter: timeout > 0 ? .milliseconds(timeout / 2) : nil, received: row[2].flatMap { LSN($0) },
            replayed: row[3].flatMap { LSN($0) })
        receiver = row[6].flatMap { ReceiverConnection.applicationName(in: $0) }
        replayAgeSeconds = row[8].flatMap { Double($0) }
    }
}
