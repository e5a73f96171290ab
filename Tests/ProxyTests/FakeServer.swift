// Both ends of the wire in-process: a server that answers from a script, and a client that speaks raw messages.
import ClusterModel
import NIOCore
import NIOPosix
import Synchronization
import WireProtocol

/// A server of protocol 3.0 whose answers a test decides.
final class FakeServer: Sendable {
    enum Reply: Sendable {
        case messages([BackendMessage])
        case bytes([UInt8])
        case close
    }

    /// What all connections received and have open.
    fileprivate final class Log: Sendable {
        let queries = Mutex<[String]>([])
        let channels = Mutex<[any Channel]>([])
    }

    private let channel: any Channel
    private let log = Log()
    let port: Int

    init(_ script: @escaping @Sendable (FrontendMessage) -> [Reply]) async throws {
        let log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FakeServerHandler(script, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func instance(_ id: InstanceID) -> Instance { TestCluster.instance(id, port: port) }
    func stop() async throws { try await channel.close() }

    /// The simple queries that it was sent, the router's own among them.
    var queries: [String] { log.queries.withLock { $0 } }
    var resets: Int { queries.count { $0.hasPrefix("SET SESSION AUTHORIZATION") } }

    func closeConnections() async throws {
        for channel in log.channels.withLock({ $0 }) { try await channel.close() }
    }

    /// An answer that the script has left out.
    func send(_ messages: BackendMessage...) async throws {
        var bytes = ByteBuffer()
        for message in messages { message.write(into: &bytes) }
        for channel in log.channels.withLock({ $0 }) { try await channel.writeAndFlush(bytes) }
    }
}

private final class FakeServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: @Sendable (FrontendMessage) -> [FakeServer.Reply]
    private var inbound = ByteBuffer()
    private var isStarted = false
    private let log: FakeServer.Log

    init(_ script: @escaping @Sendable (FrontendMessage) -> [FakeServer.Reply], _ log: FakeServer.Log) {
        self.script = script
        self.log = log
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        log.channels.withLock { $0.append(channel) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let channel = context.channel
        log.channels.withLock { $0.removeAll { $0 === channel } }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        inbound.writeBuffer(&bytes)
        if !isStarted {
            guard let packet = try? StartupPacket.read(from: &inbound) else { return }
            guard case .startup = packet else {
                context.close(promise: nil)
                return
            }
            isStarted = true
            send(
                [
                    .messages([
                        .authentication(.ok), .parameterStatus(name: "server_version", value: "15.0"),
                        .backendKeyData(CancelKey(processID: 1, secret: 2)), .readyForQuery(.idle),
                    ])
                ], context)
        }
        while let frame = try? FrameSplitter(lengthMax: 1 << 20).next(from: &inbound) {
            guard let message = try? FrontendMessage(frame) else { return }
            if case .query(let sql) = message { log.queries.withLock { $0.append(sql) } }
            // The settings that the router applies are none of the script's business.
            if case .query(let sql) = message, sql.hasPrefix("SET SESSION AUTHORIZATION") {
                send([.messages([.commandComplete("SET"), .readyForQuery(.idle)])], context)
            } else {
                send(script(message), context)
            }
        }
    }

    private func send(_ replies: [FakeServer.Reply], _ context: ChannelHandlerContext) {
        for reply in replies {
            switch reply {
            case .messages(let messages):
                var bytes = ByteBuffer()
                for message in messages { message.write(into: &bytes) }
                context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .bytes(let raw): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: raw)), promise: nil)
            case .close: context.close(promise: nil)
            }
        }
    }
}

/// A client that sends what it is told and reads messages one by one.
final class RawClient {
    private let channel: any Channel
    private var messages: AsyncStream<BackendMessage>.Iterator
    /// What it was given at log-in.
    private(set) var key: CancelKey?

    static func connect(to address: SocketAddress, user: String = "postgres", database: String = "postgres")
        async throws -> RawClient
    {
        let client = try await RawClient(address)
        var startup = ByteBuffer()
        StartupPacket.startup(
            minorVersion: 0,
            parameters: [
                StartupParameter(name: "user", value: user), StartupParameter(name: "database", value: database),
            ]
        ).write(into: &startup)
        try await client.send(startup)
        return client
    }

    init(_ address: SocketAddress) async throws {
        let (stream, source) = AsyncStream<BackendMessage>.makeStream()
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawClientHandler(source))
                }
            }
            .connect(to: address).get()
        messages = stream.makeAsyncIterator()
    }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    func send(_ sent: FrontendMessage...) async throws {
        var bytes = ByteBuffer()
        for message in sent { message.write(into: &bytes) }
        try await send(bytes)
    }

    /// Nil when the router has closed the connection.
    func next() async -> BackendMessage? { await messages.next() }

    /// Everything up to the next ReadyForQuery, or the end.
    func answer() async -> [BackendMessage] {
        var answer: [BackendMessage] = []
        while let message = await next() {
            answer.append(message)
            if case .backendKeyData(let given) = message { key = given }
            if case .readyForQuery = message { break }
        }
        return answer
    }

    func close() async throws { try await channel.close() }
}

private final class RawClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let source: AsyncStream<BackendMessage>.Continuation
    private var inbound = ByteBuffer()

    init(_ source: AsyncStream<BackendMessage>.Continuation) { self.source = source }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        inbound.writeBuffer(&bytes)
        while let frame = try? FrameSplitter(lengthMax: 1 << 26).next(from: &inbound) {
            if let message = try? BackendMessage(frame) { source.yield(message) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { source.finish() }
}
