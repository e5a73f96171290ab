// Concurrent clients of one segment that keep a ledger of what was acknowledged to them. A routed client goes through
// the gate; a direct one writes to the home whatever the router says, as a stale router would.
import ClusterModel
import PostgresClient
import Synchronization

@testable import Migration

final class Writers: Sendable {
    private struct Ledger {
        var inserted: [Int] = []
        var increments = 0
        var refused = 0
        var failures: [String] = []
        var nextID = 1000
    }

    private let cluster: TestCluster
    private let key: Int
    private let ledger = Mutex(Ledger())
    private let isStopped = Mutex(false)

    init(_ cluster: TestCluster, key: Int) {
        self.cluster = cluster
        self.key = key
    }

    var inserted: [Int] { ledger.withLock { $0.inserted } }
    var increments: Int { ledger.withLock { $0.increments } }
    var refused: Int { ledger.withLock { $0.refused } }
    var failures: [String] { ledger.withLock { $0.failures } }

    func stop() { isStopped.withLock { $0 = true } }

    /// Writes until `stop`.
    func run(routed: Int, direct: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<routed { group.addTask { try await self.write(isRouted: true) } }
            for _ in 0..<direct { group.addTask { try await self.write(isRouted: false) } }
            try await group.waitForAll()
        }
    }

    private func write(isRouted: Bool) async throws {
        var connections: [InstanceID: PostgresConnection] = [:]
        for instance in TestCluster.instances { connections[instance] = try await cluster.connect(instance) }
        let open = connections
        while !isStopped.withLock({ $0 }) {
            let id = ledger.withLock { ledger in
                ledger.nextID += 1
                return ledger.nextID
            }
            if isRouted {
                await cluster.gate.transaction { await self.transaction(id, on: open[$0]!, isRouted: true) }
            } else {
                await transaction(id, on: open[TestCluster.home]!, isRouted: false)
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        for connection in open.values { await connection.close() }
    }

    /// One insert and one increment of a shared counter, both or none; every third in REPEATABLE READ.
    private func transaction(_ id: Int, on connection: PostgresConnection, isRouted: Bool) async {
        let level = id % 3 == 0 ? "REPEATABLE READ" : "READ COMMITTED"
        do {
            try await connection.query(
                """
                BEGIN ISOLATION LEVEL \(level);
                INSERT INTO customers (tenant, id, name) VALUES (\(key), \(id), 'written');
                UPDATE customers SET counter = counter + 1 WHERE tenant = \(key) AND id = 1;
                COMMIT
                """
            )
            ledger.withLock { ledger in
                ledger.inserted.append(id)
                ledger.increments += 1
            }
        } catch let error as PostgresError {
            _ = try? await connection.query("ROLLBACK")
            ledger.withLock { ledger in
                if error.sqlState == MoveSQL.notOwnerState && !isRouted || error.sqlState == "40001" {
                    ledger.refused += 1
                } else {
                    ledger.failures.append("\(error)")
                }
            }
        } catch {
            ledger.withLock { $0.failures.append("\(error)") }
        }
    }
}
