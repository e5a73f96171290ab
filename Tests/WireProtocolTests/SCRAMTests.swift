import Testing

@testable import WireProtocol

@Suite struct SCRAMTests {
    private let salt: [UInt8] = Array(1...16)

    private func outcome(password: String, verifier: SCRAMVerifier?) throws -> (SCRAMServer.Outcome, SCRAMClient) {
        var client = SCRAMClient(password: password, nonce: "clientnonce")
        var server = SCRAMServer(verifier: verifier, nonce: "servernonce", decoySalt: salt)
        let challenge = try server.started(client.firstMessage)
        return (try server.proved(try client.challenged(challenge)), client)
    }

    @Test func theRightPasswordConvincesBothSides() throws {
        let (outcome, client) = try outcome(
            password: "pencil",
            verifier: SCRAMVerifier(password: "pencil", salt: salt)
        )
        guard case .accepted(let final) = outcome else {
            Issue.record("rejected")
            return
        }
        try client.finished(final)
        #expect(throws: WireError.self) { try client.finished("v=AAAA") }
    }

    @Test func aWrongPasswordAndAnUnknownUserAreRejected() throws {
        #expect(try outcome(password: "pen", verifier: SCRAMVerifier(password: "pencil", salt: salt)).0 == .rejected)
        #expect(try outcome(password: "pencil", verifier: nil).0 == .rejected)
    }

    /// RFC 7677, section 3.
    @Test func agreesWithThePublishedExchange() throws {
        let salt = try #require(Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
        let keys = SCRAMKeys(password: "pencil", salt: salt, iterations: 4096)
        let transcript =
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let proof = xor(keys.clientKey, hmac(keys.storedKey, transcript))
        #expect(Base64.encode(proof) == "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        #expect(Base64.encode(hmac(keys.serverKey, transcript)) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    }

    @Test func readsWhatPostgreSQLStores() throws {
        let text =
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        let verifier = try #require(SCRAMVerifier(pgAuthID: text))
        #expect(verifier.pgAuthID == text)
        #expect(verifier == SCRAMVerifier(password: "pencil", salt: verifier.salt))
        #expect(SCRAMVerifier(pgAuthID: "md5abc") == nil)
    }

    @Test(arguments: ["", "p=x,,n=,r=a", "n,,n=", "r=1", "n,,"])
    func malformedFirstMessagesAreRefused(message: String) {
        var server = SCRAMServer(verifier: nil, nonce: "s", decoySalt: salt)
        #expect(throws: WireError.self) { try server.started(message) }
    }

    @Test(arguments: [[UInt8](), [0], [1, 2], [1, 2, 3], Array(0...255)])
    func base64IsItsOwnInverse(bytes: [UInt8]) {
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}
