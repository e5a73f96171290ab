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
    private var header = ""

    /// `verifier` nil means an unknown user: the exchange goes on and is rejected at its end.
    package init(verifier: SCRAMVerifier?, nonce: String, decoySalt: [UInt8]) {
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

    /// The challenge that answers the client's first message.
    package mutating func started(_ clientFirst: String) throws(WireError) -> String {
        let parts = clientFirst.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "n" || parts[0] == "y" else {
            throw WireError(.authenticationInvalid, "SCRAM with channel binding is not offered here")
        }
        let bare = String(parts[2])
        guard let clientNonce = attributes(bare)["r"], !clientNonce.isEmpty else {
            throw WireError(.authenticationInvalid, "the client's first SCRAM message has no nonce")
        }
        header = "\(parts[0]),\(parts[1]),"
        combinedNonce = clientNonce + nonce
        let challenge = "r=\(combinedNonce),s=\(Base64.encode(verifier.salt)),i=\(verifier.iterations)"
        transcriptHead = "\(bare),\(challenge)"
        return challenge
    }

    /// Judges the client's proof.
    package func proved(_ clientFinal: String) throws(WireError) -> Outcome {
        let fields = attributes(clientFinal)
        guard let proofStart = clientFinal.lastIndex(of: ","), clientFinal[proofStart...].hasPrefix(",p=") else {
            throw WireError(.authenticationInvalid, "the client's last SCRAM message has no proof")
        }
        guard fields["r"] == combinedNonce, fields["c"] == Base64.encode(Array(header.utf8)),
            let proof = fields["p"].flatMap(Base64.decode), proof.count == verifier.storedKey.count
        else { return .rejected }
        let transcript = "\(transcriptHead),\(clientFinal[..<proofStart])"
        let clientKey = xor(proof, hmac(verifier.storedKey, transcript))
        guard constantTimeEqual(sha256(clientKey), verifier.storedKey), isKnownUser else { return .rejected }
        return .accepted(serverFinal: "v=" + Base64.encode(hmac(verifier.serverKey, transcript)))
    }
}
