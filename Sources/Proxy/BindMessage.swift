// A Bind read only as far as routing needs it: the names, and the parameters that are shard keys. The rest of its bytes
// is passed on as it is.
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

struct BindMessage {
    let portal: String
    let statement: String
    private let frame: Frame
    /// After the two names.
    private let rest: ByteBuffer

    /// Nil when the names are malformed.
    init?(_ frame: Frame) {
        var payload = frame.payload
        guard let portal = payload.readCString(), let statement = payload.readCString() else { return nil }
        self.portal = portal
        self.statement = statement
        self.frame = frame
        rest = payload
    }

    /// The message with another statement's name.
    func renamed(_ name: String) -> ByteBuffer {
        guard name != statement else { return frame.bytes }
        var message = ByteBuffer()
        message.reserveCapacity(frame.bytes.readableBytes + name.utf8.count)
        message.writeFrame(FrontendMessage.Kind.bind.rawValue) {
            $0.writeCString(portal)
            $0.writeCString(name)
            $0.writeImmutableBuffer(rest)
        }
        return message
    }

    /// The parameters up to the last one that is a shard key; those that are none are left NULL.
    func parameters(of statement: PreparedStatement) throws(BatchFailure) -> [ParameterValue] {
        guard case .keyed(_, let keys) = statement.analysis.target else { return [] }
        let count = keys.reduce(0) { max($0, $1.parameterNumber ?? 0) }
        guard count > 0 else { return [] }
        var payload = rest
        guard let formatCount = payload.readCount(bytesEach: 2),
            let formats = payload.readSlice(length: 2 * formatCount),
            let given = payload.readCount(bytesEach: 4)
        else { throw .malformed }
        guard given >= count else {
            throw BatchFailure(
                .protocolViolation,
                "bind message supplies \(given) parameters, but the statement requires \(statement.analysis.parameterCount)"
            )
        }
        var isKey = [Bool](repeating: false, count: count + 1)
        for key in keys { if let number = key.parameterNumber { isKey[number] = true } }
        var values: [ParameterValue] = []
        values.reserveCapacity(count)
        for index in 0..<count {
            guard let value = payload.readValue() else { throw .malformed }
            let types = statement.parameterTypes
            values.append(
                ParameterValue(
                    format: Self.isBinary(formats, index) ? .binary : .text,
                    typeOID: index < types.count ? types[index] : 0,
                    bytes: isKey[index + 1] ? value.map { Array($0.readableBytesView) } : nil))
        }
        return values
    }

    /// No formats: all text. One: for all. Else one for each parameter.
    private static func isBinary(_ formats: ByteBuffer, _ index: Int) -> Bool {
        let position = formats.readableBytes == 2 ? 0 : 2 * index
        return formats.getInteger(at: formats.readerIndex + position, as: Int16.self) == 1
    }
}
