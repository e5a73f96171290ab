// What a server sends. PostgreSQL documentation, "Message Formats".
import NIOCore

/// The transaction status that ends every answer.
package enum TransactionStatus: UInt8, Hashable, Sendable {
    case idle = 0x49  // 'I'
    case inTransaction = 0x54  // 'T'
    case failed = 0x45  // 'E'
}

package enum BackendMessage: Hashable, Sendable {
    case authentication(AuthenticationRequest)
    case parameterStatus(name: String, value: String)
    case backendKeyData(CancelKey)
    case readyForQuery(TransactionStatus)
    case rowDescription([Column])
    case dataRow([ByteBuffer?])
    case commandComplete(String)
    case emptyQueryResponse
    case errorResponse(ServerMessage)
    case noticeResponse(ServerMessage)
    case parseComplete
    case bindComplete
    case closeComplete
    case noData
    case portalSuspended
    case parameterDescription([UInt32])
    case copyInResponse(CopyFormat)
    case copyOutResponse(CopyFormat)
    case copyBothResponse(CopyFormat)
    case copyData(ByteBuffer)
    case copyDone
    case notificationResponse(processID: Int32, channel: String, payload: String)
    case negotiateProtocolVersion(minor: Int32, unsupported: [String])

    package struct Column: Hashable, Sendable {
        package let name: String
        package let tableOID: UInt32
        package let attribute: Int16
        package let typeOID: UInt32
        package let typeSize: Int16
        package let typeModifier: Int32
        package let format: Int16

        package init(
            name: String,
            tableOID: UInt32 = 0,
            attribute: Int16 = 0,
            typeOID: UInt32 = 25,
            typeSize: Int16 = -1,
            typeModifier: Int32 = -1,
            format: Int16 = 0
        ) {
            self.name = name
            self.tableOID = tableOID
            self.attribute = attribute
            self.typeOID = typeOID
            self.typeSize = typeSize
            self.typeModifier = typeModifier
            self.format = format
        }
    }

    package struct CopyFormat: Hashable, Sendable {
        package let isBinary: Bool
        package let columnFormats: [Int16]

        package init(isBinary: Bool, columnFormats: [Int16]) {
            self.isBinary = isBinary
            self.columnFormats = columnFormats
        }
    }
}

extension BackendMessage {
    /// The type bytes, as the protocol names them.
    package enum Kind: UInt8, Sendable {
        case authentication = 0x52  // 'R'
        case parameterStatus = 0x53  // 'S'
        case backendKeyData = 0x4B  // 'K'
        case readyForQuery = 0x5A  // 'Z'
        case rowDescription = 0x54  // 'T'
        case dataRow = 0x44  // 'D'
        case commandComplete = 0x43  // 'C'
        case emptyQueryResponse = 0x49  // 'I'
        case errorResponse = 0x45  // 'E'
        case noticeResponse = 0x4E  // 'N'
        case parseComplete = 0x31  // '1'
        case bindComplete = 0x32  // '2'
        case closeComplete = 0x33  // '3'
        case noData = 0x6E  // 'n'
        case portalSuspended = 0x73  // 's'
        case parameterDescription = 0x74  // 't'
        case copyInResponse = 0x47  // 'G'
        case copyOutResponse = 0x48  // 'H'
        case copyBothResponse = 0x57  // 'W'
        case copyData = 0x64  // 'd'
        case copyDone = 0x63  // 'c'
        case notificationResponse = 0x41  // 'A'
        case negotiateProtocolVersion = 0x76  // 'v'
    }

    package init(_ frame: Frame) throws(WireError) {
        guard let kind = Kind(rawValue: frame.type) else {
            throw WireError(.unknownMessage, "invalid backend message type '\(printable(frame.type))'")
        }
        var payload = frame.payload
        guard let message = Self.read(kind, &payload) else {
            throw WireError(.malformedMessage, "malformed backend message '\(printable(frame.type))'")
        }
        self = message
    }

    private static func read(_ kind: Kind, _ payload: inout ByteBuffer) -> BackendMessage? {
        switch kind {
        case .authentication: AuthenticationRequest(from: &payload).map { .authentication($0) }
        case .parameterStatus: readParameterStatus(&payload)
        case .backendKeyData: (try? CancelKey(from: &payload)).map { .backendKeyData($0) }
        case .readyForQuery:
            payload.readInteger(as: UInt8.self).flatMap(TransactionStatus.init(rawValue:)).map { .readyForQuery($0) }
        case .rowDescription: readRowDescription(&payload)
        case .dataRow: payload.readValues().map { .dataRow($0) }
        case .commandComplete: payload.readCString().map { .commandComplete($0) }
        case .emptyQueryResponse: .emptyQueryResponse
        case .errorResponse: ServerMessage(from: &payload).map { .errorResponse($0) }
        case .noticeResponse: ServerMessage(from: &payload).map { .noticeResponse($0) }
        case .parseComplete: .parseComplete
        case .bindComplete: .bindComplete
        case .closeComplete: .closeComplete
        case .noData: .noData
        case .portalSuspended: .portalSuspended
        case .parameterDescription: payload.readList(of: UInt32.self).map { .parameterDescription($0) }
        case .copyInResponse: readCopyFormat(&payload).map { .copyInResponse($0) }
        case .copyOutResponse: readCopyFormat(&payload).map { .copyOutResponse($0) }
        case .copyBothResponse: readCopyFormat(&payload).map { .copyBothResponse($0) }
        case .copyData: .copyData(payload)
        case .copyDone: .copyDone
        case .notificationResponse: readNotification(&payload)
        case .negotiateProtocolVersion: readNegotiation(&payload)
        }
    }

    private static func readParameterStatus(_ payload: inout ByteBuffer) -> BackendMessage? {
        guard let name = payload.readCString(), let value = payload.readCString() else { return nil }
        return .parameterStatus(name: name, value: value)
    }

    private static func readRowDescription(_ payload: inout ByteBuffer) -> BackendMessage? {
        guard let count = payload.readCount(bytesEach: 19) else { return nil }
        var columns: [Column] = []
        columns.reserveCapacity(count)
        for _ in 0..<count {
            guard let name = payload.readCString(),
                let fields = payload.readMultipleIntegers(as: (UInt32, Int16, UInt32, Int16, Int32, Int16).self)
            else { return nil }
            columns.append(
                Column(
                    name: name,
                    tableOID: fields.0,
                    attribute: fields.1,
                    typeOID: fields.2,
                    typeSize: fields.3,
                    typeModifier: fields.4,
                    format: fields.5
                )
            )
        }
        return .rowDescription(columns)
    }

    private static func readCopyFormat(_ payload: inout ByteBuffer) -> CopyFormat? {
        guard let overall = payload.readInteger(as: UInt8.self), let columns = payload.readList(of: Int16.self) else {
            return nil
        }
        return CopyFormat(isBinary: overall == 1, columnFormats: columns)
    }

    private static func readNotification(_ payload: inout ByteBuffer) -> BackendMessage? {
        guard let process = payload.readInteger(as: Int32.self), let channel = payload.readCString(),
            let text = payload.readCString()
        else { return nil }
        return .notificationResponse(processID: process, channel: channel, payload: text)
    }

    private static func readNegotiation(_ payload: inout ByteBuffer) -> BackendMessage? {
        guard let minor = payload.readInteger(as: Int32.self), let count = payload.readInteger(as: Int32.self),
            (0...Int32(payload.readableBytes)).contains(count)
        else { return nil }
        return .negotiateProtocolVersion(
            minor: minor,
            unsupported: (0..<count).compactMap { _ in payload.readCString() }
        )
    }
}

extension BackendMessage {
    package func write(into buffer: inout ByteBuffer) {
        switch self {
        case .authentication(let request): buffer.writeFrame(Kind.authentication.rawValue) { request.write(into: &$0) }
        case .parameterStatus(let name, let value):
            buffer.writeFrame(Kind.parameterStatus.rawValue) {
                $0.writeCString(name)
                $0.writeCString(value)
            }
        case .backendKeyData(let key):
            buffer.writeFrame(Kind.backendKeyData.rawValue) { $0.writeMultipleIntegers(key.processID, key.secret) }
        case .readyForQuery(let status):
            buffer.writeFrame(Kind.readyForQuery.rawValue) { $0.writeInteger(status.rawValue) }
        case .rowDescription(let columns): Self.write(columns, into: &buffer)
        case .dataRow(let values):
            buffer.writeFrame(Kind.dataRow.rawValue) {
                $0.writeInteger(UInt16(values.count))
                for value in values { $0.writeValue(value) }
            }
        case .commandComplete(let tag): buffer.writeFrame(Kind.commandComplete.rawValue) { $0.writeCString(tag) }
        case .emptyQueryResponse: buffer.writeFrame(Kind.emptyQueryResponse.rawValue)
        case .errorResponse(let message): buffer.writeFrame(Kind.errorResponse.rawValue) { message.write(into: &$0) }
        case .noticeResponse(let message): buffer.writeFrame(Kind.noticeResponse.rawValue) { message.write(into: &$0) }
        case .parseComplete: buffer.writeFrame(Kind.parseComplete.rawValue)
        case .bindComplete: buffer.writeFrame(Kind.bindComplete.rawValue)
        case .closeComplete: buffer.writeFrame(Kind.closeComplete.rawValue)
        case .noData: buffer.writeFrame(Kind.noData.rawValue)
        case .portalSuspended: buffer.writeFrame(Kind.portalSuspended.rawValue)
        case .parameterDescription(let types):
            buffer.writeFrame(Kind.parameterDescription.rawValue) { $0.writeList(types) }
        case .copyInResponse(let format): Self.write(.copyInResponse, format, into: &buffer)
        case .copyOutResponse(let format): Self.write(.copyOutResponse, format, into: &buffer)
        case .copyBothResponse(let format): Self.write(.copyBothResponse, format, into: &buffer)
        case .copyData(let data): buffer.writeFrame(Kind.copyData.rawValue) { $0.writeImmutableBuffer(data) }
        case .copyDone: buffer.writeFrame(Kind.copyDone.rawValue)
        case .notificationResponse(let process, let channel, let text):
            buffer.writeFrame(Kind.notificationResponse.rawValue) {
                $0.writeInteger(process)
                $0.writeCString(channel)
                $0.writeCString(text)
            }
        case .negotiateProtocolVersion(let minor, let unsupported):
            buffer.writeFrame(Kind.negotiateProtocolVersion.rawValue) {
                $0.writeMultipleIntegers(minor, Int32(unsupported.count))
                for name in unsupported { $0.writeCString(name) }
            }
        }
    }

    private static func write(_ columns: [Column], into buffer: inout ByteBuffer) {
        buffer.writeFrame(Kind.rowDescription.rawValue) {
            $0.writeInteger(UInt16(columns.count))
            for column in columns {
                $0.writeCString(column.name)
                $0.writeMultipleIntegers(
                    column.tableOID,
                    column.attribute,
                    column.typeOID,
                    column.typeSize,
                    column.typeModifier,
                    column.format
                )
            }
        }
    }

    private static func write(_ kind: Kind, _ format: CopyFormat, into buffer: inout ByteBuffer) {
        buffer.writeFrame(kind.rawValue) {
            $0.writeInteger(UInt8(format.isBinary ? 1 : 0))
            $0.writeList(format.columnFormats)
        }
    }
}
