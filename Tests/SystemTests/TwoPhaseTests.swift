// Transactions over several instances through the built router, which is killed in the middle of them.
import Foundation
import PostgresClient
import Synchronization
import Testing

@Suite(.serialized) struct TwoPhaseTests {
    private static let twoPhase = "router: {distributed_transactions: two_phase}"

    /// What the clients were told of their transactions.
    private final class Ledger: Sendable {
        private let state = Mutex((last: 0, acknowledged: Set<Int>(), isEnded: false, errors: [String: Int]()))

        func next() -> Int? {
            state.withLock { state in
                guard !state.isEnded else { return nil }
                state.last += 1
                return state.last
            }
        }

        func acknowledged(_ number: Int) { state.withLock { _ = $0.acknowledged.insert(number) } }
        func failed(_ state: String) { self.state.withLock { $0.errors[state, default: 0] += 1 } }
        func end() { state.withLock { $0.isEnded = true } }
        var all: Set<Int> { state.withLock { $0.acknowledged } }
        var errors: [String: Int] { state.withLock { $0.errors } }
    }

    /// Each transaction writes three rows, of three keys, all with its number.
    private static func write(_ cluster: TestCluster, _ ledger: Ledger) async {
        while !Task.isCancelled {
            guard let connection = try? await PostgresConnection.connect(to: cluster.router) else {
                if ledger.next() == nil { return }
                try? await Task.sleep(for: .milliseconds(20))
                continue
            }
            do {
                while let number = ledger.next() {
                    try await connection.query("BEGIN")
                    for key in 1...3 {
                        try await connection.query("INSERT INTO kv (k, v) VALUES (\(number * 3 + key), '\(number)')")
                    }
                    try await connection.query("COMMIT")
                    ledger.acknowledged(number)
                }
                await connection.close()
                return
            } catch {
                ledger.failed((error as? PostgresError)?.sqlState ?? "lost")
                await connection.close()
            }
        }
    }

    /// How many rows each transaction has, over both homes.
    private static func rows(_ cluster: TestCluster) async throws -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for home in 1...2 {
            for row in try await cluster.home(home, "SELECT v, count(*) FROM kv GROUP BY v").rows {
                if let number = row[0].flatMap({ Int($0) }), let count = row[1].flatMap({ Int($0) }) {
                    counts[number, default: 0] += count
                }
            }
        }
        return counts
    }

    private static func prepared(_ cluster: TestCluster) async throws -> Int {
        var count = 0
        for home in 1...2 {
            count += try await cluster.home(home, "SELECT gid FROM pg_prepared_xacts").rows.count
        }
        return count
    }

    @Test(.timeLimit(.minutes(5))) func aRouterThatIsKilledLeavesNoHalfOfATransaction() async throws {
        let cluster = try await TestCluster.start(extra: Self.twoPhase)
        do {
            let ledger = Ledger()
            var generator = SystemRandomNumberGenerator()
            var left: [Int] = []
            var program = try await ServingProgram.start(config: cluster.config)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 { group.addTask { await Self.write(cluster, ledger) } }
                for _ in 0..<8 {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 100...500, using: &generator)))
                    await program.kill()
                    left.append(try await Self.prepared(cluster))
                    program = try await ServingProgram.start(config: cluster.config)
                }
                try await Task.sleep(for: .milliseconds(300))
                ledger.end()
                try await group.waitForAll()
            }
            try await program.waitUntil("nothing is prepared") { try await Self.prepared(cluster) == 0 }
            let rows = try await Self.rows(cluster)
            #expect(rows.values.allSatisfy { $0 == 3 })
            let acknowledged = ledger.all
            #expect(acknowledged.count > 50)
            #expect(acknowledged.subtracting(rows.keys).isEmpty)
            let both = try await cluster.home(1, "SELECT count(*) FROM kv").scalar() ?? ""
            #expect(both != "0" && both != "\(rows.count * 3)")
            print(
                "measured: \(acknowledged.count) acknowledged, \(rows.count - acknowledged.count) more committed, "
                    + "branches prepared at the kills \(left), errors \(ledger.errors)")
            await program.stop()
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// What an earlier process left is ended by what it wrote, before the router listens.
    @Test(.timeLimit(.minutes(2))) func whatWasLeftPreparedFollowsTheDecision() async throws {
        let cluster = try await TestCluster.start(extra: Self.twoPhase)
        do {
            let first = try await ServingProgram.start(config: cluster.config)
            await first.stop()
            let name = try await Self.catalog(cluster, "SELECT value FROM settings WHERE name = 'cluster'")
            for home in 1...2 {
                for (number, key) in [(1, 10), (2, 20), (3, 30)] {
                    let branch = number == 3 ? "mine" : "foreshard:\(name):1.\(number):\(home - 1)"
                    _ = try await cluster.home(
                        home,
                        "BEGIN; INSERT INTO kv VALUES (\(key + home), 'left'); PREPARE TRANSACTION '\(branch)\(number == 3 ? "\(home)" : "")'"
                    )
                }
            }
            _ = try await Self.catalog(
                cluster, "INSERT INTO commits VALUES (1, 1, '[\"home-1\",\"home-2\"]')")
            let second = try await ServingProgram.start(config: cluster.config)
            for home in 1...2 {
                #expect(try await cluster.home(home, "SELECT k FROM kv WHERE v = 'left'").rows == [["\(10 + home)"]])
                #expect(try await cluster.home(home, "SELECT gid FROM pg_prepared_xacts").rows == [["mine\(home)"]])
                _ = try await cluster.home(home, "ROLLBACK PREPARED 'mine\(home)'")
            }
            try await second.waitUntil("the decision is forgotten") {
                try await Self.catalog(cluster, "SELECT count(*) FROM commits") == "0"
            }
            await second.stop()
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// One statement on the catalog, past the program.
    private static func catalog(_ cluster: TestCluster, _ sql: String) async throws -> String {
        let program = """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1], timeout=10)
            row = db.execute(sys.argv[2]).fetchone()
            db.commit()
            print(row[0] if row else "", end="")
            """
        let result = try await runProgram(
            "/usr/bin/python3", ["-c", program, cluster.directory + "/data/catalog.sqlite", sql])
        #expect(result.status == 0, "\(result.all)")
        return result.output
    }

    @Test(.timeLimit(.minutes(3))) func driversSpanInstances() async throws {
        try await withServedCluster(extra: Self.twoPhase) { cluster, _ in
            try await DriverPrograms.python(
                "distributed_session.py", "127.0.0.1:\(cluster.port)/\(cluster.database)")
            #expect(try await Self.prepared(cluster) == 0)
            for home in 1...2 { #expect(try await cluster.home(home, "SELECT count(*) FROM kv").scalar() != "0") }
        }
    }

    @Test func aHomeThatCannotPrepareIsToldAtTheStart() async throws {
        let cluster = try await TestCluster.start(extra: Self.twoPhase, settings: ["max_prepared_transactions": "0"])
        let result = try await cluster.foreshard("serve")
        #expect(result.status != 0)
        #expect(result.all.contains("instance home-2 cannot prepare transactions"), "\(result.all)")
        await cluster.stop()
    }
}
