import ClusterModel
import Logging
import NIOCore
import Testing
import WireProtocol

@testable import Proxy

/// The router between a scripted server and a raw client.
@Suite(.timeLimit(.minutes(1))) struct ProtocolTests {
    private static let ok: [FakeServer.Reply] = [.messages([.commandComplete("SELECT 0"), .readyForQuery(.idle)])]

    private func withRouter(
        _ configuration: ProxyConfiguration = ProxyConfiguration(),
        script: @escaping @Sendable (FrontendMessage) -> [FakeServer.Reply],
        _ body: (Proxy, RawClient) async throws -> Void
    ) async throws {
        let server = try await FakeServer(script)
        let instances = [server.instance("home-1")]
        let router = try await Proxy.start(
            configuration: configuration, routingTable: TestCluster.table(instances),
            instances: TestCluster.routed(instances), users: [ProxyUser(name: "postgres", credential: .trust)],
            logger: Logger(label: "test"))
        let client = try await RawClient.connect(to: router.localAddress)
        #expect(await client.answer().last == .readyForQuery(.idle))
        do { try await body(router, client) } catch { Issue.record(error) }
        await router.shutdown(drainWithin: .zero)
        try await server.stop()
    }

    private func sqlState(_ answer: [BackendMessage]) -> SQLState? {
        answer.lazy.compactMap { if case .errorResponse(let error) = $0 { error.sqlState } else { nil } }.first
    }

    @Test func anInstanceThatIsLostMidStatementIsAnErrorAndTheSessionLives() async throws {
        try await withRouter(script: { _ in [.close] }) { _, client in
            try await client.send(.query("select v from kv where k = 1"))
            let answer = await client.answer()
            #expect(sqlState(answer) == .connectionFailure)
            #expect(answer.last == .readyForQuery(.idle))
        }
    }

    @Test func aBlockThatLosesItsInstanceIsFailed() async throws {
        let script: @Sendable (FrontendMessage) -> [FakeServer.Reply] = { message in
            switch message {
            case .query("begin"): [.messages([.commandComplete("BEGIN"), .readyForQuery(.inTransaction)])]
            default: [.close]
            }
        }
        try await withRouter(script: script) { _, client in
            try await client.send(.query("begin"))
            #expect(await client.answer().last == .readyForQuery(.inTransaction))
            try await client.send(.query("select v from kv where k = 1"))
            #expect(await client.answer().last == .readyForQuery(.failed))
            try await client.send(.query("commit"))
            #expect(await client.answer() == [.commandComplete("ROLLBACK"), .readyForQuery(.idle)])
        }
    }

    @Test func aPartOfARowThatIsNeverWholeClosesTheClient() async throws {
        let half: [UInt8] = [0x44, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0xF0, 0x41]
        try await withRouter(script: { _ in [.bytes(half), .close] }) { _, client in
            try await client.send(.query("select v from kv where k = 1"))
            #expect(await client.next() == nil)
        }
    }

    @Test func bytesThatAreNoProtocolNeverReachTheClient() async throws {
        for garbage: [UInt8] in [
            [0x00, 0, 0, 0, 4], [0x44, 0xFF, 0xFF, 0xFF, 0xFF], [0x5A, 0, 0, 0, 5, 0x58], [0x32, 0, 0, 0, 4],
        ] {
            try await withRouter(script: { _ in [.bytes(garbage)] }) { router, client in
                try await client.send(.query("select v from kv where k = 1"))
                #expect(sqlState(await client.answer()) == .connectionFailure)
                let counters = await router.status()?.counters
                #expect(counters?.disconnects[.instanceProtocolError] == 1)
            }
        }
    }

    @Test func clientsThatSpeakNonsenseAreClosed() async throws {
        let nonsense: [[UInt8]] = [
            [0x51, 0xFF, 0xFF, 0xFF, 0xFF], [0x51, 0x7F, 0, 0, 0], [0x00, 0, 0, 0, 4], [0x70, 0, 0, 0, 4],
        ]
        for bytes in nonsense {
            try await withRouter(script: { _ in Self.ok }) { _, client in
                try await client.send(ByteBuffer(bytes: bytes))
                #expect(sqlState(await client.answer()) == .protocolViolation)
                #expect(await client.next() == nil)
            }
        }
    }

    /// What is left of a COPY that failed, as PostgreSQL has it.
    @Test func copyMessagesOutsideOfCopyMeanNothing() async throws {
        try await withRouter(script: { _ in Self.ok }) { _, client in
            var bytes = ByteBuffer(bytes: [0x64, 0, 0, 0, 4, 0x63, 0, 0, 0, 4])
            FrontendMessage.copyFail("x").write(into: &bytes)
            FrontendMessage.query("select v from kv where k = 1").write(into: &bytes)
            try await client.send(bytes)
            #expect(await client.answer() == [.commandComplete("SELECT 0"), .readyForQuery(.idle)])
        }
    }

    @Test func drippedBytesAreOneStatement() async throws {
        try await withRouter(script: { _ in Self.ok }) { _, client in
            var bytes = ByteBuffer()
            FrontendMessage.query("select v from kv where k = 1").write(into: &bytes)
            for byte in bytes.readableBytesView { try await client.send(ByteBuffer(bytes: [byte])) }
            #expect(await client.answer() == [.commandComplete("SELECT 0"), .readyForQuery(.idle)])
        }
    }

    @Test func aRefusedStatementOfABatchDiscardsUpToSync() async throws {
        try await withRouter(script: { _ in Self.ok }) { _, client in
            try await client.send(
                .parse(.init(statement: "", sql: "select * from kv for update", parameterTypes: [])), .flush)
            guard case .errorResponse(let error)? = await client.next() else {
                Issue.record("no error")
                return
            }
            #expect(error.sqlState == .featureNotSupported)
            #expect(error.hint != nil)
            try await client.send(.execute(portal: "", rowsMax: 0), .sync)
            #expect(await client.next() == .readyForQuery(.idle))
        }
    }

    @Test func aFunctionCallIsRefused() async throws {
        try await withRouter(script: { _ in Self.ok }) { _, client in
            try await client.send(.functionCall)
            #expect(sqlState(await client.answer()) == .featureNotSupported)
        }
    }

    @Test func anUnreachableInstanceIsAClearError() async throws {
        let instances = [TestCluster.instance("home-1", port: 1)]
        let router = try await Proxy.start(
            configuration: ProxyConfiguration(), routingTable: TestCluster.table(instances),
            instances: TestCluster.routed(instances), users: [ProxyUser(name: "postgres", credential: .trust)],
            logger: Logger(label: "test"))
        let client = try await RawClient.connect(to: router.localAddress)
        #expect(sqlState(await client.answer()) == .connectionFailure)
        await router.shutdown(drainWithin: .zero)
    }

    @Test func tooManyClientsAreToldSo() async throws {
        var configuration = ProxyConfiguration()
        configuration.limits.clientsMax = 1
        try await withRouter(configuration, script: { _ in Self.ok }) { router, _ in
            let second = try await RawClient.connect(to: router.localAddress)
            #expect(sqlState(await second.answer()) == .tooManyConnections)
        }
    }

    @Test func aStatementThatWaitsAtAGateIsCancelledByTheRouter() async throws {
        try await withRouter(script: { _ in Self.ok }) { router, _ in
            let client = try await RawClient.connect(to: router.localAddress)
            let keys = await client.answer().compactMap { if case .backendKeyData(let key) = $0 { key } else { nil } }
            for segment in TestCluster.segments { try await router.close(segment.id, drainWithin: .seconds(1)) }
            try await client.send(.query("select v from kv where k = 1"))
            try await eventually { await router.status()?.waitingAtGates == 1 }
            let other = try await RawClient(router.localAddress)
            var bytes = ByteBuffer()
            StartupPacket.cancel(try #require(keys.first)).write(into: &bytes)
            try await other.send(bytes)
            #expect(sqlState(await client.answer()) == .queryCanceled)
            #expect(await router.status()?.waitingAtGates == 0)
        }
    }

    @Test func aStrangersCancelRequestIsIgnored() async throws {
        try await withRouter(script: { _ in Self.ok }) { router, first in
            for segment in TestCluster.segments { try await router.close(segment.id, drainWithin: .seconds(1)) }
            try await first.send(.query("select v from kv where k = 1"))
            try await eventually { await router.status()?.waitingAtGates == 1 }
            let key = CancelKey(processID: 1, secret: 0)
            let stranger = try await RawClient(router.localAddress)
            var bytes = ByteBuffer()
            StartupPacket.cancel(key).write(into: &bytes)
            try await stranger.send(bytes)
            #expect(await stranger.next() == nil)
            #expect(await router.status()?.waitingAtGates == 1)
            for segment in TestCluster.segments { await router.open(segment.id) }
            #expect(await first.answer().last == .readyForQuery(.idle))
        }
    }
}
