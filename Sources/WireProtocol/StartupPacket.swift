// The first packet of a connection has no type byte. It asks for encryption, cancels a query, or starts a session.
import NIOCore

package enum StartupPacket: Hashable, Sendable {
    case sslRequest
    case gssEncryptionRequest
    case cancel(CancelKey)
    /// `minorVersion` is what the client asked of protocol 3; the router speaks 3.0 and says so when asked for more.
    case startup(minorVersion: Int, parameters: [StartupParameter])

    private static let cancelCode: Int32 = 80_877_102
    private static let sslCode: Int32 = 80_877_103
    private static let gssCode: Int32 = 80_877_104
    private static let protocolMajor: Int32 = 3
    /// PostgreSQL's own limit (MAX_STARTUP_PACKET_LENGTH).
    package static let lengthMax = 10_000

    /// The packet at the front of `buffer`; nil when more bytes are needed.
    package static func read(from buffer: inout ByteBuffer) throws(WireError) -> StartupPacket? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: Int32.self) else { return nil }
        guard length >= 8, Int(length) <= lengthMax else {
            throw WireError(.startupPacketInvalid, "invalid length of startup packet: \(length)")
        }
        guard var packet = buffer.readSlice(length: Int(length)) else { return nil }
        packet.moveReaderIndex(forwardBy: 4)
        switch packet.readInteger(as: Int32.self) {
        case sslCode: return .sslRequest
        case gssCode: return .gssEncryptionRequest
        case cancelCode: return .cancel(try CancelKey(from: &packet))
        case let version?: return try startup(version: version, &packet)
        case nil: throw WireError(.startupPacketInvalid, "empty startup packet")
        }
    }

    private static func startup(version: Int32, _ packet: inout ByteBuffer) throws(WireError) -> StartupPacket {
        guard version >> 16 == protocolMajor else {
            throw WireError(
                .unsupportedProtocolVersion,
                "unsupported frontend protocol \(version >> 16).\(version & 0xFFFF): the router supports 3.0"
            )
        }
        var parameters: [StartupParameter] = []
        while let name = packet.readCString(), !name.isEmpty {
            guard let value = packet.readCString() else {
                throw WireError(.startupPacketInvalid, "startup parameter \"\(name)\" has no value")
            }
            parameters.append(StartupParameter(name: name, value: value))
        }
        return .startup(minorVersion: Int(version & 0xFFFF), parameters: parameters)
    }

    package func write(into buffer: inout ByteBuffer) {
        let lengthIndex = buffer.writerIndex
        buffer.writeInteger(Int32(0))
        switch self {
        case .sslRequest: buffer.writeInteger(Self.sslCode)
        case .gssEncryptionRequest: buffer.writeInteger(Self.gssCode)
        case .cancel(let key):
            buffer.writeInteger(Self.cancelCode)
            buffer.writeInteger(key.processID)
            buffer.writeInteger(key.secret)
        case .startup(let minor, let parameters):
            buffer.writeInteger(Self.protocolMajor << 16 | Int32(minor))
            for parameter in parameters {
                buffer.writeCString(parameter.name)
                buffer.writeCString(parameter.value)
            }
            buffer.writeInteger(UInt8(0))
        }
        buffer.setInteger(Int32(buffer.writerIndex - lengthIndex), at: lengthIndex)
    }
}

package struct StartupParameter: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What a client shows to cancel a query of another connection.
package struct CancelKey: Hashable, Sendable {
    package let processID: Int32
    package let secret: Int32

    package init(processID: Int32, secret: Int32) {
        self.processID = processID
        self.secret = secret
    }

    init(from payload: inout ByteBuffer) throws(WireError) {
        guard let process = payload.readInteger(as: Int32.self), let secret = payload.readInteger(as: Int32.self) else {
            throw WireError(.malformedMessage, "a cancel key is shorter than 8 bytes")
        }
        self.init(processID: process, secret: secret)
    }
}
