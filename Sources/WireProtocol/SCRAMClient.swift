// The side that knows the password.
import NIOCore

/// One SCRAM-SHA-256 exchange from the client's side.
package struct SCRAMClient: Sendable {
    /// A server that asks for more work than this is refused, so that it cannot keep the client busy.
    private static let iterationsMax = 1_000_000

    private let password: String
    private let mechanism: String
    private let binding: ChannelBinding
    private let firstBare: String
    private let nonce: String
    private var expectedServerSignature: [UInt8]?

    /// Nil when nothing of what the server offers is known here.
    ///
    /// - Parameters:
    ///   - nonce: random, printable, without commas.
    ///   - mechanisms: what the server offers.
    ///   - endPoint: the hash of its certificate, inside of TLS; nil in clear text, or when it is not known.
    package init?(password: String, nonce: String, offered mechanisms: [String], endPoint: [UInt8]?) {
        if let endPoint, mechanisms.contains(SCRAMMechanism.plus) {
            mechanism = SCRAMMechanism.plus
            binding = .serverEndPoint(endPoint)
        } else if mechanisms.contains(SCRAMMechanism.plain) {
            mechanism = SCRAMMechanism.plain
            binding = endPoint == nil ? .none : .notOffered
        } else {
            return nil
        }
        self.password = password
        self.nonce = nonce
        firstBare = "n=,r=\(nonce)"
    }

    var firstMessage: String { binding.header + firstBare }

    /// The payload of SASLInitialResponse: the mechanism and the client's first message.
    package var initialResponse: ByteBuffer {
        var data = ByteBuffer()
        data.writeCString(mechanism)
        data.writeInteger(Int32(firstMessage.utf8.count))
        data.writeString(firstMessage)
        return data
    }

    /// The answer to the server's challenge.
    package mutating func challenged(_ serverFirst: String) throws(WireError) -> String {
        let fields = attributes(serverFirst)
        guard let combined = fields["r"], combined.hasPrefix(nonce), combined.utf8.count > nonce.utf8.count,
            let salt = fields["s"].flatMap(Base64.decode), let iterations = fields["i"].flatMap({ Int($0) }),
            (1...Self.iterationsMax).contains(iterations)
        else { throw WireError(.authenticationInvalid, "the server's SCRAM challenge is malformed") }
        let keys = SCRAMKeys(password: password, salt: salt, iterations: iterations)
        let withoutProof = "c=\(binding.encoded),r=\(combined)"
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
