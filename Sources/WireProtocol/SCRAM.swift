// SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL speaks it: no user name inside.
// Both sides are values: feed the peer's message, get the next one. A wrong proof and an unknown user look the same.
import Crypto

/// What a server keeps instead of a password.
package struct SCRAMVerifier: Hashable, Sendable {
    package let iterations: Int
    package let salt: [UInt8]
    let storedKey: [UInt8]
    let serverKey: [UInt8]

    package static let iterationsDefault = 4096
    package static let saltLength = 16

    /// The verifier of a password. `salt` is random and new for each password.
    package init(password: String, salt: [UInt8], iterations: Int = iterationsDefault) {
        let keys = SCRAMKeys(password: password, salt: salt, iterations: iterations)
        self.init(iterations: iterations, salt: salt, storedKey: keys.storedKey, serverKey: keys.serverKey)
    }

    init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        self.iterations = iterations
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`, which `CREATE ROLE ... PASSWORD` takes as it is: so a
    /// server never sees, nor logs, the password.
    package var pgAuthID: String {
        "SCRAM-SHA-256$\(iterations):\(Base64.encode(salt))$\(Base64.encode(storedKey)):\(Base64.encode(serverKey))"
    }

    /// Parses `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>` as `pg_authid` stores it.
    package init?(pgAuthID text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "SCRAM-SHA-256" else { return nil }
        let head = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        let keys = parts[2].split(separator: ":", omittingEmptySubsequences: false)
        guard head.count == 2, keys.count == 2, let iterations = Int(head[0]), iterations > 0,
            let salt = Base64.decode(String(head[1])), let stored = Base64.decode(String(keys[0])),
            let server = Base64.decode(String(keys[1])), stored.count == 32, server.count == 32
        else { return nil }
        self.init(iterations: iterations, salt: salt, storedKey: stored, serverKey: server)
    }
}

/// The keys that a password gives (RFC 5802, section 3).
struct SCRAMKeys {
    let clientKey: [UInt8]
    let storedKey: [UInt8]
    let serverKey: [UInt8]

    init(password: String, salt: [UInt8], iterations: Int) {
        let salted = Self.hi(Array(password.utf8), salt, iterations)
        clientKey = hmac(salted, "Client Key")
        storedKey = Array(SHA256.hash(data: clientKey))
        serverKey = hmac(salted, "Server Key")
    }

    /// PBKDF2 with HMAC-SHA-256 and one output block.
    private static func hi(_ password: [UInt8], _ salt: [UInt8], _ iterations: Int) -> [UInt8] {
        let key = SymmetricKey(data: password)
        var block = Array(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
        var result = block
        for _ in 1..<max(1, iterations) {
            block = Array(HMAC<SHA256>.authenticationCode(for: block, using: key))
            for index in result.indices { result[index] ^= block[index] }
        }
        return result
    }
}

func hmac(_ key: [UInt8], _ message: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(message.utf8), using: SymmetricKey(data: key)))
}

func xor(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { zip(a, b).map { $0 ^ $1 } }

/// Equal or not in a time that does not depend on where they differ.
func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}

/// The attributes of a SCRAM message: `r=...,s=...,i=...`.
func attributes(_ message: some StringProtocol) -> [Character: String] {
    var found: [Character: String] = [:]
    for part in message.split(separator: ",") {
        guard let name = part.first, part.dropFirst().first == "=" else { continue }
        found[name] = String(part.dropFirst(2))
    }
    return found
}
