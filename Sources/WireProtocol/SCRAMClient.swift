// The side that knows the password.

/// One SCRAM-SHA-256 exchange from the client's side.
package struct SCRAMClient: Sendable {
    package static let mechanism = "SCRAM-SHA-256"

    /// A server that asks for more work than this is refused, so that it cannot keep the client busy.
    private static let iterationsMax = 1_000_000
    private static let header = "n,,"

    private let password: String
    private let firstBare: String
    private let nonce: String
    private var expectedServerSignature: [UInt8]?

    /// `nonce` is random, printable, without commas.
    package init(password: String, nonce: String) {
        self.password = password
        self.nonce = nonce
        firstBare = "n=,r=\(nonce)"
    }

    package var firstMessage: String { Self.header + firstBare }

    /// The answer to the server's challenge.
    package mutating func challenged(_ serverFirst: String) throws(WireError) -> String {
        let fields = attributes(serverFirst)
        guard let combined = fields["r"], combined.hasPrefix(nonce), combined.utf8.count > nonce.utf8.count,
            let salt = fields["s"].flatMap(Base64.decode), let iterations = fields["i"].flatMap({ Int($0) }),
            (1...Self.iterationsMax).contains(iterations)
        else { throw WireError(.authenticationInvalid, "the server's SCRAM challenge is malformed") }
        let keys = SCRAMKeys(password: password, salt: salt, iterations: iterations)
        let withoutProof = "c=\(Base64.encode(Array(Self.header.utf8))),r=\(combined)"
        let transcript = "\(firstBare),\(serverFirst),\(withoutProof)"
        expectedServerSignature = hmac(keys.serverKey, transcript)
        let proof = xor(keys.clientKey, hmac(keys.storedKey, transcript))
        return "\(withoutProof),p=\(Base64.encode(proof))"
    }

    /// Checks that the server knows the password too.
    package func finished(_ serverFinal: String) throws(WireError) {
        guard let signature = attributes(serverFinal)["v"].flatMap(Base64.decode), let expectedServerSignature,
            constantTimeEqual(signature, expectedServerSignature)
        else { throw WireError(.authenticationInvalid, "the server could not prove that it knows the password") }
    }
}
