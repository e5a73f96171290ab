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
            #expect(
                timed.isSuperset(of: [.precheck, .copy, .verify, .fence, .decide, .own, .dropStreams, .deleteRows]))
            #expect(record.report.bytesCopied > 0)
            #expect(record.report.preparedInMilliseconds != nil)
        }

        @Test("Moves between the same instances, both ways, are cut over together")
        func together() async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let neighbour = TestCluster(
                endpoints: cluster.endpoints, group: cluster.group,
                segment: Segment(id: "shop-2", group: cluster.group.id, arc: HashArc.equalParts(4)[2]))
            let there = cluster.executor { $0.vacuumYieldsWithin = .milliseconds(700) }
            let back = neighbour.executor { $0.vacuumYieldsWithin = .milliseconds(700) }
            _ = try await there.start(cluster.order(), epoch: .initial)
            _ = try await back.start(neighbour.order("b"), epoch: .initial)
            _ = try await there.cutOver(cluster.move)
            // One move goes to the target as the other comes back: what is the source to one is the target to the other.
            for _ in 1...20 {
                async let first = there.revert(cluster.move)
                async let second = back.cutOver(neighbour.order("b").id)
                #expect(try await (first.state, second.state) == (.ready, .probation))
                async let third = there.cutOver(cluster.move)
                async let fourth = back.revert(neighbour.order("b").id)
                #expect(try await (third.state, fourth.state) == (.probation, .ready))
            }
            _ = try await there.revert(cluster.move)
            _ = try await there.abort(cluster.move)
            _ = try await back.abort(neighbour.order("b").id)
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }
    }
}
