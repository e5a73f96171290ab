// How the connections to a server are encrypted. The modes are libpq's `sslmode`, with its meaning of each, but for one:
// a handshake that fails never falls back to clear text, not under `prefer` either.

package struct TransportEncryption: Hashable, Sendable, Codable {
    package enum Mode: String, CaseIterable, Sendable, Codable {
        /// In clear text.
        case disable
        /// Encrypted where the server can; nobody looks at its certificate.
        case prefer
        /// Encrypted or not at all; nobody looks at the certificate.
        case require
        /// As `require`, and an authority in `ca` vouches for the certificate.
        case verifyCA = "verify-ca"
        /// As `verify-ca`, and the certificate names the host.
        case verifyFull = "verify-full"

        /// Whether it is known who is at the other end.
        package var verifies: Bool { self == .verifyCA || self == .verifyFull }
    }

    package var mode: Mode
    /// PEM files. Without `ca`, `verifyFull` trusts the authorities that the system trusts.
    package var ca: String?
    /// What the router shows of itself.
    package var certificate: String?
    package var key: String?

    package init(_ mode: Mode, ca: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.mode = mode
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }

    /// Where nobody said: what stays on the machine is not encrypted.
    package static func unspecified(host: String) -> TransportEncryption {
        TransportEncryption(loopback.contains(host) ? .disable : .prefer)
    }

    private static let loopback: Set = ["127.0.0.1", "::1", "localhost"]
}

extension Endpoint {
    /// What holds for its connections.
    package var encryption: TransportEncryption { tls ?? .unspecified(host: host) }

    /// Whether nothing goes in clear text, whatever the server says.
    package var requiresEncryption: Bool { encryption.mode != .disable && encryption.mode != .prefer }

    /// Whether nobody but the server can read what is sent to it, so that a password may go in clear text.
    package var isPrivate: Bool {
        encryption.mode.verifies || TransportEncryption.unspecified(host: host).mode == .disable
    }
}
