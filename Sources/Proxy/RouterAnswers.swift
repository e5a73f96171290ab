// Messages that the router itself puts into the client's answer stream.
import NIOCore
import WireProtocol

enum RouterAnswers {
    static let parseComplete = encoded(.parseComplete)
    static let bindComplete = encoded(.bindComplete)
    static let closeComplete = encoded(.closeComplete)
    static let noData = encoded(.noData)
    static let noParameters = encoded(.parameterDescription([]))
    static let emptyQuery = encoded(.emptyQueryResponse)
    static let sync: ByteBuffer = {
        var buffer = ByteBuffer()
        FrontendMessage.sync.write(into: &buffer)
        return buffer
    }()
    static let flush: ByteBuffer = {
        var buffer = ByteBuffer()
        FrontendMessage.flush.write(into: &buffer)
        return buffer
    }()

    private static let readyIdle = encoded(.readyForQuery(.idle))
    private static let readyInTransaction = encoded(.readyForQuery(.inTransaction))
    private static let readyFailed = encoded(.readyForQuery(.failed))

    static func ready(_ status: TransactionStatus) -> ByteBuffer {
        switch status {
        case .idle: readyIdle
        case .inTransaction: readyInTransaction
        case .failed: readyFailed
        }
    }

    static func encoded(_ message: BackendMessage) -> ByteBuffer {
        var buffer = ByteBuffer()
        message.write(into: &buffer)
        return buffer
    }

    static func query(_ sql: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        FrontendMessage.query(sql).write(into: &buffer)
        return buffer
    }

    static func warning(_ code: String, _ message: String) -> ByteBuffer {
        encoded(.noticeResponse(ServerMessage(severity: "WARNING", sqlState: SQLState(code), message: message)))
    }
}
