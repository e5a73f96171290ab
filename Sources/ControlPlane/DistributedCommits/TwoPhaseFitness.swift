// Whether the homes can prepare transactions at all: PostgreSQL's default is that they cannot.
import ClusterModel
import PostgresClient

enum TwoPhaseFitness {
    /// - Throws: `ClusterError` for all homes that cannot, `ConnectionError`, `PostgresError`.
    static func check(_ homes: [Instance]) async throws {
        var problems: [String] = []
        for home in homes {
            let connection = try await PostgresConnection.connect(to: home.endpoint, deadline: .seconds(5))
            let limit = try await connection.query("SHOW max_prepared_transactions", deadline: .seconds(5)).rows
            await connection.close()
            if limit.first?.first == "0" {
                problems.append(
                    "instance \(home.id) cannot prepare transactions: ALTER SYSTEM SET max_prepared_transactions to its "
                        + "`connections` or more and restart it, or set router.distributed_transactions to refuse")
            }
        }
        guard problems.isEmpty else { throw ClusterError(problems.joined(separator: "\n")) }
    }
}
