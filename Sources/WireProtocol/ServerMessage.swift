// An error or notice: a list of fields, each with a one-letter code. Unknown fields are carried on untouched.
import NIOCore

/// The fields of an ErrorResponse or NoticeResponse.
package struct ServerMessage: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package let code: UInt8
        package let value: String
    }

    package private(set) var fields: [Field]

    /// A message of the router's own.
    package init(
        severity: String = "ERROR", sqlState: SQLState, message: String, detail: String? = nil, hint: String? = nil,
        position: Int? = nil
    ) {
        let parts: [(Character, String?)] = [
            ("S", severity), ("V", severity), ("C", sqlState.code), ("M", message), ("D", detail), ("H", hint),
            ("P", position.map(String.init)),
        ]
        fields = parts.compactMap { letter, value in
            guard let code = letter.asciiValue, let value else { return nil }
            return Field(code: code, value: value)
        }
    }

    init?(from payload: inout ByteBuffer) {
        fields = []
        while let code = payload.readInteger(as: UInt8.self), code != 0 {
            guard let value = payload.readCString() else { return nil }
            fields.append(Field(code: code, value: value))
        }
    }

    func write(into buffer: inout ByteBuffer) {
        for field in fields {
            buffer.writeInteger(field.code)
            buffer.writeCString(field.value)
        }
        buffer.writeInteger(UInt8(0))
    }

    /// The message without the place in the statement, for a statement that the client does not know.
    package var withoutPosition: ServerMessage {
        var message = self
        message.fields.removeAll { $0.code == UInt8(ascii: "P") }
        return message
    }

    private subscript(_ letter: Character) -> String? { fields.first { $0.code == letter.asciiValue }?.value }

    package var severity: String { self["V"] ?? self["S"] ?? "ERROR" }
    package var sqlState: SQLState { SQLState(self["C"] ?? SQLState.internalError.code) }
    package var message: String { self["M"] ?? "" }
    package var detail: String? { self["D"] }
    package var hint: String? { self["H"] }
    /// 1-based, in characters of the statement.
    package var position: Int? { self["P"].flatMap { Int($0) } }
}

/// PostgreSQL's five-letter error codes (documentation, Appendix A); those that the router itself uses are named.
package struct SQLState: Hashable, Sendable, CustomStringConvertible {
    package let code: String

    package init(_ code: String) { self.code = code }

    package var description: String { code }

    package static let protocolViolation = SQLState("08P01")
    package static let connectionFailure = SQLState("08006")
    package static let cannotConnect = SQLState("08001")
    package static let featureNotSupported = SQLState("0A000")
    package static let invalidAuthorization = SQLState("28000")
    package static let invalidPassword = SQLState("28P01")
    package static let invalidCatalogName = SQLState("3D000")
    package static let characterNotInRepertoire = SQLState("22021")
    package static let invalidStatementName = SQLState("26000")
    package static let duplicatePreparedStatement = SQLState("42P05")
    package static let invalidCursorName = SQLState("34000")
    package static let syntaxError = SQLState("42601")
    package static let activeTransaction = SQLState("25001")
    package static let inFailedTransaction = SQLState("25P02")
    package static let serializationFailure = SQLState("40001")
    package static let tooManyConnections = SQLState("53300")
    package static let outOfMemory = SQLState("53200")
    package static let queryCanceled = SQLState("57014")
    package static let adminShutdown = SQLState("57P01")
    package static let cannotConnectNow = SQLState("57P03")
    package static let internalError = SQLState("XX000")
}
