import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient

// What makes an empty instance ready for a segment: the home's roles and its whole schema without rows. The whole schema,
// not only the groups' tables, because tables lean on types, functions, extensions and other tables.

/// Roles and schema of the homes.
package struct InstanceSchema: Hashable, Sendable {
    private static let statementTimeout = "60s"
    /// The server's own limit comes first, unless the server is beyond answering.
    private static let statementDeadline = Duration.seconds(70)
    private static let lockTimeout = "10s"
    /// What pg_dumpall and pg_dump may take, each.
    private static let dumpLimit = Duration.seconds(300)
    /// Entries that share a round trip and a commit. Few enough that the locks of one transaction stay far from the
    /// server's limit, and that little is repeated when one fails.
    private static let entriesPerQuery = 64
    /// What `CREATE ROLE` answers for a role that is there.
    private static let duplicateObject = "42710"

    package let roles: RoleDump
    package let schema: SchemaDump

    package init(roles: RoleDump, schema: SchemaDump) {
        self.roles = roles
        self.schema = schema
    }

    package static let empty = InstanceSchema(roles: .empty, schema: .empty)

    /// From a file that `pg_dump --schema-only` wrote, or that a person did.
    package init(file: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw PoolError(.schema, "cannot read the schema file \(file).")
        }
        self.init(roles: .empty, schema: SchemaDump(text: String(decoding: data, as: UTF8.self)))
    }

    /// As it is on `home` now. The roles' passwords can be read by a superuser only.
    package static func capture(
        from home: Endpoint,
        installation: PostgresInstallation
    ) async throws -> InstanceSchema {
        let login = ["-h", home.host, "-p", "\(home.port)", "-U", home.user, "--no-password"]
        let environment = ["PGPASSWORD": home.password ?? "", "PGCONNECT_TIMEOUT": "10"]
        func output(_ program: String, _ arguments: [String]) async throws -> String {
            do {
                let words = [installation.program(program)] + login + arguments
                return try await Command(words, environment: environment).run(within: Self.dumpLimit)
            } catch let error as LocalPostgresError {
                throw PoolError(.schema, "could not read the schema of \(home): \(error.message)")
            }
        }
        async let roles = output("pg_dumpall", ["--roles-only", "-l", home.database])
        async let schema = output(
            "pg_dump",
            [
                "--schema-only", "--lock-wait-timeout=\(Self.lockTimeout)", "--no-publications", "--no-subscriptions",
                "--exclude-schema=\(SchemaDump.ownSchema)", home.database,
            ]
        )
        return InstanceSchema(roles: RoleDump(text: try await roles), schema: SchemaDump(text: try await schema))
    }

    /// With a password for `role` that the instance shall ask for, whatever the role needs on the home.
    package func settingPassword(of role: String, to password: String) -> InstanceSchema {
        let statement = "ALTER ROLE \(quoteIdentifier(role)) PASSWORD \(quoteLiteral(password));"
        return InstanceSchema(roles: RoleDump(statements: roles.statements + [statement]), schema: schema)
    }

    /// Applies it to an instance that has no schema yet. No commit waits for the disk but the last, which takes all before
    /// it to the disk: when this returns, the schema survives a crash as a whole.
    package func apply(to endpoint: Endpoint) async throws {
        guard self != .empty else { return }
        try await withConnection(to: endpoint) { connection in
            try await connection.query(
                "SET statement_timeout = '\(Self.statementTimeout)'; SET synchronous_commit = off",
                deadline: Self.statementDeadline)
            for statement in roles.statements(without: endpoint.user) {
                try Task.checkCancellation()
                do {
                    try await connection.query(statement, deadline: Self.statementDeadline)
                } catch let error as PostgresError where error.sqlState == Self.duplicateObject {
                    continue
                }
            }
            for start in stride(from: 0, to: schema.entries.count, by: Self.entriesPerQuery) {
                try await apply(schema.entries[start...].prefix(Self.entriesPerQuery), over: connection)
            }
            try await flush(connection)
        }
    }

    /// A transaction that writes nothing would not wait.
    private func flush(_ connection: PostgresConnection) async throws {
        try await connection.query(
            "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'foreshard', 'schema applied')",
            deadline: Self.statementDeadline)
    }

    /// Statements of one query are one transaction. If one fails nothing of them is there, so each is tried by itself: that
    /// tells which it is, and some only work alone.
    private func apply(_ entries: ArraySlice<SchemaEntry>, over connection: PostgresConnection) async throws {
        try Task.checkCancellation()
        do {
            try await connection.query(entries.map(\.sql).joined(separator: "\n"), deadline: Self.statementDeadline)
        } catch is PostgresError {
            for entry in entries { try await apply(entry, over: connection) }
        }
    }

    private func apply(_ entry: SchemaEntry, over connection: PostgresConnection) async throws {
        try Task.checkCancellation()
        do {
            try await connection.query(entry.sql, deadline: Self.statementDeadline)
        } catch let error as PostgresError {
            let object = entry.name.isEmpty ? "the schema" : "\(entry.type.lowercased()) \(entry.name)"
            throw PoolError(.schema, "could not make \(object) on \(connection.endpoint): \(error)")
        }
    }
}

/// Lends a connection, and closes it whatever happens.
func withConnection<Result: Sendable>(
    to endpoint: Endpoint,
    deadline: Duration = .seconds(5),
    _ body: (PostgresConnection) async throws -> Result
) async throws -> Result {
    let connection = try await PostgresConnection.connect(
        to: endpoint,
        applicationName: "foreshard pool",
        deadline: deadline
    )
    do {
        let result = try await body(connection)
        await connection.close()
        return result
    } catch {
        await connection.close()
        throw error
    }
}
