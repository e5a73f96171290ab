import ClusterModel
import NIOCore
import Testing
import WireProtocol

@testable import Proxy

/// What becomes of reads of several segments in transactions, under limits, when they are ended from outside, and while
/// segments change their instance.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LiveScatterBehaviourTests {
    private static let slow = "select count(*), max(pg_sleep(0.02)::text) from orders"

    private static func states(_ client: RawClient, _ messages: FrontendMessage...) async throws -> [SQLState] {
        var bytes = ByteBuffer()
        for message in messages { message.write(into: &bytes) }
        try await client.send(bytes)
        return await client.answer().compactMap {
            if case .errorResponse(let error) = $0 { error.sqlState } else { nil }
        }
    }

    private static func isAtRest(_ router: Proxy) async -> Bool {
        await router.status()?.pools.allSatisfy { $0.leased == 0 && $0.waiting == 0 } == true
    }

    @Test func blocksReadOneInstance() async throws {
        try await ScatterFixture.with { fixture in
            let client = fixture.scattered
            #expect(try await Self.states(client, .query("begin")) == [])
            #expect(try await Self.states(client, .query("select count(*) from orders")) == [.featureNotSupported])
            #expect(try await Self.states(client, .query("select 1")) == [.inFailedTransaction])
            #expect(try await Self.states(client, .query("rollback")) == [])
            #expect(
                try await Self.states(client, .query("select count(*) from orders; select 1")) == [.featureNotSupported]
            )
            // With all segments at one instance the statement goes there as it is.
            var table = try ScatterFixture.table()
            for segment in ScatterFixture.segments { table = table.relocating(segment.id, to: "home-2") }
            await fixture.router.publish(table)
            #expect(try await Self.states(client, .query("begin")) == [])
            #expect(try await Self.states(client, .query("select count(*) from orders")) == [])
            #expect(try await Self.states(client, .query("commit")) == [])
            #expect(await fixture.router.status()?.counters.scatteredReads == 0)
        }
    }

    /// With two-phase commit a block reads all instances, on its own branches: it sees what it wrote, nobody else does.
    @Test func blocksReadAllInstancesOnTheirBranches() async throws {
        try await ScatterFixture.with(commitLog: TestCommitLog()) { fixture in
            let statements = [
                "begin isolation level repeatable read", "select count(*), sum(total), max(status) from orders",
                "update orders set total = 1, status = 'mine' where customer_id = 5",
                "select status, count(*), sum(total) from orders group by status order by status nulls last",
                "savepoint s", "delete from orders where customer_id = 11",
                "insert into orders (customer_id, id, status) values (7, 700, 'more'), (8, 700, 'more'), (9, 700, 'more')",
                "select customer_id, id, status from orders where id = 700 or status = 'mine' order by 1, 2",
                "select count(*) from orders", "rollback to s",
                "select customer_id, id, status from orders where id = 700 or status = 'mine' order by 1, 2",
                "select o.id, i.sku from orders o join items i on i.customer_id = o.customer_id and i.order_id = o.id "
                    + "order by o.customer_id, o.id, i.line limit 20",
                "show transaction_isolation", "select count(*) from customers", "commit",
                "select count(*), sum(total), max(status) from orders",
            ]
            for sql in statements {
                var answers: [[BackendMessage]] = []
                for client in [fixture.whole, fixture.scattered] {
                    try await client.send(.query(sql))
                    answers.append(
                        await client.answer().filter { if case .rowDescription = $0 { false } else { true } })
                }
                #expect(answers[0] == answers[1], "\(sql)")
                if sql.hasPrefix("update") {
                    let other = try await RawClient.connect(to: fixture.address, user: "app")
                    _ = await other.answer()
                    try await other.send(.query("select count(*) from orders where status = 'mine'"))
                    #expect(DistributedFixture.Answer(await other.answer()).rows == ["0"])
                    try await other.close()
                }
            }
            #expect(await Self.isAtRest(fixture.router))
            let counters = await fixture.router.status()?.counters
            #expect(counters?.distributedCommits == 1)
            #expect(counters?.scatteredReads == 9)
        }
    }

    /// An error in such a read, a cancel, a client that leaves: nothing of the block stays, and no connection with it.
    @Test func blocksEndWithAReadThatFails() async throws {
        try await ScatterFixture.with(commitLog: TestCommitLog()) { fixture in
            let client = fixture.scattered
            for failing in ["select count(*), max(1 / (id - 3)) from orders", "select nothing from orders"] {
                #expect(try await Self.states(client, .query("begin")) == [])
                #expect(
                    try await Self.states(client, .query("update orders set status = 'gone' where customer_id = 5"))
                        == [])
                #expect(try await Self.states(client, .query(failing)).count == 1)
                #expect(try await Self.states(client, .query("select count(*) from orders")) == [.inFailedTransaction])
                #expect(try await Self.states(client, .query("commit")) == [])
                try await eventually { await Self.isAtRest(fixture.router) }
            }
            #expect(try await Self.states(client, .query("begin")) == [])
            #expect(
                try await Self.states(client, .query("update orders set status = 'gone' where customer_id = 5")) == [])
            try await client.send(.query(Self.slow))
            try await eventually { await fixture.router.status()?.pools.allSatisfy { $0.leased == 1 } == true }
            let key = try #require(client.key)
            let canceller = try await RawClient(fixture.address)
            var request = ByteBuffer()
            StartupPacket.cancel(key).write(into: &request)
            try await canceller.send(request)
            let cancelled = DistributedFixture.Answer(await client.answer())
            #expect(cancelled.errors == [.queryCanceled])
            #expect(cancelled.status == .failed)
            #expect(try await Self.states(client, .query("rollback")) == [])
            try await eventually { await Self.isAtRest(fixture.router) }
            #expect(try await Self.states(client, .query("begin")) == [])
            #expect(
                try await Self.states(client, .query("update orders set status = 'gone' where customer_id = 5")) == [])
            try await client.send(.query(Self.slow))
            try await eventually { await fixture.router.status()?.pools.allSatisfy { $0.leased == 1 } == true }
            try await client.close()
            try await eventually { await Self.isAtRest(fixture.router) }
            // Gates are left: segments can change their instance.
            for segment in ScatterFixture.segments {
                try await fixture.router.close(segment.id, drainWithin: .seconds(5))
            }
        }
    }

    @Test func batchesHoldNothingElse() async throws {
        try await ScatterFixture.with { fixture in
            let client = fixture.scattered
            let sql = "select id, total from orders where quantity = $1 order by customer_id, id"
            let bind = FrontendMessage.bind(
                .init(
                    portal: "p", statement: "s", parameterFormats: [], parameters: [ByteBuffer(string: "3")],
                    resultFormats: [0, 1]))
            let parse = FrontendMessage.parse(.init(statement: "s", sql: sql, parameterTypes: []))
            #expect(try await Self.states(client, parse, .describe(.statement, name: "s"), .sync) == [])
            let execute = FrontendMessage.execute(portal: "p", rowsMax: 0)
            try await client.send(bind, .describe(.portal, name: "p"), execute, .sync)
            let kinds = await client.answer()
            #expect(kinds.first == .bindComplete)
            #expect(kinds.contains { if case .dataRow = $0 { true } else { false } })
            #expect(try await Self.states(client, bind, execute, .sync) == [])
            #expect(try await Self.states(client, bind, execute, bind, execute, .sync) == [.featureNotSupported])
            for rowsMax in [Int32(1), 3, 10_000] {
                try await client.send(bind, .execute(portal: "p", rowsMax: rowsMax), .sync)
                let some = await client.answer()
                let count = some.count { if case .dataRow = $0 { true } else { false } }
                #expect(some.contains(.portalSuspended) == (rowsMax < 10_000) && some.last == .readyForQuery(.idle))
                #expect(rowsMax < 10_000 ? count == Int(rowsMax) : count > 3)
            }
            let wrongFormats = FrontendMessage.bind(
                .init(
                    portal: "p", statement: "s", parameterFormats: [], parameters: [ByteBuffer(string: "3")],
                    resultFormats: [0, 0, 0]))
            #expect(try await Self.states(client, wrongFormats, execute, .sync) == [.protocolViolation])
            let noParameter = FrontendMessage.bind(
                .init(portal: "p", statement: "s", parameterFormats: [], parameters: [], resultFormats: []))
            #expect(try await Self.states(client, noParameter, execute, .sync) == [.protocolViolation])
            // A Parse that never reached an instance has not happened.
            let bad = FrontendMessage.parse(
                .init(statement: "t", sql: "select nothing from orders", parameterTypes: []))
            let run = FrontendMessage.bind(
                .init(portal: "", statement: "t", parameterFormats: [], parameters: [], resultFormats: []))
            let undefined = SQLState("42703")
            for _ in 1...2 {
                #expect(try await Self.states(client, bad, run, .execute(portal: "", rowsMax: 0), .sync) == [undefined])
            }
            #expect(try await Self.states(client, .query("select id from orders where customer_id = 3")) == [])
            try await eventually { await Self.isAtRest(fixture.router) }
        }
    }

    @Test func whatIsKeptForMergingIsLimited() async throws {
        var configuration = ProxyConfiguration()
        configuration.limits.scatterBytesMax = 8 << 10
        try await ScatterFixture.with(configuration) { fixture in
            let client = fixture.scattered
            let tooLarge = SQLState("54000")
            #expect(try await Self.states(client, .query("select * from orders order by total")) == [tooLarge])
            #expect(try await Self.states(client, .query("select * from orders order by total limit 5")) == [])
            #expect(try await Self.states(client, .query("select repeat('x', 9000) from orders")) == [tooLarge])
            #expect(try await Self.states(client, .query("select * from orders")) == [])
            try await eventually { await Self.isAtRest(fixture.router) }
        }
    }

    @Test func endsFromOutsideBringAllPartsToRest() async throws {
        try await ScatterFixture.with { fixture in
            // A cancel request.
            let client = fixture.scattered
            try await client.send(.query(Self.slow))
            try await eventually { await fixture.router.status()?.pools.contains { $0.leased > 0 } == true }
            let canceller = try await RawClient(fixture.address)
            var cancel = ByteBuffer()
            StartupPacket.cancel(try #require(client.key)).write(into: &cancel)
            try await canceller.send(cancel)
            let errors = await client.answer().compactMap {
                if case .errorResponse(let error) = $0 { error.sqlState } else { nil }
            }
            #expect(errors == [.queryCanceled])
            try await eventually { await Self.isAtRest(fixture.router) }
            #expect(try await Self.states(client, .query("select count(*) from orders")) == [])

            // A client that leaves.
            let leaver = try await RawClient.connect(to: fixture.address, user: "app")
            _ = await leaver.answer()
            try await leaver.send(.query(Self.slow))
            try await eventually { await fixture.router.status()?.pools.contains { $0.leased > 0 } == true }
            try await leaver.close()
            try await eventually { await Self.isAtRest(fixture.router) }
            for segment in ScatterFixture.segments {
                try await fixture.router.close(segment.id, drainWithin: .seconds(5))
                await fixture.router.open(segment.id)
            }

            // An instance that is lost.
            try await client.send(.query(Self.slow))
            try await eventually { await fixture.router.status()?.pools.contains { $0.leased > 0 } == true }
            try fixture.server.psql(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'second'"
                    + " and pid <> pg_backend_pid()")
            let lost = await client.answer().compactMap {
                if case .errorResponse(let error) = $0 { error.sqlState } else { nil }
            }
            #expect(lost == [.adminShutdown] || lost == [.connectionFailure])
            try await eventually { await Self.isAtRest(fixture.router) }
            #expect(try await Self.states(client, .query("select count(*) from orders")) == [])
        }
    }

    /// One connection of each instance for all: reads wait for each other, and none for ever.
    @Test func readsDoNotDeadlock() async throws {
        try await ScatterFixture.with(connections: 1) { fixture in
            let address = fixture.address
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...6 {
                    group.addTask {
                        let client = try await RawClient.connect(to: address, user: "app")
                        _ = await client.answer()
                        for _ in 1...20 {
                            let sql =
                                number % 3 == 0
                                ? "select total from orders where customer_id = \(number)"
                                : "select status, count(*) from orders group by status order by 1"
                            #expect(try await Self.states(client, .query(sql)) == [])
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { await Self.isAtRest(fixture.router) }
        }
    }

    /// A segment goes round the instances: every read has its rows once.
    @Test func movesChangeNoAnswer() async throws {
        try await ScatterFixture.with { fixture in
            let sql = "select count(*), sum(total), min(customer_id) from orders"
            let ordered = "select customer_id, id, total from orders order by total, customer_id, id"
            let wanted = try await [
                ScatterFixture.run(sql, [], .simple, at: fixture.whole),
                ScatterFixture.run(ordered, [], .simple, at: fixture.whole),
            ]
            let (address, router) = (fixture.address, fixture.router)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...3 {
                    group.addTask {
                        let client = try await RawClient.connect(to: address, user: "app")
                        _ = await client.answer()
                        for _ in 1...60 {
                            let given = try await [
                                ScatterFixture.run(sql, [], .simple, at: client),
                                ScatterFixture.run(ordered, [], .simple, at: client),
                            ]
                            #expect(given.map(\.rows) == wanted.map(\.rows))
                        }
                        return 0
                    }
                }
                group.addTask {
                    var table = try ScatterFixture.table()
                    let owners: [InstanceID] = ["home-2", "home-3", "home-1"]
                    for round in 0..<30 {
                        try await router.close(ScatterFixture.movable, drainWithin: .seconds(10))
                        table = table.relocating(ScatterFixture.movable, to: owners[round % 3])
                        await router.publish(table)
                        await router.open(ScatterFixture.movable)
                    }
                    return 30
                }
                for try await _ in group {}
            }
            let usage = await fixture.router.takeUsage()
            #expect(ScatterFixture.segments.allSatisfy { (usage[$0.id]?.busySeconds ?? 0) > 0 })
        }
    }
}
