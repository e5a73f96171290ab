// `tls-server-end-point` (RFC 5929, section 4.1): what both ends of a TLS connection know of the server's certificate.
import Crypto
import NIOCore
import NIOSSL

package enum ServerEndPoint {
    /// The certificate's hash, by the hash function of its signature, or SHA-256 where that is MD5 or SHA-1.
    ///
    /// Nil for signatures that name no such function by themselves (RSASSA-PSS, Ed25519): there is nothing to bind to.
    package static func hash(of certificate: NIOSSLCertificate) -> [UInt8]? {
        guard let bytes = try? certificate.toDERBytes(), let algorithm = signatureAlgorithm(bytes) else { return nil }
        switch algorithm {
        case rsa + [4], rsa + [5], rsa + [11], ecdsa + [1], ecdsa + [3, 2]: return Array(SHA256.hash(data: bytes))
        case rsa + [12], ecdsa + [3, 3]: return Array(SHA384.hash(data: bytes))
        case rsa + [13], ecdsa + [3, 4]: return Array(SHA512.hash(data: bytes))
        default: return nil
        }
    }

    /// The hash of what the server has shown on this connection; nil in clear text.
    package static func hash(ofServerBehind context: ChannelHandlerContext) -> [UInt8]? {
        let front = context.pipeline.syncOperations
        guard let tls = try? front.handler(type: NIOSSLClientHandler.self) else { return nil }
        return tls.peerCertificate.flatMap(hash(of:))
    }

    /// 1.2.840.113549.1.1 (PKCS #1)
    private static let rsa: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01]
    /// 1.2.840.10045.4 (ANSI X9.62)
    private static let ecdsa: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04]

    /// The object identifier within `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }` (RFC 5280).
    static func signatureAlgorithm(_ certificate: [UInt8]) -> [UInt8]? {
        guard let whole = element(certificate[...]), let signed = element(whole.contents),
            let algorithm = element(signed.rest), let identifier = element(algorithm.contents)
        else { return nil }
        return Array(identifier.contents)
    }

    /// The first element of DER with a length of at most four bytes.
    private static func element(_ bytes: ArraySlice<UInt8>) -> (contents: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        let body = bytes.dropFirst(2)
        guard let short = bytes.dropFirst().first else { return nil }
        guard short & 0x80 != 0 else { return split(body, Int(short)) }
        let count = Int(short & 0x7F)
        guard (1...4).contains(count), body.count >= count else { return nil }
        return split(body.dropFirst(count), body.prefix(count).reduce(0) { $0 << 8 | Int($1) })
    }

    private static func split(_ bytes: ArraySlice<UInt8>, _ count: Int) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        bytes.count >= count ? (bytes.prefix(count), bytes.dropFirst(count)) : nil
    }
}
