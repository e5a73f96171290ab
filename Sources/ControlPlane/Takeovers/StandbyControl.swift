// What a takeover does to servers: promotes the standby, shuts the old primary. Each order may be given again.
import ClusterModel
import PostgresClient
import Takeover

enum StandbyControl {
    /// An ordinary control statement.
    static let within = Duration.seconds(10)
    /// What was received is replayed before the promotion; a standby that replays slowly may take this long.
    private static let replayWithin = Duration.seconds(60)
    private static let poll = Duration.milliseconds(50)
    /// A standby that is gone must not keep our own statements waiting.
    private static let session = ["synchronous_commit": "local"]
    /// The receiver may have got a part of a record, which nobody can replay: no progress for so long is the end.
    private static let replayRests = Duration.milliseconds(500)

    private static func connect(_ endpoint: Endpoint, within limit: Duration = within) async throws
        -> PostgresConnection
    {
        try await PostgresConnection.connect(
            to: endpoint, applicationName: "foreshard takeover", settings: session, deadline: limit)
    }

    /// Lends a connection.
    private static func at<Result: Sendable>(
        _ endpoint: Endpoint, within limit: Duration = within, _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await connect(endpoint, within: limit)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    struct Promotion: Sendable {
        let timeline: Int64
        /// The end of the log that it had of its primary.
        let position: LSN?
        /// Commits waited for standbys that it does not have, and do no longer.
        let becameAsynchronous: Bool
    }

    /// Replays what was received, promotes, and returns when the server takes writes. One that does so already is left.
    ///
    /// - Parameter atLeast: the standby must have this of the log first; nil: whatever it has.
    static func promote(_ endpoint: Endpoint, atLeast: LSN?) async throws -> Promotion {
        try await at(maintenance(endpoint)) { connection in
            if try await isInRecovery(connection) {
                try await awaitReplay(connection, atLeast)
                let done = try await connection.query(TakeoverSQL.promote, deadline: .seconds(70)).scalar()
                guard done == "t" else {
                    throw ClusterError("the standby \(endpoint) was asked to take writes and does not yet")
                }
            }
            guard
                let timeline = try await connection.query(TakeoverSQL.timeline, deadline: within).scalar()
                    .flatMap({ Int64($0) })
            else { throw ClusterError("\(endpoint) does not tell its timeline") }
            let history = try? await connection.query(TakeoverSQL.history(of: timeline), deadline: within).scalar()
            let awaited = try await connection.query(TakeoverSQL.awaitedStandbys, deadline: within).scalar()
            if awaited == "0" {
                // Copied from its primary, it would wait for a standby that it does not have: no commit would ever end.
                try await connection.query("ALTER SYSTEM SET synchronous_standby_names = ''", deadline: within)
                try await connection.query("SELECT pg_reload_conf()", deadline: within)
            }
            // A primary that was shut has told its standby so, by the log.
            let isOpen = try await connection.execute(
                "SELECT datallowconn FROM pg_database WHERE datname = $1", [endpoint.database], deadline: within)
            if isOpen.scalar() == "f" {
                try await connection.query(
                    TakeoverSQL.allowConnections(true, to: endpoint.database), deadline: within)
            }
            return Promotion(
                timeline: timeline, position: history.flatMap { TakeoverSQL.switchPosition(in: $0) },
                becameAsynchronous: awaited == "0")
        }
    }

    static func isInRecovery(_ endpoint: Endpoint) async throws -> Bool {
        try await at(maintenance(endpoint)) { try await isInRecovery($0) }
    }

    private static func isInRecovery(_ connection: PostgresConnection) async throws -> Bool {
        try await connection.query("SELECT pg_is_in_recovery()", deadline: within).scalar() == "t"
    }

    private static func awaitReplay(_ connection: PostgresConnection, _ atLeast: LSN?) async throws {
        let clock = ContinuousClock()
        let end = clock.now + replayWithin
        var last: (position: LSN?, since: ContinuousClock.Instant) = (nil, clock.now)
        while true {
            let row = try await connection.query(
                "SELECT pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()", deadline: within
            ).rows.first
            let received = row?.first.flatMap { $0 }.flatMap { LSN($0) }
            let replayed = row?.last.flatMap { $0 }.flatMap { LSN($0) }
            let wanted = max(received ?? LSN(0), atLeast ?? LSN(0))
            if let replayed, replayed >= wanted { return }
            if replayed != last.position { last = (replayed, clock.now) }
            let rests = clock.now - last.since > replayRests
            if rests, let replayed, replayed >= (atLeast ?? LSN(0)) { return }
            guard clock.now < end else {
                throw ClusterError(
                    "the standby has replayed \(replayed.map { "\($0)" } ?? "nothing") and not \(wanted) after "
                        + seconds(replayWithin))
            }
            try await clock.sleep(for: poll)
        }
    }

    // MARK: The old primary

    enum OldPrimary: Sendable {
        case silent
        /// Its database takes no connections: it was shut before.
        case shut
        /// It takes writes, on that timeline, up to that position.
        case open(system: String, timeline: Int64, position: LSN)
        case follows
        case unclear(String)
    }

    static func look(at old: Endpoint, within limit: Duration) async -> OldPrimary {
        let probe = ServerProbe(old)
        let answer = await probe.ask(TakeoverSQL.standing, within: limit)
        await probe.close()
        switch answer {
        case .silent: return .silent
        case .refused(TakeoverSQL.closedDatabase, _): return .shut
        case .refused(_, let reason): return .unclear(reason)
        case .rows(let result):
            guard let row = result.rows.first, row.count >= 4 else { return .unclear("it answered nothing") }
            if row[0] == "t" { return .follows }
            guard let timeline = row[2].flatMap({ Int64($0) }), let position = row[3].flatMap({ LSN($0) }) else {
                return .unclear("it does not tell its timeline")
            }
            return .open(system: row[1] ?? "", timeline: timeline, position: position)
        }
    }

    /// No session, a superuser's neither, gets into the database any more, and those that are in it are ended. Unlike
    /// `default_transaction_read_only` nobody can turn that off for himself, and it outlasts restarts.
    static func shut(_ old: Endpoint) async throws -> LSN? {
        try await at(maintenance(old)) { connection in
            try await connection.query(
                TakeoverSQL.allowConnections(false, to: old.database), deadline: within)
            let clock = ContinuousClock()
            let end = clock.now + within
            while try await connection.query(TakeoverSQL.endSessions(of: old.database), deadline: within).scalar()
                != "0"
            {
                guard clock.now < end else { throw ClusterError("sessions of \(old) do not end") }
                try await clock.sleep(for: poll)
            }
            return try await connection.query("SELECT pg_current_wal_lsn()", deadline: within).scalar()
                .flatMap { LSN($0) }
        }
    }

    /// Undoes `shut`.
    static func reopen(_ old: Endpoint) async throws {
        try await at(maintenance(old)) { connection in
            _ = try await connection.query(TakeoverSQL.allowConnections(true, to: old.database), deadline: within)
        }
    }

    /// Another database of the server: one cannot be shut from inside, nor opened when it is shut.
    private static func maintenance(_ endpoint: Endpoint) -> Endpoint {
        Endpoint(
            host: endpoint.host, port: endpoint.port,
            database: endpoint.database == "postgres" ? "template1" : "postgres",
            user: endpoint.user, password: endpoint.password, tls: endpoint.tls)
    }
}
