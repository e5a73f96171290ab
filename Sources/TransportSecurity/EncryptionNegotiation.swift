// The first exchange with a server: SSLRequest, its one byte of answer, and the handshake. The handler of the session
// behind it sees a channel that becomes active when all of that is done, and never a byte of it.
//
//   asking ──S──▶ handshaking ──▶ done (the session begins, encrypted)
//     └──N, prefer──────────────▶ done (the session begins in clear text)
//     └──anything else──────────▶ failed
//
// Invariant: what comes together with the answer was not encrypted, and fails the connection: it may be anybody's.
import ClusterModel
import NIOCore
import NIOSSL
import NIOTLS

package final class EncryptionNegotiation: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State { case asking, handshaking, done, failed }

    private static let request: [UInt8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]
    private let mode: TransportEncryption.Mode
    private let tls: NIOSSLContext
    private let serverName: String?
    private var state = State.asking

    private init(_ mode: TransportEncryption.Mode, _ tls: NIOSSLContext, serverName: String?) {
        self.mode = mode
        self.tls = tls
        self.serverName = serverName
    }

    /// Before the session's own handler is added; adds nothing where connections are in clear text.
    package static func add(to channel: any Channel, for endpoint: Endpoint) throws {
        let encryption = endpoint.encryption
        guard encryption.mode != .disable else { return }
        let handler = EncryptionNegotiation(
            encryption.mode, try InstanceContexts.context(for: encryption),
            serverName: isAddress(endpoint.host) ? nil : endpoint.host)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// The name that TLS sends must not be an address; a certificate's addresses are held against the socket's.
    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.request)), promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .asking = state else { return context.fireChannelRead(data) }
        let answer = unwrapInboundIn(data)
        guard answer.readableBytes == 1, let byte = answer.getInteger(at: answer.readerIndex, as: UInt8.self) else {
            return fail("the server sent more than the answer to SSLRequest, in clear text", context)
        }
        switch byte {
        case UInt8(ascii: "S"): beginHandshake(context)
        case UInt8(ascii: "N") where mode == .prefer: begin(context)
        case UInt8(ascii: "N"):
            fail("the server does not do TLS, and tls.mode is \(mode.rawValue): set `ssl = on` there", context)
        default: fail("the server does not understand SSLRequest", context)
        }
    }

    private func beginHandshake(_ context: ChannelHandlerContext) {
        state = .handshaking
        do {
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: serverName)
            try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
        } catch {
            fail("\(error)", context)
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshaking = state, case .handshakeCompleted? = event as? TLSUserEvent { begin(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ context: ChannelHandlerContext) {
        state = .done
        context.fireChannelActive()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .asking, .handshaking: fail("TLS to the server failed: \(error)", context)
        case .done, .failed: context.fireErrorCaught(error)
        }
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        state = .failed
        context.fireErrorCaught(TransportSecurityError(reason))
        context.close(promise: nil)
    }
}
