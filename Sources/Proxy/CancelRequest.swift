// A cancel request is a connection of its own. The server closes it once the signal is sent, which is when the query's
// connection may serve somebody else again. A server that does not close it in time may still do what it asks.
import ClusterModel
import NIOCore
import NIOPosix
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
            .connect(host: endpoint.host, port: endpoint.port)
        connected.whenFailure { _ in completion(.dealtWith) }
        connected.whenSuccess { channel in
            var bytes = channel.allocator.buffer(capacity: 16)
            StartupPacket.cancel(key).write(into: &bytes)
            channel.writeAndFlush(bytes, promise: nil)
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
