import ClusterModel
import Logging
import NIOCore
import Routing
import SQLAnalysis
import Testing
import WireProtocol

@testable import Proxy

/// Instances that are lost, and connections that change hands, between a scripted server and raw clients.
@Suite(.timeLimit(.minutes(1))) struct LossTests {
    private static let one = FrontendMessage.parse(
        .init(statement: "", sql: "insert into kv (k) values (1)", parameterTypes: []))
    private static let bind = FrontendMessage.bind(
        .init(portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: []))

    /// Answers all, and knows whether a block is open.
    @Sendable private static func script(_ message: FrontendMessage) -> [FakeServer.Reply] {
        switch message {
        case .query(let sql) where sql.hasPrefix("rollback") || sql.hasPrefix("ROLLBACK"):
            [.messages([.commandComplete("ROLLBACK"), .readyForQuery(.idle)])]
        case .query(let sql) where sql.hasSuffix("-- alone"):
            [.messages([.commandComplete("SELECT 0"), .readyForQuery(.idle)])]
        case .query(let sql) where sql.hasSuffix("-- silent"): []
        case .query: [.messages([.commandComplete("SELECT 0"), .readyForQuery(.inTransaction)])]
        case .parse: [.messages([.parseComplete])]
        case .bind: [.messages([.bindComplete])]
        case .execute: [.messages([.commandComplete("INSERT 0 1")])]
        case .sync: [.messages([.readyForQuery(.idle)])]
        case .describe, .close, .flush, .terminate, .copyData, .copyDone, .copyFail, .authentication, .functionCall: []
        }
    }

    private func withRouter(
        _ script: @escaping @Sendable (FrontendMessage) -> [FakeServer.Reply] = Self.script,
        _ body: (Proxy, FakeServer, RawClient) async throws -> Void
    ) async throws {
        let server = try await FakeServer(script)
        let instances = [server.instance("home-1")]
        var configuration = ProxyConfiguration()
        // The test answers late on a busy host, and means what is answered.
        configuration.deadlines.rollback = .seconds(60)
        let router = try await Proxy.start(
            configuration: configuration, routingTable: TestCluster.table(instances),
            instances: TestCluster.routed(instances), users: [ProxyUser(name: "postgres", credential: .trust)],
            logger: Logger(label: "test"))
        let client = try await RawClient.connect(to: router.localAddress)
        #expect(await client.answer().last == .readyForQuery(.idle))
        do { try await body(router, server, client) } catch { Issue.record(error) }
        await router.shutdown(drainWithin: .zero)
        try await server.stop()
    }

    private func sqlState(_ answer: [BackendMessage]) -> SQLState? {
        answer.lazy.compactMap { if case .errorResponse(let error) = $0 { error.sqlState } else { nil } }.first
    }

    private func ask(_ client: RawClient, _ sql: String) async throws -> [BackendMessage] {
        try await client.send(.query(sql))
        return await client.answer()
    }

    /// A key of each of two segments.
    private func keysOfTwoSegments() throws -> [(key: Int, segment: SegmentID)] {
        let table = try TestCluster.table()
        var analyzer = StatementAnalyzer(schema: ShardedSchema(groups: [TestCluster.group]), cacheBytesMax: 0)
        var keys: [SegmentID: Int] = [:]
        for key in 1...100 {
            let query = try analyzer.analyze("select v from kv where k = \(key)")
            if case .segment(let segment, _, _) = table.route(query.statements[0], parameters: []) {
                keys[segment] = key
            }
        }
        return keys.prefix(2).map { ($0.value, $0.key) }
    }

    @Test func aBlockKeepsWhatItHasSet() async throws {
        try await withRouter { _, server, client in
            for sql in ["begin", "set app.a = '1'", "select 1", "set app.b = '1'", "select 1"] {
                #expect(try await ask(client, sql).last == .readyForQuery(.inTransaction))
            }
            #expect(try await ask(client, "rollback").last == .readyForQuery(.idle))
            #expect(server.resets == 0)
            // What the block left on the connection is not known.
            _ = try await ask(client, "select 1 -- alone")
            #expect(server.resets == 1)
        }
    }

    @Test func aSettingWhoseClientLeftReachesNobody() async throws {
        try await withRouter { router, server, client in
            try await client.send(.query("set app.a = '1' -- silent"))
            try await eventually { server.queries.contains("set app.a = '1' -- silent") }
            try await client.close()
            try await eventually { await router.status()?.clients == 0 }
            try await server.send(.commandComplete("SET"), .readyForQuery(.idle))
            try await eventually { await router.status()?.pools.first?.idle == 1 }
            let next = try await RawClient.connect(to: router.localAddress)
            _ = await next.answer()
            #expect(try await ask(next, "select 1 -- alone").last == .readyForQuery(.idle))
            #expect(server.resets == 1)
        }
    }

    @Test func aBlockThatLosesItsInstanceAtAGateIsFailedWhole() async throws {
        let keys = try keysOfTwoSegments()
        try await withRouter { router, server, client in
            _ = try await ask(client, "begin")
            _ = try await ask(client, "select v from kv where k = \(keys[0].key)")
            try await router.close(keys[1].segment, drainWithin: .seconds(1))
            try await client.send(.query("select v from kv where k = \(keys[1].key)"))
            try await eventually { await router.status()?.waitingAtGates == 1 }
            try await server.closeConnections()
            let answer = await client.answer()
            #expect(sqlState(answer) == .connectionFailure)
            #expect(answer.last == .readyForQuery(.failed))
            #expect(await router.status()?.waitingAtGates == 0)
            await router.open(keys[1].segment)
            #expect(try await ask(client, "commit") == [.commandComplete("ROLLBACK"), .readyForQuery(.idle)])
            #expect(!server.queries.contains("select v from kv where k = \(keys[1].key)"))
        }
    }

    @Test func anImplicitTransactionThatIsLostIsNotAcknowledged() async throws {
        try await withRouter { _, server, client in
            try await client.send(Self.one, Self.bind, .execute(portal: "", rowsMax: 0), .flush)
            for expected: BackendMessage in [.parseComplete, .bindComplete, .commandComplete("INSERT 0 1")] {
                #expect(await client.next() == expected)
            }
            try await server.closeConnections()
            try await client.send(.sync)
            let answer = await client.answer()
            #expect(sqlState(answer) == .connectionFailure)
            #expect(answer.last == .readyForQuery(.idle))
        }
    }

    @Test func aStatementThatNoLongerFitsItsTableIsPreparedAnew() async throws {
        let script: @Sendable (FrontendMessage) -> [FakeServer.Reply] = { message in
            // After an error everything up to Sync is skipped.
            if case .execute = message { return [] }
            guard case .bind = message else { return Self.script(message) }
            let error = ServerMessage(
                sqlState: .featureNotSupported, message: "cached plan must not change result type")
            return [.messages([.errorResponse(error)])]
        }
        try await withRouter(script) { router, _, client in
            try await client.send(Self.one, Self.bind, .execute(portal: "", rowsMax: 0), .sync)
            #expect(sqlState(await client.answer()) == .featureNotSupported)
            #expect(await router.status()?.counters.disconnects[.statementsStale] == 1)
        }
    }

    @Test func aParseThatFailedAtAGateCanBeSentAgain() async throws {
        try await withRouter { router, _, client in
            let keys = try keysOfTwoSegments()
            let sql = "select v from kv where k = \(keys[0].key)"
            let bind = FrontendMessage.Bind(
                portal: "", statement: "a", parameterFormats: [], parameters: [], resultFormats: [])
            let messages: [FrontendMessage] = [
                .parse(.init(statement: "a", sql: sql, parameterTypes: [])), .bind(bind),
                .execute(portal: "", rowsMax: 0), .sync,
            ]
            var bytes = ByteBuffer()
            for message in messages { message.write(into: &bytes) }
            try await router.close(keys[0].segment, drainWithin: .seconds(1))
            try await client.send(bytes)
            try await eventually { await router.status()?.waitingAtGates == 1 }
            let other = try await RawClient(router.localAddress)
            var cancel = ByteBuffer()
            StartupPacket.cancel(try #require(client.key)).write(into: &cancel)
            try await other.send(cancel)
            #expect(sqlState(await client.answer()) == .queryCanceled)
            await router.open(keys[0].segment)
            try await client.send(bytes)
            #expect(sqlState(await client.answer()) == nil)
        }
    }
}
