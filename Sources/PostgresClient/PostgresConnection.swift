// A control connection to an instance: moves, checks, pool upkeep. Not for the data plane, which relays frames.
// Statements run one at a time in the order they were asked for; a failed statement leaves the connection usable, a
// missed deadline closes it.
import ClusterModel
import NIOCore
import NIOPosix
import TransportSecurity
import WireProtocol

/// A session with one PostgreSQL server.
package final class PostgresConnection: Sendable {
    package let endpoint: Endpoint
    private let channel: any Channel
    private let handler: NIOLoopBound<ConnectionHandler>
    private let context: NIOLoopBound<ChannelHandlerContext>

    private init(
        endpoint: Endpoint,
        channel: any Channel,
        handler: NIOLoopBound<ConnectionHandler>,
        context: NIOLoopBound<ChannelHandlerContext>
    ) {
        self.endpoint = endpoint
        self.channel = channel
        self.handler = handler
        self.context = context
    }

    /// Opens a session.
    ///
    /// - Parameters:
    ///   - replication: a logical replication connection, which also takes SQL by `query`.
    ///   - settings: run-time parameters of the session, such as `statement_timeout`.
    /// - Throws: `ConnectionError`.
    package static func connect(
        to endpoint: Endpoint,
        applicationName: String = "foreshard",
        replication: Bool = false,
        settings: [String: String] = [:],
        deadline: Duration = .seconds(5)
    ) async throws -> PostgresConnection {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let loggedIn = loop.makePromise(of: Void.self)
        let startup = Self.startup(endpoint, applicationName, replication, settings)
        let nonce = randomNonce()
        let timeout = loop.scheduleTask(in: .init(deadline)) {
            loggedIn.fail(ConnectionError(.timedOut, endpoint: endpoint, "no session within \(deadline)"))
        }
        defer { timeout.cancel() }
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.init(deadline))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try EncryptionNegotiation.add(to: channel, for: endpoint)
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionHandler(endpoint: endpoint, startup: startup, nonce: nonce, loggedIn: loggedIn)
                    )
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: endpoint.host, port: endpoint.port).get()
        } catch {
            let unreachable = ConnectionError(.unreachable, endpoint: endpoint, "cannot connect: \(error)")
            loggedIn.fail(unreachable)
            throw unreachable
        }
        do {
            try await loggedIn.futureResult.get()
            return try await channel.eventLoop.submit {
                let handler = try channel.pipeline.syncOperations.handler(type: ConnectionHandler.self)
                let context = try channel.pipeline.syncOperations.context(handler: handler)
                return PostgresConnection(
                    endpoint: endpoint,
                    channel: channel,
                    handler: .init(handler, eventLoop: channel.eventLoop),
                    context: .init(context, eventLoop: channel.eventLoop)
                )
            }.get()
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    /// Runs one or more statements by the simple protocol; the result of the last is returned.
    ///
    /// - Parameter deadline: when it passes without an answer, the connection is closed and `ConnectionError.timedOut`
    ///   thrown.
    /// - Throws: `PostgresError` when the server refuses, `ConnectionError` when the connection fails.
    @discardableResult
    package func query(_ sql: String, deadline: Duration? = nil) async throws -> QueryResult {
        try await ask([.query(sql)], deadline: deadline).answer.get()
    }

    /// Runs one statement with parameters in text form (nil is NULL) by the extended protocol.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [String?], deadline: Duration? = nil) async throws -> QueryResult
    {
        try await ask(
            [
                .parse(.init(statement: "", sql: sql, parameterTypes: [])),
                .bind(
                    .init(
                        portal: "",
                        statement: "",
                        parameterFormats: [],
                        parameters: parameters.map { $0.map { ByteBuffer(string: $0) } },
                        resultFormats: []
                    )
                ),
                .describe(.portal, name: ""), .execute(portal: "", rowsMax: 0), .sync,
            ],
            deadline: deadline
        ).answer.get()
    }

    /// Runs a `COPY ... TO STDOUT`. The stream must be read to its end before the connection is used again.
    package func copyOut(_ sql: String) async throws -> CopyOutStream {
        let (source, stream) = CopyOutProducer.make(channel: channel)
        let request = ask([.query(sql)], .copyOut, copyData: source)
        try await request.copyStarted.get()
        return stream
    }

    /// Runs a `COPY ... FROM STDIN` with the given data; returns the number of rows.
    ///
    /// When `data` throws, the COPY is cancelled at the server and nothing of it stays.
    package func copyIn<Data: AsyncSequence & Sendable>(_ sql: String, from data: Data) async throws -> Int
    where Data.Element == ByteBuffer {
        let request = ask([.query(sql)], .copyIn)
        try await request.copyStarted.get()
        do {
            for try await chunk in data { try await send(.copyData(chunk)) }
            try await send(.copyDone)
        } catch {
            try? await send(.copyFail("the source of the data failed"))
            _ = try? await request.answer.get()
            throw error
        }
        return try await request.answer.get().affectedRows
    }

    package var isClosed: Bool { !channel.isActive }

    /// Says goodbye and closes the socket.
    package func close() async {
        guard channel.isActive else { return }
        try? await send(.terminate)
        try? await channel.close().get()
    }

    // MARK: Requests

    private struct Request {
        let answer: EventLoopFuture<QueryResult>
        let copyStarted: EventLoopFuture<Void>
    }

    private func ask(
        _ messages: [FrontendMessage],
        _ purpose: ExchangeStateMachine.Purpose = .query,
        copyData: CopyOutProducer.Source? = nil,
        deadline: Duration? = nil
    ) -> Request {
        let answer = channel.eventLoop.makePromise(of: QueryResult.self)
        let copyStarted = channel.eventLoop.makePromise(of: Void.self)
        var request = channel.allocator.buffer(capacity: 256)
        for message in messages { message.write(into: &request) }
        let bytes = request
        channel.eventLoop.execute { [handler, context, channel, endpoint] in
            let handler = handler.value
            let context = NIOLoopBound(context.value, eventLoop: channel.eventLoop)
            let expiry = deadline.map { deadline in
                channel.eventLoop.assumeIsolated().scheduleTask(in: .init(deadline)) {
                    handler.close(
                        ConnectionError(.timedOut, endpoint: endpoint, "no answer within \(deadline)"),
                        context: context.value
                    )
                }
            }
            if purpose == .query { copyStarted.succeed() }
            handler.start(
                .init(
                    machine: ExchangeStateMachine(purpose),
                    answer: answer,
                    copyStarted: purpose == .query ? nil : copyStarted,
                    copyData: copyData,
                    deadline: expiry
                ),
                request: bytes,
                context: context.value
            )
        }
        return Request(answer: answer.futureResult, copyStarted: copyStarted.futureResult)
    }

    private func send(_ message: FrontendMessage) async throws {
        var buffer = channel.allocator.buffer(capacity: 256)
        message.write(into: &buffer)
        try await channel.writeAndFlush(buffer).get()
    }

    private static func startup(
        _ endpoint: Endpoint,
        _ applicationName: String,
        _ replication: Bool,
        _ settings: [String: String]
    ) -> StartupPacket {
        var parameters = [
            StartupParameter(name: "user", value: endpoint.user),
            StartupParameter(name: "database", value: endpoint.database),
            StartupParameter(name: "application_name", value: applicationName),
            StartupParameter(name: "client_encoding", value: "UTF8"),
        ]
        if replication { parameters.append(StartupParameter(name: "replication", value: "database")) }
        parameters += settings.sorted { $0.key < $1.key }.map { StartupParameter(name: $0.key, value: $0.value) }
        return .startup(minorVersion: 0, parameters: parameters)
    }

    private static func randomNonce() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<24).compactMap { _ in alphabet.randomElement(using: &generator) })
    }
}
