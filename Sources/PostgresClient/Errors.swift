import ClusterModel
import WireProtocol

/// What a PostgreSQL server answered instead of a result. Match on `sqlState`, never on text.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    package let sqlState: String
    package let severity: String
    package let message: String
    package let detail: String?
    package let hint: String?

    init(_ message: ServerMessage) {
        sqlState = message.sqlState.code
        severity = message.severity
        self.message = message.message
        detail = message.detail
        hint = message.hint
    }

    package var description: String {
        var text = "\(severity) \(sqlState): \(message)"
        if let detail { text += " (\(detail))" }
        if let hint { text += " Hint: \(hint)" }
        return text
    }
}

/// The connection, not the statement, failed.
package struct ConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unreachable
        case authenticationRefused
        case timedOut
        case closed
        case protocolViolation
    }

    package let code: Code
    /// Which server, as `user@host:port/database`.
    package let endpoint: String
    package let message: String
    /// What the server itself said; nil when it said nothing.
    package let sqlState: String?

    package init(_ code: Code, endpoint: Endpoint, _ message: String, sqlState: String? = nil) {
        self.sqlState = sqlState
        self.code = code
        self.endpoint = endpoint.description
        self.message = message
    }

    package var description: String { "\(endpoint): \(message)" }
}
