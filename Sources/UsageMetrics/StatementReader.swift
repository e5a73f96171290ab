// Reads pg_stat_statements of one instance (PostgreSQL documentation, "pg_stat_statements"). What it has is told by the
// columns of its view, not by the server's version, because an extension may be older than its server:
//
//   total_time       up to PostgreSQL 12; since 13 total_plan_time and total_exec_time
//   toplevel, and the view pg_stat_statements_info, since PostgreSQL 14

import ClusterModel
import PostgresClient

/// The statistics of the statements of one database.
package struct StatementReader: Sendable {
    /// More shapes than this are not read at once.
    package static let shapesMax = 50_000
    /// Characters of a shape's text that are kept.
    private static let textMax = 1000

    private let instance: InstanceID
    private let endpoint: Endpoint
    /// Of everything together.
    private let deadline: Duration

    package init(_ instance: Instance, deadline: Duration = .seconds(3)) {
        self.instance = instance.id
        endpoint = instance.endpoint
        self.deadline = deadline
    }

    /// The counters now, and the texts of `wanted` as far as they are found.
    ///
    /// - Parameter now: cluster time.
    /// - Throws: `UsageMetricsError` when the extension is missing or the user may not read it; what the connection
    ///   throws.
    package func read(
        at now: Timestamp, textsOf wanted: [StatementKey] = []
    ) async throws -> (snapshot: StatementSnapshot, texts: [StatementKey: String]) {
        let end = ContinuousClock.now + deadline
        let connection = try await PostgresConnection.connect(to: endpoint, deadline: deadline)
        do {
            let read = try await read(connection, at: now, textsOf: wanted, before: end)
            await connection.close()
            return read
        } catch let error as PostgresError {
            await connection.close()
            throw explained(error)
        } catch {
            await connection.close()
            throw error
        }
    }

    private func read(
        _ connection: PostgresConnection, at now: Timestamp, textsOf wanted: [StatementKey],
        before end: ContinuousClock.Instant
    ) async throws -> (StatementSnapshot, [StatementKey: String]) {
        guard let layout = try await StatementLayout(connection, deadline: Self.left(until: end)) else { throw missing }
        let info = try await connection.query(layout.infoQuery, deadline: Self.left(until: end)).rows.first ?? []
        let rows = try await connection.query(
            layout.countersQuery(limit: Self.shapesMax + 1), deadline: Self.left(until: end)
        ).rows
        guard rows.count <= Self.shapesMax else {
            throw UsageMetricsError(
                .tooLarge,
                "instance \(instance): over \(Self.shapesMax) shapes in pg_stat_statements: lower its setting `max`"
            )
        }
        var counters: [StatementKey: StatementCounters] = [:]
        for row in rows {
            guard let key = StatementKey(row) else { throw notPermitted }
            guard row.count == 5, let calls = row[3].flatMap({ Double($0) }), let time = row[4].flatMap({ Double($0) })
            else {
                throw UsageMetricsError(
                    .notNumeric, "instance \(instance): pg_stat_statements has a row whose calls or time are no numbers"
                )
            }
            counters[key, default: .zero] += StatementCounters(calls: calls, seconds: time / 1000)
        }
        let snapshot = StatementSnapshot(
            at: now, serverStart: info.first.flatMap { $0 } ?? "", statsReset: info.count > 2 ? info[2] : nil,
            evictions: info.count > 3 ? info[3].flatMap { Int($0) } : nil,
            shapesMax: info.count > 1 ? info[1].flatMap { Int($0) } ?? Self.shapesMax : Self.shapesMax,
            counters: counters)
        return (snapshot, try await texts(connection, layout, wanted, before: end))
    }

    private func texts(
        _ connection: PostgresConnection, _ layout: StatementLayout, _ wanted: [StatementKey],
        before end: ContinuousClock.Instant
    ) async throws -> [StatementKey: String] {
        guard !wanted.isEmpty else { return [:] }
        let query = layout.textsQuery(queries: wanted.map(\.query), textMax: Self.textMax)
        var texts: [StatementKey: String] = [:]
        for row in try await connection.query(query, deadline: Self.left(until: end)).rows {
            guard let key = StatementKey(row), row.count == 4, let text = row[3] else { continue }
            texts[key] = text
        }
        return texts
    }

    private static func left(until end: ContinuousClock.Instant) -> Duration {
        max(.milliseconds(1), end - ContinuousClock.now)
    }

    private var missing: UsageMetricsError {
        UsageMetricsError(
            .extensionMissing,
            """
            instance \(instance): database \(endpoint.database) has no pg_stat_statements. Set \
            shared_preload_libraries = 'pg_stat_statements' and restart the server, then run there: \
            CREATE EXTENSION pg_stat_statements
            """)
    }

    private var notPermitted: UsageMetricsError {
        UsageMetricsError(
            .notPermitted,
            "instance \(instance): \(endpoint.user) may not read the statements of others: GRANT pg_read_all_stats TO "
                + quoteIdentifier(endpoint.user))
    }

    private func explained(_ error: PostgresError) -> any Error {
        switch error.sqlState {
        // The extension is there and the library is not loaded: object_not_in_prerequisite_state.
        case "55000": missing
        case "42501": notPermitted
        default: error
        }
    }
}

extension StatementKey {
    /// From the columns user, query, top level; nil when the query is hidden from us.
    fileprivate init?(_ row: [String?]) {
        guard row.count >= 3, let user = row[0], let query = row[1] else { return nil }
        self.init(user: user, query: query, isTopLevel: row[2] != "f")
    }
}
