// What a client sends after start-up. PostgreSQL documentation, "Message Formats".
import NIOCore

/// What `Describe` and `Close` speak of.
package enum DescribedObject: UInt8, Hashable, Sendable {
    case statement = 0x53  // 'S'
    case portal = 0x50  // 'P'
}

package enum FrontendMessage: Hashable, Sendable {
    case query(String)
    case parse(Parse)
    case bind(Bind)
    case describe(DescribedObject, name: String)
    case execute(portal: String, rowsMax: Int32)
    case close(DescribedObject, name: String)
    case flush
    case sync
    case terminate
    case copyData(ByteBuffer)
    case copyDone
    case copyFail(String)
    /// A password, or a step of SASL: what it is depends on what the server asked.
    case authentication(ByteBuffer)
    case functionCall

    package struct Parse: Hashable, Sendable {
        package var statement: String
        package var sql: String
        package var parameterTypes: [UInt32]

        package init(statement: String, sql: String, parameterTypes: [UInt32]) {
            self.statement = statement
            self.sql = sql
            self.parameterTypes = parameterTypes
        }
    }

    package struct Bind: Hashable, Sendable {
        package var portal: String
        package var statement: String
        /// Empty: all text. One: for all. Else one for each parameter. 0 is text, 1 binary.
        package var parameterFormats: [Int16]
        package var parameters: [ByteBuffer?]
        package var resultFormats: [Int16]

        package init(
            portal: String,
            statement: String,
            parameterFormats: [Int16],
            parameters: [ByteBuffer?],
            resultFormats: [Int16]
        ) {
            self.portal = portal
            self.statement = statement
            self.parameterFormats = parameterFormats
            self.parameters = parameters
            self.resultFormats = resultFormats
        }

        package func isBinary(parameter index: Int) -> Bool {
            switch parameterFormats.count {
            case 0: false
            case 1: parameterFormats[0] == 1
            default: index < parameterFormats.count && parameterFormats[index] == 1
            }
        }
    }
}

extension FrontendMessage {
    /// The type bytes, as the protocol names them.
    package enum Kind: UInt8, Sendable {
        case query = 0x51  // 'Q'
        case parse = 0x50  // 'P'
        case bind = 0x42  // 'B'
        case describe = 0x44  // 'D'
        case execute = 0x45  // 'E'
        case close = 0x43  // 'C'
        case flush = 0x48  // 'H'
        case sync = 0x53  // 'S'
        case terminate = 0x58  // 'X'
        case copyData = 0x64  // 'd'
        case copyDone = 0x63  // 'c'
        case copyFail = 0x66  // 'f'
        case authentication = 0x70  // 'p'
        case functionCall = 0x46  // 'F'
    }

    package init(_ frame: Frame) throws(WireError) {
        guard let kind = Kind(rawValue: frame.type) else {
            throw WireError(.unknownMessage, "invalid frontend message type '\(printable(frame.type))'")
        }
        var payload = frame.payload
        guard let message = try Self.read(kind, &payload) else {
            throw WireError(.malformedMessage, "malformed frontend message '\(printable(frame.type))'")
        }
        self = message
    }

    private static func read(_ kind: Kind, _ payload: inout ByteBuffer) throws(WireError) -> FrontendMessage? {
        switch kind {
        case .query: try payload.readUTF8CString().map { .query($0) }
        case .parse: try readParse(&payload)
        case .bind: try readBind(&payload)
        case .describe: try readObject(&payload).map { .describe($0.0, name: $0.1) }
        case .close: try readObject(&payload).map { .close($0.0, name: $0.1) }
        case .execute: try readExecute(&payload)
        case .flush: .flush
        case .sync: .sync
        case .terminate: .terminate
        case .copyData: .copyData(payload)
        case .copyDone: .copyDone
        case .copyFail: payload.readCString().map { .copyFail($0) }
        case .authentication: .authentication(payload)
        case .functionCall: .functionCall
        }
    }

    private static func readParse(_ payload: inout ByteBuffer) throws(WireError) -> FrontendMessage? {
        guard let statement = try payload.readUTF8CString(), let sql = try payload.readUTF8CString(),
            let types = payload.readList(of: UInt32.self)
        else { return nil }
        return .parse(Parse(statement: statement, sql: sql, parameterTypes: types))
    }

    private static func readBind(_ payload: inout ByteBuffer) throws(WireError) -> FrontendMessage? {
        guard let portal = try payload.readUTF8CString(), let statement = try payload.readUTF8CString(),
            let formats = payload.readList(of: Int16.self), let parameters = payload.readValues(),
            let resultFormats = payload.readList(of: Int16.self)
        else { return nil }
        return .bind(
            Bind(
                portal: portal,
                statement: statement,
                parameterFormats: formats,
                parameters: parameters,
                resultFormats: resultFormats
            )
        )
    }

    private static func readExecute(_ payload: inout ByteBuffer) throws(WireError) -> FrontendMessage? {
        guard let portal = try payload.readUTF8CString(), let rows = payload.readInteger(as: Int32.self) else {
            return nil
        }
        return .execute(portal: portal, rowsMax: rows)
    }

    private static func readObject(_ payload: inout ByteBuffer) throws(WireError) -> (DescribedObject, String)? {
        guard let object = payload.readInteger(as: UInt8.self).flatMap(DescribedObject.init(rawValue:)),
            let name = try payload.readUTF8CString()
        else { return nil }
        return (object, name)
    }
}

extension FrontendMessage {
    package func write(into buffer: inout ByteBuffer) {
        switch self {
        case .query(let sql): buffer.writeFrame(Kind.query.rawValue) { $0.writeCString(sql) }
        case .parse(let parse):
            buffer.writeFrame(Kind.parse.rawValue) {
                $0.writeCString(parse.statement)
                $0.writeCString(parse.sql)
                $0.writeList(parse.parameterTypes)
            }
        case .bind(let bind): bind.write(into: &buffer)
        case .describe(let object, let name): Self.write(.describe, object, name, &buffer)
        case .close(let object, let name): Self.write(.close, object, name, &buffer)
        case .execute(let portal, let rowsMax):
            buffer.writeFrame(Kind.execute.rawValue) {
                $0.writeCString(portal)
                $0.writeInteger(rowsMax)
            }
        case .flush: buffer.writeFrame(Kind.flush.rawValue)
        case .sync: buffer.writeFrame(Kind.sync.rawValue)
        case .terminate: buffer.writeFrame(Kind.terminate.rawValue)
        case .copyData(let data): buffer.writeFrame(Kind.copyData.rawValue) { $0.writeImmutableBuffer(data) }
        case .copyDone: buffer.writeFrame(Kind.copyDone.rawValue)
        case .copyFail(let reason): buffer.writeFrame(Kind.copyFail.rawValue) { $0.writeCString(reason) }
        case .authentication(let data):
            buffer.writeFrame(Kind.authentication.rawValue) { $0.writeImmutableBuffer(data) }
        case .functionCall: buffer.writeFrame(Kind.functionCall.rawValue)
        }
    }

    private static func write(_ kind: Kind, _ object: DescribedObject, _ name: String, _ buffer: inout ByteBuffer) {
        buffer.writeFrame(kind.rawValue) {
            $0.writeInteger(object.rawValue)
            $0.writeCString(name)
        }
    }
}

extension FrontendMessage.Bind {
    fileprivate func write(into buffer: inout ByteBuffer) {
        buffer.writeFrame(FrontendMessage.Kind.bind.rawValue) {
            $0.writeCString(portal)
            $0.writeCString(statement)
            $0.writeList(parameterFormats)
            $0.writeInteger(UInt16(parameters.count))
            for parameter in parameters { $0.writeValue(parameter) }
            $0.writeList(resultFormats)
        }
    }
}
