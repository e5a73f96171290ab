// Drives LoginStateMachine and then one ExchangeStateMachine at a time; requests are sent in order and answered in order.
// Everything here runs on the channel's event loop. Invariant: the first of `exchanges` is the one being answered.
import ClusterModel
import DequeModule
import NIOCore
import TransportSecurity
import WireProtocol

final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// One request on its way.
    struct Exchange {
        var machine: ExchangeStateMachine
        let answer: EventLoopPromise<QueryResult>
        let copyStarted: EventLoopPromise<Void>?
        let copyData: CopyOutProducer.Source?
        let deadline: Scheduled<Void>?
    }

    private enum Phase {
        case login(LoginStateMachine, EventLoopPromise<Void>)
        case serving
        case closed(ConnectionError)
    }

    private let endpoint: Endpoint
    private let splitter = FrameSplitter(lengthMax: 1 << 30)
    private var buffered = ByteBuffer()
    private var exchanges = Deque<Exchange>()
    private var phase: Phase
    private let startup: StartupPacket

    init(endpoint: Endpoint, startup: StartupPacket, nonce: String, loggedIn: EventLoopPromise<Void>) {
        self.endpoint = endpoint
        self.startup = startup
        phase = .login(LoginStateMachine(endpoint: endpoint, nonce: nonce), loggedIn)
    }

    // MARK: Requests

    func start(_ exchange: Exchange, request: ByteBuffer, context: ChannelHandlerContext) {
        if case .closed(let error) = phase {
            exchange.fail(error)
            return
        }
        exchanges.append(exchange)
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    /// Gives up on the connection: every answer still awaited fails with `error`.
    func close(_ error: ConnectionError, context: ChannelHandlerContext) {
        fail(error)
        context.close(promise: nil)
    }

    // MARK: Channel

    func channelActive(context: ChannelHandlerContext) {
        if case .login(var machine, let promise) = phase {
            machine.serverEndPoint = ServerEndPoint.hash(ofServerBehind: context)
            phase = .login(machine, promise)
        }
        var packet = context.channel.allocator.buffer(capacity: 128)
        startup.write(into: &packet)
        context.writeAndFlush(wrapOutboundOut(packet), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        if buffered.readableBytes == 0 { buffered = incoming } else { buffered.writeBuffer(&incoming) }
        do {
            while let frame = try splitter.next(from: &buffered) {
                try received(BackendMessage(frame), context: context)
            }
            // Only the start of the next frame is left: what was read of a long COPY must not stay before it.
            buffered.discardReadBytes()
        } catch {
            close(ConnectionError(.protocolViolation, endpoint: endpoint, "\(error)"), context: context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ConnectionError(.closed, endpoint: endpoint, "the server closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(ConnectionError(.closed, endpoint: endpoint, "\(error)"), context: context)
    }

    // MARK: Messages

    private func received(_ message: BackendMessage, context: ChannelHandlerContext) {
        switch phase {
        case .login(var machine, let promise):
            let action = machine.received(message)
            phase = .login(machine, promise)
            obey(action, promise, context: context)
        case .serving: answered(message, context: context)
        case .closed: break
        }
    }

    private func obey(
        _ action: LoginStateMachine.Action,
        _ promise: EventLoopPromise<Void>,
        context: ChannelHandlerContext
    ) {
        switch action {
        case .none: break
        case .send(let message): send(message, context: context)
        case .ready:
            phase = .serving
            promise.succeed()
        case .fail(let error): close(error, context: context)
        }
    }

    private func answered(_ message: BackendMessage, context: ChannelHandlerContext) {
        guard !exchanges.isEmpty else {
            noticed(message, context: context)
            return
        }
        switch exchanges[0].machine.received(message) {
        case .none: break
        case .yield(let data): exchanges[0].copyData?.yield(data, context: context)
        case .copyStarted: exchanges[0].copyStarted?.succeed()
        case .refuseCopyIn: send(.copyFail("no data is sent by this statement"), context: context)
        case .finished(let result): exchanges.removeFirst().finish(result.mapError { $0 })
        case .protocolViolation(let text):
            close(ConnectionError(.protocolViolation, endpoint: endpoint, text), context: context)
        }
    }

    /// A message that answers nothing: a notice or parameter is ignored, a server's farewell closes the connection.
    private func noticed(_ message: BackendMessage, context: ChannelHandlerContext) {
        guard case .errorResponse(let error) = message else { return }
        close(ConnectionError(.closed, endpoint: endpoint, "\(error.sqlState): \(error.message)"), context: context)
    }

    private func send(_ message: FrontendMessage, context: ChannelHandlerContext) {
        var buffer = context.channel.allocator.buffer(capacity: 128)
        message.write(into: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func fail(_ error: ConnectionError) {
        switch phase {
        case .closed: return
        case .login(_, let promise): promise.fail(error)
        case .serving: break
        }
        phase = .closed(error)
        while let exchange = exchanges.popFirst() { exchange.fail(error) }
    }
}

extension ConnectionHandler.Exchange {
    func finish(_ result: Result<QueryResult, any Error>) {
        deadline?.cancel()
        switch result {
        case .success: copyData?.finish()
        case .failure(let error):
            copyStarted?.fail(error)
            copyData?.finish(error)
        }
        answer.completeWith(result)
    }

    func fail(_ error: any Error) { finish(.failure(error)) }
}
