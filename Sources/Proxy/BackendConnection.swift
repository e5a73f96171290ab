// The driver of one instance connection: sockets in and out, decisions by BackendStateMachine. Runs of messages that the
// client sees are passed on as slices of what was read, without copying or decoding.
import ClusterModel
import NIOCore
import TransportSecurity
import WireProtocol

// Guard for @unchecked Sendable: every member is touched on the channel's event loop only.
final class BackendConnection: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Stage {
        case loggingIn(BackendLoginStateMachine)
        case ready
        case closed
    }

    let id: ConnectionID
    let endpoint: Endpoint
    private let pool: InstancePool
    private let limits: ProxyConfiguration.Limits
    private let splitter: FrameSplitter
    private var stage: Stage
    private var context: ChannelHandlerContext?
    private var inbound = ByteBuffer()
    /// Bytes at the front of `inbound` that are the client's.
    private var runLength = 0
    /// Bytes of a long row that are still to come.
    private var partialLength = 0

    private(set) var machine = BackendStateMachine()
    /// Why nobody may use it after the present lessee.
    private(set) var unfit: DisconnectReason?
    private var prepared: ConnectionStatements
    private var unnamed: PreparedStatement?
    /// Nil: not known.
    var settings: SessionSettings? = SessionSettings.none
    private(set) var parameters: [String: String] = [:]
    private(set) var key: CancelKey?
    private(set) var lastCommandWasCommit = false
    /// Strong, and taken back with the lease: a weak reference would slow down every use of the client.
    var lessee: (any Lessee)?
    private var isReading = true
    private var needsFlush = false
    /// Cancel requests under way: until they end, the connection serves nobody else.
    private(set) var cancelsInFlight = 0

    init(id: ConnectionID, login: BackendLoginStateMachine, pool: InstancePool, limits: ProxyConfiguration.Limits) {
        self.id = id
        endpoint = login.endpoint
        self.pool = pool
        self.limits = limits
        splitter = FrameSplitter(lengthMax: limits.instanceFrameBytesMax)
        stage = .loggingIn(login)
        prepared = ConnectionStatements(countMax: limits.preparedPerConnectionMax)
    }

    var isWritable: Bool { context?.channel.isWritable ?? true }

    // MARK: Sending

    func send(_ plan: BatchPlan) {
        guard let context else { return }
        let bytes = plan.render(&prepared, &unnamed, allocator: context.channel.allocator) { machine.sent($0) }
        passLocals()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Messages of the router's own, which take the place of the unnamed statement; the lessee gets the answers.
    func send(_ messages: [FrontendMessage], expecting answers: [ExpectedAnswer]) {
        guard let context else { return }
        unnamed = nil
        var bytes = context.channel.allocator.buffer(capacity: 512)
        for message in messages { message.write(into: &bytes) }
        for answer in answers { machine.sent(answer) }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// A query of the router's own; its answer is swallowed.
    func sendSilently(_ sql: String) {
        unnamed = nil
        machine.sent(.query(isVisible: false))
        context?.writeAndFlush(wrapOutboundOut(RouterAnswers.query(sql)), promise: nil)
    }

    // MARK: COPY data

    /// Whether the client's next message is for the server: COPY data, or the Sync after them.
    var takesCopyMessages: Bool { machine.isCopyingIn || machine.awaitsSyncAfterCopy }

    /// A message of the client in the middle of COPY; false when it has no place there.
    func copyReceived(_ frame: Frame, _ kind: FrontendMessage.Kind) -> Bool {
        switch machine.copyReceived(kind) {
        case .pass: context?.write(wrapOutboundOut(frame.bytes), promise: nil)
        case .passAndFlush:
            context?.write(wrapOutboundOut(frame.bytes), promise: nil)
            context?.write(wrapOutboundOut(RouterAnswers.flush), promise: nil)
        case .drop: return true
        case .violation: return false
        }
        needsFlush = true
        return true
    }

    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    /// Answers of the router that are next in the stream.
    private func passLocals() {
        while let bytes = machine.takeLocal() { lessee?.relay(bytes) }
    }

    func cancelSent() { cancelsInFlight += 1 }

    func cancelEnded(_ outcome: CancelRequest.Outcome) {
        if outcome == .timedOut { unfit = .cancelTimedOut }
        cancelsInFlight -= 1
        if cancelsInFlight == 0 { pool.cancelsEnded(self) }
    }

    /// The socket could not be opened.
    func connectFailed(_ reason: String) {
        pool.loginFailed(reason)
        close(.instanceConnectFailed)
    }

    func close(_ reason: DisconnectReason) {
        guard case .closed = stage else {
            let wasLoggingIn = if case .loggingIn = stage { true } else { false }
            stage = .closed
            pool.gone(self, wasLoggingIn: wasLoggingIn, reason)
            context?.close(promise: nil)
            let last = lessee
            lessee = nil
            last?.parsesStruck(machine.takeUnansweredParses())
            last?.instanceLost(midRow: partialLength > 0)
            return
        }
    }

    func setReading(_ isReading: Bool) {
        guard isReading != self.isReading, let channel = context?.channel else { return }
        self.isReading = isReading
        try? channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        guard case .loggingIn(var login) = stage else { return }
        login.serverEndPoint = ServerEndPoint.hash(ofServerBehind: context)
        stage = .loggingIn(login)
        var bytes = context.channel.allocator.buffer(capacity: 256)
        login.startup.write(into: &bytes)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pool.heard()
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        do {
            while try step() {}
            passRun()
        } catch {
            passRun()
            close(.instanceProtocolError)
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if takesCopyMessages { lessee?.instanceTakesCopyMessages() } else { lessee?.flushIfNeeded() }
    }

    func channelInactive(context: ChannelHandlerContext) { close(.instanceClosed) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard case .loggingIn = stage else { return close(.instanceClosed) }
        pool.loginFailed("\(error)")
        close(.instanceLoginFailed)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { lessee?.instanceWritabilityChanged() }

    // MARK: Receiving

    /// Deals with one message, or a part of a long row; false when more bytes are needed.
    private func step() throws(WireError) -> Bool {
        switch stage {
        case .loggingIn(let login): return try loginStep(login)
        case .ready: return try answerStep()
        case .closed: return false
        }
    }

    private func loginStep(_ state: BackendLoginStateMachine) throws(WireError) -> Bool {
        guard let frame = try splitter.next(from: &inbound) else { return false }
        var login = state
        let action = login.received(try BackendMessage(frame))
        stage = .loggingIn(login)
        switch action {
        case .none: break
        case .send(let message):
            var bytes = ByteBuffer()
            message.write(into: &bytes)
            context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        case .ready:
            for parameter in login.parameters { parameters[parameter.name] = parameter.value }
            key = login.key
            stage = .ready
            pool.opened(self)
        case .fail(let reason):
            pool.loginFailed(reason)
            close(.instanceLoginFailed)
        }
        return true
    }

    private func answerStep() throws(WireError) -> Bool {
        guard partialLength == 0 else { return continuePartial() }
        let cursor = inbound.readerIndex + runLength
        guard let type = inbound.getInteger(at: cursor, as: UInt8.self),
            let length = inbound.getInteger(at: cursor + 1, as: Int32.self)
        else { return false }
        guard length >= 4, Int(length) < limits.instanceFrameBytesMax else {
            throw WireError(.frameLengthInvalid, "an instance announces a message of \(length) bytes")
        }
        let whole = Int(length) + 1
        let available = inbound.writerIndex - cursor
        if available < whole {
            guard isRow(type), machine.isRelayingRows else { return false }
            partialLength = whole - available
        }
        let first = length > 4 ? inbound.getInteger(at: cursor + 5, as: UInt8.self) : nil
        try obey(machine.received(type, firstByte: first), type, at: cursor, min(whole, available))
        return partialLength == 0
    }

    private func isRow(_ type: UInt8) -> Bool {
        type == BackendMessage.Kind.dataRow.rawValue || type == BackendMessage.Kind.copyData.rawValue
    }

    private func continuePartial() -> Bool {
        let available = inbound.readableBytes - runLength
        let taken = min(available, partialLength)
        runLength += taken
        partialLength -= taken
        return taken > 0 && partialLength == 0
    }

    private func obey(
        _ action: BackendStateMachine.ReceivedAction, _ type: UInt8, at cursor: Int, _ length: Int
    ) throws(WireError) {
        switch action {
        case .relay:
            noteRelayed(type, at: cursor, length)
            runLength += length
        case .swallow: skip(length)
        case .parameterChanged(let isVisible):
            noteParameter(at: cursor, length)
            if isVisible { runLength += length } else { skip(length) }
        case .preparationFailed:
            let error = message(at: cursor, length)
            skip(length)
            lessee?.preparationFailed(error)
            close(.notProvenIdle)
            return
        case .violation:
            let isFatal = type == BackendMessage.Kind.errorResponse.rawValue
            close(isFatal ? .instanceFatalError : .instanceProtocolError)
            return
        }
        noticeProgress()
    }

    /// Answers of the router whose turn has come, and the end of all answers.
    private func noticeProgress() {
        if let bytes = machine.takeLocal() {
            passRun()
            lessee?.relay(bytes)
            passLocals()
        }
        guard machine.isQuiet, partialLength == 0 else { return }
        passRun()
        if let lessee { lessee.instanceBecameQuiet() } else { pool.becameQuiet(self) }
    }

    private func passRun() {
        guard runLength > 0, let run = inbound.readSlice(length: runLength) else { return }
        runLength = 0
        lessee?.relay(run)
    }

    private func skip(_ length: Int) {
        passRun()
        inbound.moveReaderIndex(forwardBy: length)
    }

    // MARK: Reading what matters of the messages that pass

    private func noteRelayed(_ type: UInt8, at cursor: Int, _ length: Int) {
        switch type {
        case BackendMessage.Kind.dataRow.rawValue: lessee?.answerRowsRelayed(1)
        case BackendMessage.Kind.commandComplete.rawValue: noteCommand(at: cursor + 5, length - 6)
        case BackendMessage.Kind.errorResponse.rawValue:
            forgetStruckParses()
            if machine.hasFailedStatementUse { noteStatementError(message(at: cursor, length)) }
            lessee?.answerErrorRelayed()
        default: break
        }
    }

    /// A table was changed under a prepared statement, or the statement is gone: by SQLSTATE it cannot be told which
    /// statements of the connection are meant, so the next use prepares them anew, elsewhere.
    private func noteStatementError(_ error: ServerMessage) {
        if [.featureNotSupported, .invalidStatementName].contains(error.sqlState) { unfit = .statementsStale }
    }

    private func forgetStruckParses() {
        let struck = machine.takeStruckParses()
        guard !struck.isEmpty else { return }
        for (statement, _) in struck {
            if statement.globalName.isEmpty { unnamed = nil } else { prepared.failed(statement.globalName) }
        }
        lessee?.parsesStruck(struck)
    }

    /// `UPDATE 3` counts 3 rows; the rows of a SELECT were counted as they passed.
    private func noteCommand(at start: Int, _ length: Int) {
        guard length > 0, let tag = inbound.viewBytes(at: start, length: length) else { return }
        lastCommandWasCommit = tag.elementsEqual("COMMIT".utf8)
        guard let first = tag.first, "IUDM".utf8.contains(first) else { return }
        var rows = 0
        var unit = 1
        for byte in tag.reversed() {
            guard (0x30...0x39).contains(byte), unit < 1_000_000_000_000 else { break }
            rows += Int(byte - 0x30) * unit
            unit *= 10
        }
        lessee?.answerRowsRelayed(rows)
    }

    private func noteParameter(at cursor: Int, _ length: Int) {
        guard var payload = inbound.getSlice(at: cursor + 5, length: length - 5), let name = payload.readCString(),
            let value = payload.readCString()
        else { return }
        parameters[name] = value
    }

    private func message(at cursor: Int, _ length: Int) -> ServerMessage {
        guard let bytes = inbound.getSlice(at: cursor, length: length),
            case .errorResponse(let error)? = try? BackendMessage(Frame(type: 0x45, bytes: bytes))
        else { return ServerMessage(sqlState: .internalError, message: "the instance sent a malformed error") }
        return error
    }
}
