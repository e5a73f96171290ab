// A cancel request is a connection of its own. The server closes it once the signal is sent, which is when the query's
// connection may serve somebody else again.
import ClusterModel
import NIOCore
import NIOPosix
import WireProtocol

enum CancelRequest {
    /// `completion` is called on the loop when the request has been dealt with, or could not be.
    static func send(
        _ key: CancelKey, to endpoint: Endpoint, on loop: any EventLoop, within limit: Duration,
        _ completion: @escaping @Sendable () -> Void
    ) {
        let connected = ClientBootstrap(group: loop).connectTimeout(TimeAmount(limit))
            .connect(host: endpoint.host, port: endpoint.port)
        connected.whenFailure { _ in completion() }
        connected.whenSuccess { channel in
            var bytes = channel.allocator.buffer(capacity: 16)
            StartupPacket.cancel(key).write(into: &bytes)
            channel.writeAndFlush(bytes, promise: nil)
            let deadline = loop.scheduleTask(in: TimeAmount(limit)) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in
                deadline.cancel()
                completion()
            }
        }
    }
}
