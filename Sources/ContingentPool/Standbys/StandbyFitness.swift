// Whether a server of this machine can be a physical copy of a home, and which settings the two have to share.
// PostgreSQL documentation: "Hot Standby", "Administrator's Overview" (settings that a standby must not have lower);
// pg_settings.category.
import ClusterModel
import PostgresClient

enum StandbyFitness {
    private static let within = Duration.seconds(10)

    /// A successor behaves as the home does: how it plans, what it loads, how its sessions begin. Where it listens, logs and
    /// archives is its own.
    private static let shared = """
        SELECT name, current_setting(name) FROM pg_settings
        WHERE name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions',
                'max_locks_per_transaction', 'max_replication_slots', 'wal_level')
            OR (source IN ('configuration file', 'command line')
                AND (category LIKE 'Client Connection Defaults / %' OR category LIKE 'Query Tuning / %'
                    OR category LIKE 'Version and Platform Compatibility / %'
                    OR category IN ('Autovacuum', 'Customized Options', 'Lock Management', 'Resource Usage / Memory',
                        'Write-Ahead Log / Settings', 'Write-Ahead Log / Checkpoints')))
        """

    /// - Returns: the settings that a copy shares with the home.
    /// - Throws: `PoolError.standbyRefused`, with what keeps it from having one.
    static func look(at home: Endpoint, ourMajorVersion: Int) async throws -> [String: String] {
        try await withConnection(to: home) { connection in
            let facts =
                try await connection.query(
                    """
                    SELECT current_setting('server_version_num')::int / 10000, pg_is_in_recovery(),
                        (SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global'))
                    """, deadline: within
                ).rows.first ?? []
            guard facts.count == 3, let version = facts[0] else {
                throw PoolError(.standbyRefused, "\(home) does not tell its version")
            }
            guard version == "\(ourMajorVersion)" else {
                throw PoolError(
                    .standbyRefused,
                    "\(home) is PostgreSQL \(version) and this machine has \(ourMajorVersion): a physical standby needs "
                        + "the same major version. Install it here, and set FORESHARD_PG_BIN to its programs.")
            }
            guard facts[1] == "f" else { throw PoolError(.standbyRefused, "\(home) is a standby itself") }
            guard facts[2] == "0" else {
                throw PoolError(
                    .standbyRefused,
                    "\(home) has tablespaces, whose directories a copy on this machine cannot have: make its standby "
                        + "yourself and name it under `standby`.")
            }
            let rows = try await connection.query(shared, deadline: within).rows
            let pairs = rows.compactMap { row in row.first.flatMap(\.self).flatMap { name in row[1].map { (name, $0) } }
            }
            return Dictionary(pairs, uniquingKeysWith: { $1 })
        }
    }
}
