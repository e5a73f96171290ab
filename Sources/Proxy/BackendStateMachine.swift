// What an instance connection owes: the queue of answers that are still to come, and where each belongs. It decides for
// every message, by its type alone, whether the client sees it; and it alone knows whether the connection is *proven
// idle*: no answer outstanding and the last ReadyForQuery said 'I'.
//
// In the extended protocol an error makes the server skip everything up to the next Sync, so the answers up to there
// are struck from the queue; a message that fits no outstanding answer is a violation, and the connection is closed.
import DequeModule
import NIOCore
import WireProtocol

/// One answer that is to come, or that the router puts into the stream itself.
enum ExpectedAnswer {
    /// Everything up to a ReadyForQuery, after a Query.
    case query(isVisible: Bool)
    case parse(PreparedStatement, clientName: String?)
    case bind
    case describeStatement
    case describePortal
    case execute
    case close(isVisible: Bool)
    case ready(isVisible: Bool)
    /// Not from the server: bytes for the client, at this place of the stream.
    case local(ByteBuffer)
}

struct BackendStateMachine {
    private var expected: Deque<ExpectedAnswer> = []
    private(set) var status: TransactionStatus = .idle
    /// A Close of the router's own was skipped: what is prepared there is no longer known.
    private var hasStruckClose = false
    /// Parses that an error struck from the queue: they are prepared neither here nor in the session.
    private var struckParses: [(PreparedStatement, clientName: String?)] = []
    /// The last error answered a message that used a prepared statement.
    private(set) var hasFailedStatementUse = false

    var isQuiet: Bool { expected.isEmpty }
    var isProvenIdle: Bool { expected.isEmpty && status == .idle && !isUnsynced && !hasStruckClose }
    /// Long rows are passed on before they are whole.
    var isRelayingRows: Bool {
        switch expected.first {
        case .query(isVisible: true), .execute: true
        case .query, .parse, .bind, .describeStatement, .describePortal, .close, .ready, .local, nil: false
        }
    }

    /// Extended messages were sent since the last ReadyForQuery: an implicit transaction may be open.
    private var isUnsynced = false

    /// The server takes the client's COPY data.
    private(set) var isCopyingIn = false
    /// The Sync that was sent before the COPY data went unread, as the protocol has it: the answer to it comes when the
    /// client sends another one, after the data.
    private(set) var awaitsSyncAfterCopy = false

    mutating func sent(_ answer: ExpectedAnswer) {
        isUnsynced = true
        expected.append(answer)
    }

    mutating func takeStruckParses() -> [(PreparedStatement, clientName: String?)] {
        defer { struckParses.removeAll() }
        return struckParses
    }

    /// The connection is lost: Parses that will never be answered.
    mutating func takeUnansweredParses() -> [(PreparedStatement, clientName: String?)] {
        for case .parse(let statement, let name) in expected { struckParses.append((statement, name)) }
        return takeStruckParses()
    }

    /// Router-made bytes whose turn has come.
    mutating func takeLocal() -> ByteBuffer? {
        guard case .local(let bytes)? = expected.first else { return nil }
        expected.removeFirst()
        return bytes
    }

    enum ReceivedAction: Equatable {
        case relay
        case swallow
        /// An error in answer to something the client did not send.
        case preparationFailed
        /// A parameter of the connection changed; the client sees it or not.
        case parameterChanged(isVisible: Bool)
        case violation
    }

    /// A whole message, or the front of a long DataRow or CopyData.
    mutating func received(_ type: UInt8, firstByte: UInt8?) -> ReceivedAction {
        typealias Kind = BackendMessage.Kind
        guard let kind = Kind(rawValue: type) else { return .violation }
        switch kind {
        case .noticeResponse: return isVisible ? .relay : .swallow
        case .parameterStatus: return .parameterChanged(isVisible: isVisible)
        case .notificationResponse: return .swallow
        case .errorResponse:
            isCopyingIn = false
            return errorReceived()
        case .dataRow, .copyData, .copyOutResponse, .copyDone: return rowReceived()
        case .readyForQuery: return readyReceived(firstByte)
        case .copyInResponse: return copyInReceived()
        case .commandComplete, .emptyQueryResponse, .portalSuspended: return executionCompleted()
        case .parseComplete: return completed { if case .parse(_, let name) = $0 { name != nil } else { nil } }
        case .bindComplete: return completed { if case .bind = $0 { true } else { nil } }
        case .closeComplete: return completed { if case .close(let isVisible) = $0 { isVisible } else { nil } }
        case .rowDescription, .noData: return descriptionReceived()
        case .parameterDescription:
            if case .describeStatement? = expected.first { return .relay }
            return .violation
        case .authentication, .backendKeyData, .copyBothResponse, .negotiateProtocolVersion: return .violation
        }
    }

    /// Whether what comes now is part of an answer that the client sees.
    private var isVisible: Bool {
        switch expected.first {
        case .query(let isVisible), .ready(let isVisible), .close(let isVisible): isVisible
        case .parse(_, let clientName): clientName != nil
        case .bind, .describeStatement, .describePortal, .execute: true
        case .local, nil: false
        }
    }

    private mutating func errorReceived() -> ReceivedAction {
        hasFailedStatementUse = false
        switch expected.first {
        case nil, .local: return .violation
        case .query(let isVisible): return isVisible ? .relay : .preparationFailed
        case .bind, .describeStatement, .execute: hasFailedStatementUse = true
        case .parse, .describePortal, .close, .ready: break
        }
        strikeToSync()
        return .relay
    }

    private mutating func strikeToSync() {
        while let answer = expected.first {
            if case .ready = answer { return }
            if case .parse(let statement, let name) = answer { struckParses.append((statement, name)) }
            if case .close(isVisible: false) = answer { hasStruckClose = true }
            expected.removeFirst()
        }
    }

    private func rowReceived() -> ReceivedAction {
        switch expected.first {
        case .query(let isVisible): isVisible ? .relay : .swallow
        case .execute: .relay
        case .parse, .bind, .describeStatement, .describePortal, .close, .ready, .local, nil: .violation
        }
    }

    private mutating func readyReceived(_ firstByte: UInt8?) -> ReceivedAction {
        guard let status = firstByte.flatMap(TransactionStatus.init(rawValue:)) else { return .violation }
        let isVisible: Bool
        switch expected.first {
        case .query(let visible), .ready(let visible): isVisible = visible
        case .parse, .bind, .describeStatement, .describePortal, .execute, .close, .local, nil: return .violation
        }
        self.status = status
        isUnsynced = false
        awaitsSyncAfterCopy = false
        expected.removeFirst()
        return isVisible ? .relay : .swallow
    }

    private mutating func executionCompleted() -> ReceivedAction {
        isCopyingIn = false
        switch expected.first {
        case .query(let isVisible): return isVisible ? .relay : .swallow
        case .execute:
            expected.removeFirst()
            return .relay
        case .parse, .bind, .describeStatement, .describePortal, .close, .ready, .local, nil: return .violation
        }
    }

    private mutating func descriptionReceived() -> ReceivedAction {
        switch expected.first {
        case .query(let isVisible): return isVisible ? .relay : .swallow
        case .describeStatement, .describePortal:
            expected.removeFirst()
            return .relay
        case .parse, .bind, .execute, .close, .ready, .local, nil: return .violation
        }
    }

    /// `match` says whether the client sees the answer, nil when the message does not fit it.
    private mutating func completed(_ match: (ExpectedAnswer) -> Bool?) -> ReceivedAction {
        guard let isVisible = expected.first.flatMap(match) else { return .violation }
        expected.removeFirst()
        return isVisible ? .relay : .swallow
    }

    private mutating func copyInReceived() -> ReceivedAction {
        switch expected.first {
        case .query(isVisible: true): isCopyingIn = true
        case .execute:
            isCopyingIn = true
            awaitsSyncAfterCopy = expected.contains { if case .ready = $0 { true } else { false } }
        case .query, .parse, .bind, .describeStatement, .describePortal, .close, .ready, .local, nil: return .violation
        }
        return .relay
    }

    // MARK: COPY data of the client

    enum CopyAction: Equatable {
        case pass
        /// The end of the data, in a batch that ended with Flush: nobody else would ask for the answer.
        case passAndFlush
        case drop
        case violation
    }

    /// A message of the client while the server takes COPY data, or the Sync after it.
    mutating func copyReceived(_ kind: FrontendMessage.Kind) -> CopyAction {
        switch kind {
        case .copyData: return isCopyingIn ? .pass : .drop
        case .copyDone, .copyFail:
            guard isCopyingIn else { return .drop }
            isCopyingIn = false
            if case .execute? = expected.first, !awaitsSyncAfterCopy { return .passAndFlush }
            return .pass
        case .sync:
            guard !isCopyingIn, awaitsSyncAfterCopy else { return .drop }
            awaitsSyncAfterCopy = false
            return .pass
        case .flush: return .drop
        case .query, .parse, .bind, .describe, .execute, .close, .terminate, .authentication, .functionCall:
            return .violation
        }
    }
}
