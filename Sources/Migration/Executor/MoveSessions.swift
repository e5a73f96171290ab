// The control connections of one move, opened when first needed. Steps that run side by side use different roles, so
// that none waits for the other's statement. Interrupting closes all of them: whatever step is waiting fails.
import ClusterModel
import PostgresClient

actor MoveSessions {
    enum Role: Hashable {
        case control
        /// The branch that runs beside the main one.
        case second
        /// The transaction of a cut-over.
        case lock
    }

    private struct Key: Hashable {
        let side: Side
        let role: Role
    }

    private let endpoints: [Side: Endpoint]
    private let application: String
    private var kept: [Key: PostgresConnection] = [:]
    private var lent: [ObjectIdentifier: PostgresConnection] = [:]
    private var isInterrupted = false
    private var isHalted = false

    init(source: Endpoint, target: Endpoint, application: String) {
        endpoints = [.source: source, .target: target]
        self.application = application
    }

    nonisolated func endpoint(_ side: Side) -> Endpoint { endpoints[side]! }

    func connection(_ side: Side, _ role: Role = .control) async throws -> PostgresConnection {
        let key = Key(side: side, role: role)
        if let connection = kept[key], !connection.isClosed { return connection }
        let connection = try await connect(side, settings: MoveSQL.session, replication: false)
        kept[key] = connection
        return connection
    }

    /// A connection of the caller's own, until `giveBack`.
    func lend(
        _ side: Side,
        settings: [String: String] = MoveSQL.session,
        replication: Bool = false
    ) async throws -> PostgresConnection {
        let connection = try await connect(side, settings: settings, replication: replication)
        lent[ObjectIdentifier(connection)] = connection
        return connection
    }

    func giveBack(_ connection: PostgresConnection) async {
        lent[ObjectIdentifier(connection)] = nil
        await connection.close()
    }

    func close(_ side: Side, _ role: Role) async {
        await kept.removeValue(forKey: Key(side: side, role: role))?.close()
    }

    /// Closes everything and refuses new connections until `renew`.
    func interrupt() async {
        isInterrupted = true
        let all = Array(kept.values) + Array(lent.values)
        kept = [:]
        lent = [:]
        for connection in all { await connection.close() }
    }

    /// Closes everything; whoever needs a connection gets a new one.
    func renew() async {
        await interrupt()
        isInterrupted = isHalted
    }

    /// Closes everything and refuses new connections for good.
    func halt() async {
        isHalted = true
        await interrupt()
    }

    private func connect(
        _ side: Side,
        settings: [String: String],
        replication: Bool
    ) async throws -> PostgresConnection {
        try refuseInterrupted(side)
        let connection = try await PostgresConnection.connect(
            to: endpoint(side),
            applicationName: application,
            replication: replication,
            settings: settings
        )
        guard !isInterrupted else {
            await connection.close()
            throw ConnectionError(.closed, endpoint: endpoint(side), "the move was interrupted")
        }
        return connection
    }

    private func refuseInterrupted(_ side: Side) throws {
        guard isInterrupted else { return }
        throw ConnectionError(.closed, endpoint: endpoint(side), "the move was interrupted")
    }
}
