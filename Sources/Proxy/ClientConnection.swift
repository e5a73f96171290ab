// The driver of one client: it reads frames, lets QuerySession plan them, finds an instance connection for the plan
// (gate, then pool), and passes the answers on. One batch is under way at a time; what the client sends meanwhile waits
// in `inbound`, and beyond a bound in the socket.
import ClusterModel
import NIOCore
import NIOSSL
import NIOTLS
import TransportSecurity
import WireProtocol

// Guard for @unchecked Sendable: every member is touched on the data plane's loop only.
final class ClientConnection: ChannelInboundHandler, Lessee, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the session needs a connection for.
    enum Errand {
        case login(ClientLogin)
        case batch(BatchPlan)
        /// One more connection for a read of several segments.
        case scatter(ScatterRead)
    }

    enum Stage {
        case loggingIn(ClientLoginStateMachine)
        /// Frames are read and gathered.
        case reading
        /// Held at a segment's gate.
        case atGate(Errand)
        /// Waits for a connection of an instance.
        case queued(Errand)
        /// The connection is given the session's settings, or its BEGIN.
        case preparing(Errand)
        /// The instance works on the batch.
        case running(BatchPlan)
        /// Several instances work on it.
        case scattering(ScatterRead)
        /// The other branches of the transaction are told what changed its state.
        case repeating
        /// Several instances commit; the plan is what the client is answered then.
        case committing(CommitRun, BatchPlan)
        /// After an error, until Sync.
        case discarding
        case closed
    }

    let id: SessionID
    let plane: DataPlane
    let limits: ProxyConfiguration.Limits
    let cancelKey: CancelKey
    /// Nil: not offered.
    private let certificate: ListenerCertificate?
    /// The client began with TLS: it must have asked for PostgreSQL within.
    private var beganWithTLS = false
    private let splitter: FrameSplitter
    /// Who has not logged in yet is not given much memory.
    private static let loginSplitter = FrameSplitter(lengthMax: 16 << 10)
    private var context: ChannelHandlerContext?
    private var inbound = ByteBuffer()
    private var needsFlush = false
    private var isReadingEnabled = true
    private var isProcessing = false

    var stage: Stage
    var session: QuerySession
    var batch = ClientBatch()
    var backend: BackendConnection?
    var leasedFrom: InstancePool?

    // A transaction over several instances: its branches besides `backend`.
    var parked: [Branch] = []
    /// The connection that is waited for is one more branch.
    var isEnlisting = false
    /// What is left of a batch for several instances.
    var legs: ArraySlice<(leg: Destination.Leg, plan: BatchPlan)> = []

    /// The INSERT whose legs these are.
    var sharedInsert: SharedInsert?
    var insertFailure: BatchFailure?

    // The batch under way.
    var usage = BatchUsage()
    /// The client has a part of its answer.
    var isAnswering = false
    var arrivedAt: Instant = 0
    var sentAt: Instant = 0
    var segments: [SegmentID] = []

    init(
        id: SessionID, plane: DataPlane, cancelKey: CancelKey, certificate: ListenerCertificate?,
        login: ClientLoginStateMachine
    ) {
        self.id = id
        self.certificate = certificate
        self.plane = plane
        self.cancelKey = cancelKey
        limits = plane.configuration.limits
        splitter = FrameSplitter(lengthMax: limits.clientFrameBytesMax)
        stage = .loggingIn(login)
        session = QuerySession(limits: limits, settings: .none)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        process()
    }

    func channelInactive(context: ChannelHandlerContext) { close(.clientClosed) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .loggingIn = stage, error is NIOSSLError || error is BoringSSLError {
            plane.logger.info("TLS with a client failed", metadata: ["error": "\(error)"])
            return close(.clientEncryptionFailed)
        }
        close(.clientClosed)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let name)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        if beganWithTLS, name != ListenerCertificate.applicationProtocol { close(.clientEncryptionFailed) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        backend?.setReading(isWritable)
        scatterRead?.setReading(isWritable)
        if isWritable { process() } else { updateReading() }
    }

    func startupTimedOut() { if case .loggingIn = stage { close(.clientStartupTimeout) } }

    // MARK: Reading

    /// Reads as far as the stage allows.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        while readNext() {}
        isProcessing = false
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        backend?.flushIfNeeded()
        flushIfNeeded()
        updateReading()
    }

    /// False when more bytes are needed, the stage does not read, or the client does not take its answers.
    private func readNext() -> Bool {
        guard isWritable else { return false }
        do {
            switch stage {
            case .loggingIn(let login) where login.awaitsStartup: return try readStartup(login)
            case .loggingIn(let login): return try readAuthentication(login)
            case .reading, .discarding:
                if case .reading = stage, !batch.frames.isEmpty, isQueryNext { return endBatch(.flush) }
                guard let frame = try splitter.next(from: &inbound) else { return false }
                return received(frame)
            case .running: return try readCopy()
            case .atGate, .queued, .preparing, .scattering, .repeating, .committing, .closed: return false
            }
        } catch {
            closeWithError(
                .clientProtocolError,
                ServerMessage(severity: "FATAL", sqlState: .protocolViolation, message: error.message))
            return false
        }
    }

    /// COPY data go on to the instance as they come.
    private func readCopy() throws(WireError) -> Bool {
        guard let backend, backend.takesCopyMessages, backend.isWritable,
            let frame = try splitter.next(from: &inbound)
        else { return false }
        return copyReceived(frame, at: backend)
    }

    private var isQueryNext: Bool {
        inbound.getInteger(at: inbound.readerIndex, as: UInt8.self) == FrontendMessage.Kind.query.rawValue
    }

    private func readStartup(_ state: ClientLoginStateMachine) throws(WireError) -> Bool {
        if inbound.getInteger(at: inbound.readerIndex, as: UInt8.self) == Self.handshakeRecord, readHandshake(state) {
            return true
        }
        guard let packet = try StartupPacket.read(from: &inbound) else { return false }
        var login = state
        let action = login.startupReceived(packet)
        stage = .loggingIn(login)
        obey(action)
        return true
    }

    /// The first byte of TLS; of a start-up packet it would announce more than 300 MB.
    private static let handshakeRecord: UInt8 = 0x16

    /// A client that begins with TLS; what it sent goes through the handshake first. False when none is offered.
    private func readHandshake(_ state: ClientLoginStateMachine) -> Bool {
        var login = state
        guard let context, let certificate, login.beginsEncryption() else { return false }
        stage = .loggingIn(login)
        beganWithTLS = true
        let bytes = inbound
        inbound = ByteBuffer()
        do {
            let front = context.channel.pipeline.syncOperations
            try front.addHandler(certificate.makeHandler(), position: .first)
            front.fireChannelRead(NIOAny(bytes))
        } catch {
            close(.clientEncryptionFailed)
        }
        return true
    }

    /// The client asked for TLS and waits for the answer: what it has sent already, somebody else may have sent.
    func encrypt() {
        guard inbound.readableBytes == 0 else {
            return closeWithError(
                .clientProtocolError,
                ServerMessage(
                    severity: "FATAL", sqlState: .protocolViolation,
                    message: "received unencrypted data after SSL request"))
        }
        guard let context, let certificate else { return close(.clientEncryptionFailed) }
        write(ByteBuffer(bytes: [UInt8(ascii: "S")]))
        flushIfNeeded()
        do {
            try context.channel.pipeline.syncOperations.addHandler(certificate.makeHandler(), position: .first)
        } catch {
            close(.clientEncryptionFailed)
        }
    }

    private func readAuthentication(_ state: ClientLoginStateMachine) throws(WireError) -> Bool {
        guard let frame = try Self.loginSplitter.next(from: &inbound) else { return false }
        var login = state
        let action =
            if case .authentication(let data)? = try? FrontendMessage(frame) {
                login.authenticationReceived(data)
            } else { ClientLoginStateMachine.Action.reject(Self.unexpectedMessage) }
        stage = .loggingIn(login)
        obey(action)
        return true
    }

    private static let unexpectedMessage = ServerMessage(
        severity: "FATAL", sqlState: .protocolViolation, message: "expected an authentication message")

    // MARK: Writing

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        needsFlush = true
        context.write(wrapOutboundOut(bytes), promise: nil)
    }

    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Stops reading while the instance or the client cannot take more, or while much waits to be processed.
    func updateReading() {
        let isBusy =
            switch stage {
            case .loggingIn, .reading, .discarding, .closed: false
            case .atGate, .queued, .preparing, .running, .scattering, .repeating, .committing: true
            }
        let isFull = isBusy && inbound.readableBytes > limits.writeBufferBytesMax
        let wanted = !isFull && isWritable && (backend?.isWritable ?? true)
        guard wanted != isReadingEnabled, let channel = context?.channel else { return }
        isReadingEnabled = wanted
        try? channel.syncOptions?.setOption(.autoRead, value: wanted)
    }

    // MARK: Closing

    func closeWithError(_ reason: DisconnectReason, _ error: ServerMessage) {
        write(RouterAnswers.encoded(.errorResponse(error)))
        close(reason)
    }

    /// Leaves every queue, and hands a busy connection over to be recovered.
    func close(_ reason: DisconnectReason) {
        if case .closed = stage { return }
        let read = scatterRead
        abandonWaiting()
        if case .committing(let run, _) = stage {
            run.clientLeft(session.transaction.touched)
            session.transaction.touched = []
        }
        stage = .closed
        read?.abandon()
        plane.closed(self, reason)
        rollBackAll()
        flushIfNeeded()
        context?.close(promise: nil)
    }

    func abandonWaiting() {
        switch stage {
        case .atGate: _ = plane.gate.waitAbandoned(by: id)
        case .queued: plane.waitAbandoned(by: id)
        case .loggingIn, .reading, .preparing, .running, .scattering, .repeating, .committing, .discarding, .closed:
            break
        }
    }

    /// The read of several segments that is under way.
    private var scatterRead: ScatterRead? {
        switch stage {
        case .scattering(let read), .queued(.scatter(let read)): read
        case .loggingIn, .reading, .atGate, .queued, .preparing, .running, .repeating, .committing, .discarding,
            .closed:
            nil
        }
    }
}
