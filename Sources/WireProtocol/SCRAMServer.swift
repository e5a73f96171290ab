// The side that keeps a verifier. An unknown user gets a challenge all the same, from a verifier nobody's password fits.

/// One SCRAM-SHA-256 exchange from the server's side.
package struct SCRAMServer: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The proof is right; this is the server's last message.
        case accepted(serverFinal: String)
        case rejected
    }

    private let verifier: SCRAMVerifier
    private let isKnownUser: Bool
    private let nonce: String
    private var transcriptHead = ""
    private var combinedNonce = ""
    private let endPoint: [UInt8]?
    private var binding = ChannelBinding.none

    /// - Parameters:
    ///   - verifier: nil means an unknown user: the exchange goes on and is rejected at its end.
    ///   - endPoint: the hash of the certificate that the client was shown; nil in clear text, or when it is not known.
    package init(verifier: SCRAMVerifier?, nonce: String, decoySalt: [UInt8], endPoint: [UInt8]?) {
        self.endPoint = endPoint
        isKnownUser = verifier != nil
        self.verifier =
            verifier
            ?? SCRAMVerifier(
                iterations: SCRAMVerifier.iterationsDefault,
                salt: decoySalt,
                storedKey: Array(repeating: 0, count: 32),
                serverKey: Array(repeating: 0, count: 32)
            )
        self.nonce = nonce
    }

    /// What the client may choose from.
    package var mechanisms: [String] {
        endPoint == nil ? [SCRAMMechanism.plain] : [SCRAMMechanism.plus, SCRAMMechanism.plain]
    }

    /// The challenge that answers the client's first message.
    package mutating func started(_ mechanism: String, _ clientFirst: String) throws(WireError) -> String {
        guard mechanisms.contains(mechanism) else {
            throw WireError(.authenticationInvalid, "the SASL mechanism \(mechanism) is not offered")
        }
        let parts = clientFirst.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw WireError(.authenticationInvalid, "the client's first SCRAM message is malformed")
        }
        binding = try Self.binding("\(parts[0]),\(parts[1]),", endPoint, isPlus: mechanism == SCRAMMechanism.plus)
        let bare = String(parts[2])
        guard let clientNonce = attributes(bare)["r"], !clientNonce.isEmpty else {
            throw WireError(.authenticationInvalid, "the client's first SCRAM message has no nonce")
        }
        combinedNonce = clientNonce + nonce
        let challenge = "r=\(combinedNonce),s=\(Base64.encode(verifier.salt)),i=\(verifier.iterations)"
        transcriptHead = "\(bare),\(challenge)"
        return challenge
    }

    private static func binding(_ header: String, _ endPoint: [UInt8]?, isPlus: Bool) throws(WireError)
        -> ChannelBinding
    {
        switch (header, endPoint) {
        case (ChannelBinding.serverEndPointHeader, let endPoint?) where isPlus: return .serverEndPoint(endPoint)
        case (ChannelBinding.none.header, _) where !isPlus: return .none
        case (ChannelBinding.notOffered.header, nil) where !isPlus: return .notOffered
        case (ChannelBinding.notOffered.header, _):
            throw WireError(
                .authenticationInvalid,
                "the client supports SCRAM channel binding but was not told that it is offered here")
        default: throw WireError(.authenticationInvalid, "the client's SCRAM channel binding is not supported")
        }
    }

    /// Judges the client's proof.
    package func proved(_ clientFinal: String) throws(WireError) -> Outcome {
        let fields = attributes(clientFinal)
        guard let proofStart = clientFinal.lastIndex(of: ","), clientFinal[proofStart...].hasPrefix(",p=") else {
            throw WireError(.authenticationInvalid, "the client's last SCRAM message has no proof")
        }
        guard fields["r"] == combinedNonce, fields["c"] == binding.encoded,
            let proof = fields["p"].flatMap(Base64.decode), proof.count == verifier.storedKey.count
        else { return .rejected }
        let transcript = "\(transcriptHead),\(clientFinal[..<proofStart])"
        let clientKey = xor(proof, hmac(verifier.storedKey, transcript))
        guard constantTimeEqual(sha256(clientKey), verifier.storedKey), isKnownUser else { return .rejected }
        return .accepted(serverFinal: "v=" + Base64.encode(hmac(verifier.serverKey, transcript)))
    }
}
