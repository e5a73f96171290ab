/// Bytes that are not PostgreSQL protocol 3.0. The connection they came on cannot be trusted any more: close it.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case frameTooLong
        case frameLengthInvalid
        case unknownMessage
        case malformedMessage
        /// A query or a name is not UTF-8: SQLSTATE 22021.
        case encodingInvalid
        case startupPacketInvalid
        case unsupportedProtocolVersion
        case authenticationInvalid
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
