import ClusterModel
import PostgresClient
import Testing

@testable import Migration

extension LiveTests {
    @Suite(.serialized)
    struct ConcurrentWriterTests {
        @Test("Under concurrent writers nothing is lost, nothing duplicated, nobody routed sees an error")
        func writers() async throws {
            let cluster = try await TestCluster.make(rows: 1200)
            let key = try await cluster.aKey()
            let writers = Writers(cluster, key: key)
            let writing = Task { try await writers.run(routed: 3, direct: 1) }
            let executor = cluster.executor { $0.cutOverAttemptsMax = 5 }

            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            for _ in 0..<3 {
                _ = try await executor.cutOver(cluster.move)
                try await Task.sleep(for: .milliseconds(50))
                _ = try await executor.revert(cluster.move)
            }
            let record = try await executor.cutOver(cluster.move)
            writers.stop()
            try await writing.value

            #expect(writers.failures.isEmpty, "\(writers.failures.prefix(3))")
            #expect(writers.inserted.count > 20)
            try await expectAcknowledged(writers, cluster, key: key)
            try await cluster.expectInvariants()
            try await expectEqualSides(cluster)

            _ = try await executor.finalize(cluster.move, grace: .zero)
            try await cluster.expectNoLeftovers(owner: TestCluster.contingent)
            try await expectAcknowledged(writers, cluster, key: key)
            #expect(record.report.blocks.filter(\.wasDecided).count == 7)
        }

        private func expectAcknowledged(_ writers: Writers, _ cluster: TestCluster, key: Int) async throws {
            let ids = try await cluster.query(
                "SELECT id FROM customers WHERE tenant = \(key) AND id >= 1000",
                on: TestCluster.contingent
            ).rows.compactMap { Int($0[0] ?? "") }
            #expect(ids.sorted() == writers.inserted.sorted(), "inserted rows")
            let counter = try await cluster.query(
                "SELECT counter FROM customers WHERE tenant = \(key) AND id = 1",
                on: TestCluster.contingent
            )
            #expect(counter.scalar() == String(writers.increments), "increments")
        }

        /// In probation the old owner follows: soon it holds the same.
        private func expectEqualSides(_ cluster: TestCluster) async throws {
            let owner = try await cluster.contents(on: TestCluster.contingent, ofSegment: true)
            let end = ContinuousClock.now + .seconds(5)
            while try await cluster.contents(on: TestCluster.home, ofSegment: true) != owner {
                guard ContinuousClock.now < end else {
                    Issue.record("the hot spare does not catch up")
                    return
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        @Test("A stale router's write meets the fence in every isolation level")
        func staleRouter() async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let executor = cluster.executor()
            let key = try await cluster.aKey()
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            let stale = try await cluster.connect(TestCluster.home)
            for level in ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
                try await stale.query("BEGIN ISOLATION LEVEL \(level); SELECT count(*) FROM customers")
                _ = try await executor.cutOver(cluster.move)
                let error = await #expect(throws: PostgresError.self, "\(level)") {
                    try await stale.query("UPDATE customers SET name = 'stale' WHERE tenant = \(key)")
                }
                #expect(error?.sqlState == MoveSQL.notOwnerState)
                try await stale.query("ROLLBACK")
                _ = try await executor.revert(cluster.move)
            }
            await stale.close()
            _ = try await executor.abort(cluster.move)
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("While it moves, a segment's keys cannot change and its tables cannot be truncated")
        func refusedStatements() async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let executor = cluster.executor()
            let key = try await cluster.aKey()
            let outside =
                try await cluster.query(
                    "SELECT tenant FROM customers WHERE NOT (\(cluster.sql.predicate(cluster.group.tables[0]))) LIMIT 1",
                    on: TestCluster.home
                ).scalar() ?? ""
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            for statement in [
                "UPDATE items SET tenant = \(outside) WHERE tenant = \(key)",
                "UPDATE items SET tenant = \(key) WHERE tenant = \(outside)", "TRUNCATE items",
            ] {
                let error = await #expect(throws: PostgresError.self, "\(statement)") {
                    try await cluster.query(statement, on: TestCluster.home)
                }
                #expect(error?.sqlState == "0A000")
            }
            _ = try await executor.abort(cluster.move)
            try await cluster.query("TRUNCATE items", on: TestCluster.home)
        }

        @Test("Sequences go on beyond what the old owner drew")
        func sequences() async throws {
            let cluster = try await TestCluster.make(rows: 300)
            let executor = cluster.executor()
            let key = try await cluster.aKey()
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            _ = try await executor.cutOver(cluster.move)
            let insert = "INSERT INTO orders (tenant, customer) VALUES (\(key), 1) RETURNING id"
            let there = Int(try await cluster.query(insert, on: TestCluster.contingent).scalar() ?? "") ?? 0
            #expect(there > 100 + Int(MoveSQL.sequenceGap) - 1)
            _ = try await executor.revert(cluster.move)
            let here = Int(try await cluster.query(insert, on: TestCluster.home).scalar() ?? "") ?? 0
            #expect(here > there)
        }
    }
}
