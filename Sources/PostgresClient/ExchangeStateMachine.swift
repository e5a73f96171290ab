// One request and its answer: from the first message of the answer to ReadyForQuery.
// An error does not end it (ReadyForQuery does); the first error is what the caller gets.
import NIOCore
import WireProtocol

struct ExchangeStateMachine {
    enum Purpose: Equatable {
        /// Collect rows.
        case query
        /// Rows arrive as COPY data, handed on as they come.
        case copyOut
        /// The caller sends COPY data once the server is ready for it.
        case copyIn
    }

    enum Action: Equatable {
        case none
        /// Hand COPY data on.
        case yield(ByteBuffer)
        /// The server waits for COPY data (true) or gives it (also true for the reader).
        case copyStarted
        /// The server wants COPY data that nobody will send: refuse it.
        case refuseCopyIn
        case finished(Result<QueryResult, PostgresError>)
        case protocolViolation(String)
    }

    private let purpose: Purpose
    private var result = QueryResult()
    private var error: PostgresError?
    private var hasCopyStarted = false

    init(_ purpose: Purpose) { self.purpose = purpose }

    mutating func received(_ message: BackendMessage) -> Action {
        switch message {
        case .rowDescription(let columns):
            result = QueryResult()
            result.columns = columns.map(\.name)
            return .none
        case .dataRow(let values):
            result.rows.append(values.map { $0.map { String(buffer: $0) } })
            return .none
        case .commandComplete(let tag): return completed(tag)
        case .emptyQueryResponse: return completed("")
        case .errorResponse(let message):
            error = error ?? PostgresError(message)
            return .none
        case .readyForQuery: return finished()
        case .copyOutResponse, .copyBothResponse:
            hasCopyStarted = true
            return purpose == .copyOut ? .copyStarted : .none
        case .copyInResponse:
            hasCopyStarted = true
            return purpose == .copyIn ? .copyStarted : .refuseCopyIn
        case .copyData(let data): return purpose == .copyOut ? .yield(data) : .none
        case .noticeResponse, .parameterStatus, .parseComplete, .bindComplete, .closeComplete, .noData,
            .portalSuspended,
            .parameterDescription, .copyDone, .notificationResponse:
            return .none
        case .authentication, .backendKeyData, .negotiateProtocolVersion:
            return .protocolViolation("the server sent a start-up message after start-up")
        }
    }

    private mutating func completed(_ tag: String) -> Action {
        if result.columns.isEmpty || !result.commandTag.isEmpty { result = QueryResult() }
        result.commandTag = tag
        return .none
    }

    private func finished() -> Action {
        if let error { return .finished(.failure(error)) }
        guard purpose == .query || hasCopyStarted else {
            return .protocolViolation("the statement is not a COPY in the expected direction")
        }
        return .finished(.success(result))
    }
}
