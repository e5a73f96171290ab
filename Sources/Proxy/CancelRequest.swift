// A cancel request is a connection of its own. The server closes it once the signal is sent, which is when the query's
// connection may serve somebody else again. A server that does not close it in time may still do what it asks.
import ClusterModel
import NIOCore
import NIOPosix
import TransportSecurity
import WireProtocol

enum CancelRequest {
    enum Outcome: Sendable {
        /// The signal was sent, or never will be.
        case dealtWith
        case timedOut
    }

    /// `completion` is called on the loop, once.
    static func send(
        _ key: CancelKey, to endpoint: Endpoint, on loop: any EventLoop, within limit: Duration,
        _ completion: @escaping @Sendable (Outcome) -> Void
    ) {
        let connected = ClientBootstrap(group: loop).connectTimeout(TimeAmount(limit))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try EncryptionNegotiation.add(to: channel, for: endpoint)
                    try channel.pipeline.syncOperations.addHandler(CancelSender(key))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
        connected.whenFailure { _ in completion(.dealtWith) }
        connected.whenSuccess { channel in
            let outcome = NIOLoopBoundBox(Outcome.dealtWith, eventLoop: loop)
            let deadline = loop.scheduleTask(in: TimeAmount(limit)) {
                outcome.value = .timedOut
                channel.close(promise: nil)
            }
            channel.closeFuture.whenComplete { _ in
                deadline.cancel()
                completion(outcome.value)
            }
        }
    }
}

/// Says its one sentence; the server closes the connection.
private final class CancelSender: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let key: CancelKey

    init(_ key: CancelKey) { self.key = key }

    func channelActive(context: ChannelHandlerContext) {
        var bytes = context.channel.allocator.buffer(capacity: 16)
        StartupPacket.cancel(key).write(into: &bytes)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
