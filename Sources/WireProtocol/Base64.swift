// RFC 4648 base64 without Foundation, for SCRAM's messages.
import Crypto

enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = Array(bytes[start..<min(start + 3, bytes.count)])
            let word = chunk.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for position in 0..<4 {
                out.append(position <= chunk.count ? alphabet[word >> (18 - 6 * position) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Nil for anything that is not padded base64.
    static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 4 == 0 else { return nil }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var out: [UInt8] = []
        var word = 0
        for (index, character) in characters.dropLast(padding).enumerated() {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            word = word << 6 | value
            if index % 4 == 3 {
                out += [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255)]
                word = 0
            }
        }
        switch padding {
        case 1: out += [UInt8(word >> 10 & 255), UInt8(word >> 2 & 255)]
        case 2: out.append(UInt8(word >> 4 & 255))
        default: break
        }
        return out
    }
}

func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
