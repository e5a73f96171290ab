import NIOCore
import Testing

@testable import WireProtocol

@Suite struct SCRAMTests {
    private let salt: [UInt8] = Array(1...16)

    /// `shown`: the certificate as the client sees it; `own`: as the server does.
    private func outcome(
        password: String, verifier: SCRAMVerifier?, shown: [UInt8]? = nil, own: [UInt8]? = nil,
        offered: [String]? = nil
    ) throws -> (SCRAMServer.Outcome, SCRAMClient) {
        var server = SCRAMServer(verifier: verifier, nonce: "servernonce", decoySalt: salt, endPoint: own)
        var client = try #require(
            SCRAMClient(
                password: password, nonce: "clientnonce", offered: offered ?? server.mechanisms, endPoint: shown))
        var response = client.initialResponse
        let mechanism = response.readCString()
        let length = response.readInteger(as: Int32.self)
        #expect(length.map(Int.init) == response.readableBytes)
        let challenge = try server.started(try #require(mechanism), String(buffer: response))
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

    @Test func aProofIsBoundToTheCertificate() throws {
        let verifier = SCRAMVerifier(password: "pencil", salt: salt)
        func isAccepted(shown: [UInt8]?, own: [UInt8]?, offered: [String]? = nil) throws -> Bool {
            try outcome(password: "pencil", verifier: verifier, shown: shown, own: own, offered: offered).0 != .rejected
        }
        #expect(try isAccepted(shown: [1, 2], own: [1, 2]))
        #expect(try !isAccepted(shown: [1, 2], own: [1, 3]), "somebody in between has another certificate")
        #expect(try isAccepted(shown: nil, own: [1, 2]), "a client that cannot")
        #expect(try isAccepted(shown: [1, 2], own: nil), "a server that cannot")
        #expect(throws: WireError.self, "somebody in between has taken the offer away") {
            try isAccepted(shown: [1, 2], own: [1, 2], offered: [SCRAMMechanism.plain])
        }
    }

    @Test func unknownMechanismsAreNoChoice() {
        #expect(SCRAMClient(password: "pencil", nonce: "n", offered: ["OAUTHBEARER"], endPoint: [1]) == nil)
        #expect(SCRAMClient(password: "pencil", nonce: "n", offered: [SCRAMMechanism.plus], endPoint: nil) == nil)
    }

    @Test func theMechanismAndItsHeaderBelongTogether() {
        let (plain, plus) = (SCRAMMechanism.plain, SCRAMMechanism.plus)
        for (mechanism, header) in [
            (plain, "p=tls-server-end-point,,"), (plus, "n,,"), (plus, "y,,"), (plus, "p=tls-unique,,"),
            ("PLAIN", "n,,"),
        ] {
            var server = SCRAMServer(verifier: nil, nonce: "s", decoySalt: salt, endPoint: [1])
            #expect(throws: WireError.self, "\(mechanism) \(header)") {
                try server.started(mechanism, header + "n=,r=abc")
            }
        }
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
        var server = SCRAMServer(verifier: nil, nonce: "s", decoySalt: salt, endPoint: nil)
        #expect(throws: WireError.self) { try server.started(SCRAMMechanism.plain, message) }
    }

    @Test(arguments: [[UInt8](), [0], [1, 2], [1, 2, 3], Array(0...255)])
    func base64IsItsOwnInverse(bytes: [UInt8]) {
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}
