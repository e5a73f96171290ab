import ClusterModel
import PostgresClient
import Testing

@testable import Migration

/// Moves between two real servers. One after the other: the machine has two cores.
@Suite(.serialized)
struct LiveTests {}

extension LiveTests {
    @Suite(.serialized)
    struct LiveMoveTests {
        @Test("A move goes to the target, comes back by revert, goes again, ends, and leaves nothing")
        func wholeLife() async throws {
            let cluster = try await TestCluster.make()
            let executor = cluster.executor()
            let others = try await cluster.contents(on: TestCluster.home, ofSegment: false)
            let rows = try await cluster.contents(on: TestCluster.home, ofSegment: true)

            var record = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            #expect(record.state == .ready)
            #expect(record.report.rowsCopied == (try await cluster.segmentRows(on: TestCluster.home)))
            try await cluster.expectInvariants()
            #expect(try await cluster.contents(on: TestCluster.contingent, ofSegment: true) == rows)

            record = try await executor.cutOver(cluster.move)
            #expect(record.state == .probation)
            #expect(await cluster.gate.owner == TestCluster.contingent)
            try await cluster.expectInvariants()
            let key = try await cluster.aKey()
            try await cluster.query(
                "INSERT INTO customers (tenant, id) VALUES (\(key), 99)",
                on: TestCluster.contingent
            )

            record = try await executor.revert(cluster.move)
            #expect(record.state == .ready)
            #expect(await cluster.gate.owner == TestCluster.home)
            try await cluster.expectInvariants()
            #expect(
                try await cluster.query("SELECT count(*) FROM customers WHERE tenant = \(key) AND id = 99", on: "home")
                    .scalar() == "1",
                "what the target took is on the source"
            )

            record = try await executor.cutOver(cluster.move)
            record = try await executor.finalize(cluster.move, grace: .zero)
            #expect(record.state == .finished)
            #expect(record.report.blocks.map(\.wasDecided) == [true, true, true])
            try await cluster.expectNoLeftovers(owner: TestCluster.contingent)
            #expect(try await cluster.contents(on: TestCluster.home, ofSegment: false) == others)
            let timed = Set(record.report.timings.map(\.step))
            #expect(timed.isSuperset(of: [.precheck, .copy, .verify, .fence, .decide, .own, .dropStreams, .deleteRows]))
            #expect(record.report.bytesCopied > 0)
            #expect(record.report.preparedInMilliseconds != nil)
        }
    }
}
