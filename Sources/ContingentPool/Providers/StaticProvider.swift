// Instances that somebody else runs: they are never started or stopped, only filled and emptied.
//
// Invariant: only a database that was empty when it was first seen is ever emptied. `provision` refuses any other, and
// leaves a marker in an empty one; `wipe` refuses a database without the marker. A wrong address in a configuration
// therefore destroys nothing.
import ClusterModel
import PostgresClient

/// Provides databases at given addresses.
package struct StaticProvider: Provider {
    private static let marker = "foreshard_pool"
    /// What a wipe may wait for locks.
    private static let lockTimeout = "5s"
    private static let lookDeadline = Duration.seconds(10)
    /// Dropping tables takes as long as the system takes to give their files up.
    private static let changeDeadline = Duration.seconds(120)

    /// One database of somebody else's server.
    package struct Offer: Sendable {
        package let endpoint: Endpoint
        package let terms: InstanceTerms

        package init(endpoint: Endpoint, terms: InstanceTerms) {
            self.endpoint = endpoint
            self.terms = terms
        }
    }

    package let name = "static"
    private let offers: [InstanceID: Offer]

    package init(offers: [InstanceID: Offer]) { self.offers = offers }

    package var instances: [InstanceID] { offers.keys.sorted() }

    package func terms(of instance: InstanceID) -> InstanceTerms? { offers[instance]?.terms }

    package func provision(_ instance: InstanceID) async throws {
        try await withConnection(to: endpoint(instance)) { connection in
            guard try await !isMarked(connection) else { return try await empty(connection) }
            let contents = try await DatabaseContents.list(over: connection, besides: Self.marker)
            guard contents.isEmpty else {
                throw PoolError(
                    .notEmpty,
                    "\(connection.endpoint) is not empty: it holds \(contents.joined(separator: ", ")). "
                        + "The pool empties its databases after use, so give it one that is empty now."
                )
            }
            try await connection.query("CREATE SCHEMA \(Self.marker)", deadline: Self.lookDeadline)
        }
    }

    package func start(_ instance: InstanceID) async throws -> Endpoint {
        let endpoint = try endpoint(instance)
        try await checkAnswers(endpoint)
        return endpoint
    }

    package func stop(_ instance: InstanceID) async throws {}

    package func wipe(_ instance: InstanceID) async throws {
        try await withConnection(to: endpoint(instance)) { connection in
            guard try await isMarked(connection) else {
                throw PoolError(
                    .notEmpty,
                    "\(connection.endpoint) has lost the pool's mark, schema \(Self.marker): not emptied."
                )
            }
            try await empty(connection)
        }
    }

    package func remove(_ instance: InstanceID) async throws {
        try await withConnection(to: endpoint(instance)) { connection in
            guard try await isMarked(connection) else { return }
            try await empty(connection)
            try await connection.query("DROP SCHEMA \(Self.marker)", deadline: Self.lookDeadline)
        }
    }

    package func check(_ instance: InstanceID, at endpoint: Endpoint) async throws { try await checkAnswers(endpoint) }

    /// A role belongs to the whole server, and so reaches databases that are none of the pool's; and it may not be ours to
    /// make.
    package func lendingObstacle(of instance: InstanceID) -> String? {
        "it is a database on a server that somebody else runs, where the pool keeps to that database and makes no roles. "
            + "Members of the provider `local` can be lent"
    }

    private func endpoint(_ instance: InstanceID) throws -> Endpoint {
        guard let offer = offers[instance] else {
            throw PoolError(.unknownMember, "\(instance) is not among the configured static instances.")
        }
        return offer.endpoint
    }

    private func isMarked(_ connection: PostgresConnection) async throws -> Bool {
        let mark = try await connection.execute(
            "SELECT 1 FROM pg_namespace WHERE nspname = $1", [Self.marker], deadline: Self.lookDeadline)
        return mark.scalar() != nil
    }

    /// Drops every schema but the mark, with all that is in them, and makes `public` as initdb does.
    private func empty(_ connection: PostgresConnection) async throws {
        let schemas = try await connection.query(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN "
                + "('information_schema', \(quoteLiteral(Self.marker)))",
            deadline: Self.lookDeadline
        )
        let drops = schemas.rows.compactMap { $0[0] }.map { "DROP SCHEMA \(quoteIdentifier($0)) CASCADE;" }
        let extensions = try await connection.query(
            "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'", deadline: Self.lookDeadline)
        let extensionDrops = extensions.rows.compactMap { $0[0] }
            .map { "DROP EXTENSION IF EXISTS \(quoteIdentifier($0)) CASCADE;" }
        // Several statements of one query are one transaction.
        try await connection.query(
            """
            SET LOCAL lock_timeout = '\(Self.lockTimeout)'; \(extensionDrops.joined()) \(drops.joined())
            CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC
            """,
            deadline: Self.changeDeadline
        )
        let left = try await DatabaseContents.list(over: connection, besides: Self.marker)
        guard left.isEmpty else {
            throw PoolError(
                .notEmpty,
                "\(connection.endpoint) could not be emptied: it still holds \(left.joined(separator: ", "))."
            )
        }
    }
}
