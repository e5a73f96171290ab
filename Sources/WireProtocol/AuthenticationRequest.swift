// The forms of the server's 'R' message that Foreshard knows; any other is reported by its number.
import NIOCore

package enum AuthenticationRequest: Hashable, Sendable {
    case ok
    case cleartextPassword
    case md5Password(salt: UInt32)
    case sasl(mechanisms: [String])
    case saslContinue(ByteBuffer)
    case saslFinal(ByteBuffer)
    case unsupported(Int32)

    init?(from payload: inout ByteBuffer) {
        guard let code = payload.readInteger(as: Int32.self) else { return nil }
        switch code {
        case 0: self = .ok
        case 3: self = .cleartextPassword
        case 5:
            guard let salt = payload.readInteger(as: UInt32.self) else { return nil }
            self = .md5Password(salt: salt)
        case 10:
            var mechanisms: [String] = []
            while let name = payload.readCString(), !name.isEmpty { mechanisms.append(name) }
            self = .sasl(mechanisms: mechanisms)
        case 11: self = .saslContinue(payload)
        case 12: self = .saslFinal(payload)
        default: self = .unsupported(code)
        }
    }

    func write(into buffer: inout ByteBuffer) {
        switch self {
        case .ok: buffer.writeInteger(Int32(0))
        case .cleartextPassword: buffer.writeInteger(Int32(3))
        case .md5Password(let salt): buffer.writeMultipleIntegers(Int32(5), salt)
        case .sasl(let mechanisms):
            buffer.writeInteger(Int32(10))
            for name in mechanisms { buffer.writeCString(name) }
            buffer.writeInteger(UInt8(0))
        case .saslContinue(let data):
            buffer.writeInteger(Int32(11))
            buffer.writeImmutableBuffer(data)
        case .saslFinal(let data):
            buffer.writeInteger(Int32(12))
            buffer.writeImmutableBuffer(data)
        case .unsupported(let code): buffer.writeInteger(code)
        }
    }
}
