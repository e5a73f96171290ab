// Whether commits of a home wait for a standby of the pool: `synchronous_standby_names`, changed by ALTER SYSTEM.
//
// Invariant: only a setting that is empty, or names one member of the pool and nothing else, is ever changed. What a person
// wrote there stays.
import ClusterModel
import PostgresClient
import Takeover

enum HomeConfirmation {
    private static let within = Duration.seconds(5)
    /// Our own statements wait for nobody.
    private static let session = ["synchronous_commit": "local"]

    /// - Parameter members: all of the pool: the setting may still name another one.
    static func begin(at home: Endpoint, by member: InstanceID, besides members: Set<InstanceID>) async throws {
        try await connected(to: home) { connection in
            let text = try await present(connection)
            if self.member(in: text, of: members) == member { return }
            guard text.isEmpty || self.member(in: text, of: members) != nil else {
                throw ClusterError(
                    "synchronous_standby_names is '\(text)' there, which is not Foreshard's: add \(quoted(member)) to it, "
                        + "or empty it")
            }
            try await set(quoted(member), connection)
        }
    }

    /// - Returns: whether commits waited for one of them.
    static func end(at home: Endpoint, by members: Set<InstanceID>) async throws -> Bool {
        try await connected(to: home) { connection in
            guard member(in: try await present(connection), of: members) != nil else { return false }
            try await set("", connection)
            return true
        }
    }

    /// The member that is named, alone; nil when there is nothing, or anything else.
    static func member(in text: String, of members: Set<InstanceID>) -> InstanceID? {
        guard let names = SynchronousStandbys(text), names.count == 1, names.names.count == 1 else { return nil }
        return names.names.first.map { InstanceID($0) }.flatMap { members.contains($0) ? $0 : nil }
    }

    private static func quoted(_ member: InstanceID) -> String { "\"\(member.text.replacing("\"", with: "\"\""))\"" }

    private static func present(_ connection: PostgresConnection) async throws -> String {
        try await connection.query("SHOW synchronous_standby_names", deadline: within).scalar() ?? ""
    }

    private static func set(_ value: String, _ connection: PostgresConnection) async throws {
        try await connection.query(
            "ALTER SYSTEM SET synchronous_standby_names = \(quoteLiteral(value))", deadline: within)
        try await connection.query("SELECT pg_reload_conf()", deadline: within)
    }

    private static func connected<Result: Sendable>(
        to home: Endpoint, _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await PostgresConnection.connect(
            to: home, applicationName: "foreshard takeover", settings: session, deadline: within)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}
