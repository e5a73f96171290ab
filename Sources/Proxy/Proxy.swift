// The router's data plane, as the rest of Foreshard sees it. Every order is carried out on the data plane's one loop.
//
// Invariant: nothing is given to the loop once it ends, because a loop that has ended drops it and its answer never comes.
import ClusterModel
import Logging
import NIOCore
import NIOPosix
import Routing
import SQLAnalysis
import Synchronization
import WireProtocol

package final class Proxy: Sendable {
    package let localAddress: SocketAddress
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let plane: DataPlane
    private let isEnded = Mutex(false)

    private init(
        _ group: MultiThreadedEventLoopGroup, _ listener: any Channel, _ address: SocketAddress, _ plane: DataPlane
    ) {
        self.group = group
        self.listener = listener
        self.plane = plane
        localAddress = address
    }

    /// Listens; returns when clients can connect.
    package static func start(
        configuration: ProxyConfiguration, routingTable: QueryRoutingTable, unsharded: UnshardedTables? = nil,
        instances: [RoutedInstance], users: [ProxyUser], commitLog: (any CommitLog)? = nil, logger: Logger
    ) async throws -> Proxy {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let plane = DataPlane(configuration, routingTable, unsharded, users, commitLog, loop, logger)
        do {
            try await loop.submit { plane.start(instances) }.get()
            let listener = try await listen(plane, group)
            guard let address = listener.localAddress else {
                throw ProxyError(.shutDown, "the listener has no address")
            }
            return Proxy(group, listener, address, plane)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func listen(_ plane: DataPlane, _ group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        let limits = plane.configuration.limits
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: limits.writeBufferBytesMax / 4, high: limits.writeBufferBytesMax)
            )
            .childChannelInitializer { channel in
                guard let client = plane.accept() else { return refuse(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(client)
                }
            }
            .bind(host: plane.configuration.host, port: plane.configuration.port).get()
    }

    private static func refuse(_ channel: any Channel) -> EventLoopFuture<Void> {
        let error = ServerMessage(
            severity: "FATAL", sqlState: .tooManyConnections, message: "sorry, too many clients already")
        let bytes = RouterAnswers.encoded(.errorResponse(error))
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(RefusalHandler(bytes))
        }
    }

    // MARK: Orders

    package func setInstances(_ instances: [RoutedInstance]) async { await onLoop { $0.set(instances) } }

    /// Leaves the instance at once: its connections are closed, statements for its segments wait at their gates. Lasts
    /// until `unfence`, whatever `setInstances` says.
    package func fence(_ instance: InstanceID) async { await onLoop { $0.fence(instance) } }

    /// Serves the instance again, at the endpoint that `instances` gives.
    package func unfence(_ instance: InstanceID, instances: [RoutedInstance]) async {
        await onLoop { $0.unfence(instance, instances) }
    }

    /// New transactions on the segment wait; returns when none is in flight. Throws, with the gate open again, when that
    /// takes longer than `limit`.
    package func close(_ segment: SegmentID, drainWithin limit: Duration) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let given: Void? = give { $0.execute { [plane] in plane.close(segment, drainWithin: limit, continuation) } }
            if given == nil { continuation.resume(throwing: ProxyError(.shutDown, "the router has been shut down")) }
        }
    }

    /// Waiting transactions go on, routed by the snapshot of now.
    package func open(_ segment: SegmentID) async { await onLoop { $0.open(segment) } }

    /// For clients that connect from now on.
    package func setEncryption(_ encryption: ClientEncryption) async { await onLoop { $0.encryption = encryption } }

    package func publish(_ table: QueryRoutingTable) async { await onLoop { $0.publish(table) } }

    /// Where the tables of no group are, and which relations are not among them.
    package func setUnsharded(_ tables: UnshardedTables) async { await onLoop { $0.set(tables) } }

    /// The snapshot that statements are routed with now; nil after the shutdown.
    package func routingTable() async -> QueryRoutingTable? { await onLoop { $0.table } }

    /// What the segments used since the last call.
    package func takeUsage() async -> [SegmentID: SegmentUsage] { await onLoop { $0.meter.drain() } ?? [:] }

    /// Commits over several instances that this router is working on: nobody else may end their branches.
    package func commitsUnderWay() async -> Set<DistributedTransactionID> { await onLoop { $0.commits } ?? [] }

    package func status() async -> ProxyStatus? { await onLoop { $0.status } }

    @discardableResult
    private func onLoop<T: Sendable>(_ body: @escaping @Sendable (DataPlane) -> T) async -> T? {
        try? await give { $0.submit { [plane] in body(plane) } }?.get()
    }

    /// Nil when the loop takes nothing any more.
    private func give<T>(_ order: (any EventLoop) -> T) -> T? {
        isEnded.withLock { $0 ? nil : order(plane.loop) }
    }

    // MARK: Lifetime

    /// Returns when the router has been shut down.
    package func run() async { try? await listener.closeFuture.get() }

    /// Takes no more clients, lets running transactions end within `limit`, then closes everything.
    package func shutdown(drainWithin limit: Duration = .seconds(5)) async {
        try? await listener.close()
        let deadline = ContinuousClock.now + limit
        repeat {
            await onLoop { $0.beginShutdown() }
            if await onLoop({ $0.isDrained }) ?? true { break }
            try? await Task.sleep(for: .milliseconds(20))
        } while ContinuousClock.now < deadline
        await onLoop { $0.endShutdown() }
        while await onLoop({ $0.decisionsPending > 0 }) ?? false { try? await Task.sleep(for: .milliseconds(5)) }
        isEnded.withLock { $0 = true }
        try? await group.shutdownGracefully()
    }
}

/// Tells a client too many that it is one, once it has said something: bytes that nobody read would reset the
/// connection, and the error with it.
private final class RefusalHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let patience = TimeAmount.seconds(5)
    private let bytes: ByteBuffer

    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        context.close(promise: nil)
    }
}
