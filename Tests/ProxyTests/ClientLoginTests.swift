import ClusterModel
import NIOCore
import Testing
import WireProtocol

@testable import Proxy

@Suite struct ClientLoginTests {
    private let users: [String: ProxyUser.Credential] = [
        "open": .trust, "ada": .verifier(SCRAMVerifier(password: "sesame", salt: [1, 2, 3, 4])),
    ]
    private func machine(_ encryption: ClientLoginStateMachine.Encryption = .unavailable) -> ClientLoginStateMachine {
        ClientLoginStateMachine(users: users, encryption: encryption, nonce: "serverNonce", decoySecret: [9])
    }

    private func startup(_ user: String, minor: Int = 0) -> StartupPacket {
        .startup(minorVersion: minor, parameters: [StartupParameter(name: "user", value: user)])
    }

    @Test func encryptionIsRefusedAndLogInGoesOn() {
        var login = machine()
        #expect(login.startupReceived(.sslRequest) == .refuseEncryption)
        #expect(login.startupReceived(.gssEncryptionRequest) == .refuseEncryption)
        #expect(login.awaitsStartup)
        guard case .admit(let admitted, []) = login.startupReceived(startup("open")) else {
            Issue.record("a trusted user is not admitted")
            return
        }
        #expect(admitted.database == "open")
    }

    @Test func encryptionBeginsOnce() {
        for encryption in [ClientLoginStateMachine.Encryption.offered, .required] {
            var login = machine(encryption)
            #expect(login.startupReceived(.gssEncryptionRequest) == .refuseEncryption)
            #expect(login.startupReceived(.sslRequest) == .encrypt)
            #expect(login.startupReceived(.sslRequest) == .refuseEncryption)
            var direct = machine(encryption)
            let began = [direct.beginsEncryption(), direct.beginsEncryption()]
            #expect(began == [true, false])
            guard case .admit = direct.startupReceived(startup("open")) else {
                Issue.record("not admitted inside of TLS")
                return
            }
        }
        var none = machine()
        let began = none.beginsEncryption()
        #expect(!began)
    }

    @Test func whereEncryptionIsRequiredClearTextCancelsAndNothingElse() {
        var login = machine(.required)
        guard case .reject(let error) = login.startupReceived(startup("open")) else {
            Issue.record("admitted in clear text")
            return
        }
        #expect(error.sqlState == .invalidAuthorization && error.hint?.contains("sslmode=require") == true)
        // libpq before 17 has no other way.
        var cancel = machine(.required)
        let key = CancelKey(processID: 1, secret: 2)
        #expect(cancel.startupReceived(.cancel(key)) == .cancel(key))
    }

    @Test func newerClientsAreToldTheVersion() {
        var login = machine()
        guard case .admit(_, let messages) = login.startupReceived(startup("open", minor: 2)) else {
            Issue.record("not admitted")
            return
        }
        #expect(messages == [.negotiateProtocolVersion(minor: 0, unsupported: [])])
    }

    @Test(arguments: [("ada", "sesame", true), ("ada", "wrong", false), ("nobody", "sesame", false)])
    func scram(user: String, password: String, isAdmitted: Bool) throws {
        var login = machine()
        var client = try #require(
            SCRAMClient(password: password, nonce: "clientNonce", offered: ["SCRAM-SHA-256"], endPoint: nil))
        #expect(login.startupReceived(startup(user)) == .ask([.authentication(.sasl(mechanisms: ["SCRAM-SHA-256"]))]))
        guard case .ask(let asked) = login.authenticationReceived(client.initialResponse),
            case .authentication(.saslContinue(let challenge))? = asked.first
        else {
            Issue.record("no challenge")
            return
        }
        let proof = try client.challenged(String(buffer: challenge))
        switch login.authenticationReceived(ByteBuffer(string: proof)) {
        case .admit: #expect(isAdmitted)
        case .reject(let error):
            #expect(!isAdmitted)
            #expect(error.sqlState == .invalidPassword)
        case .refuseEncryption, .encrypt, .cancel, .ask: Issue.record("the exchange does not end")
        }
    }

    @Test func unknownUsersHaveASaltEachThatStays() throws {
        let salts = ["eve", "eve", "mallory"].map { user in
            var login = machine()
            _ = login.startupReceived(startup(user))
            var first = ByteBuffer(string: "SCRAM-SHA-256\0")
            first.writeInteger(Int32(9))
            first.writeString("n,,n=,r=x")
            guard case .ask(let asked) = login.authenticationReceived(first),
                case .authentication(.saslContinue(let challenge))? = asked.first
            else { return "" }
            return String(buffer: challenge)
        }
        #expect(salts[0] == salts[1] && salts[0] != salts[2] && salts[0].contains("s="))
    }

    @Test func aPasswordGoesInClearTextToLoopbackOnly() {
        for (host, isSent) in [("127.0.0.1", true), ("10.0.0.1", false)] {
            let endpoint = Endpoint(host: host, port: 5432, database: "d", user: "u", password: "sesame")
            var login = BackendLoginStateMachine(endpoint: endpoint, nonce: "n", searchPath: ["public"])
            let action = login.received(.authentication(.cleartextPassword))
            #expect((action == .send(.authentication(ByteBuffer(string: "sesame\0")))) == isSent)
        }
    }

    @Test func aBackEndReadsStatementsAsTheRouterDoes() {
        let endpoint = Endpoint(host: "h", port: 5432, database: "d", user: "u", password: nil)
        let login = BackendLoginStateMachine(endpoint: endpoint, nonce: "n", searchPath: ["public", "a\"b"])
        guard case .startup(_, let parameters) = login.startup else {
            Issue.record("no start-up packet")
            return
        }
        let settings = parameters.map { "\($0.name)=\($0.value)" }
        #expect(settings.contains("standard_conforming_strings=on") && settings.contains("client_encoding=UTF8"))
        #expect(settings.contains("search_path=\"public\", \"a\"\"b\""))
    }

    @Test func malformedExchangesAreRejected() {
        for bytes in [
            [], [0], Array("SCRAM-SHA-256\0".utf8), Array("SCRAM-SHA-256\0".utf8) + [0x7F, 0xFF, 0xFF, 0xFF, 1],
        ] {
            var login = machine()
            _ = login.startupReceived(startup("ada"))
            guard case .reject = login.authenticationReceived(ByteBuffer(bytes: bytes)) else {
                Issue.record("\(bytes) is accepted")
                return
            }
        }
    }

    @Test func optionsAreSplitAsPostgreSQLDoes() {
        let pairs = SessionSettings.pairs(startup: [
            ("user", "ada"), ("options", "-c a=1 --b-c=x\\ y -cd=2"), ("application_name", "it's"),
        ])
        #expect(pairs.map { "\($0.name)=\($0.value)" } == ["a=1", "b_c=x y", "d=2", "application_name=it's"])
        #expect(
            SessionSettings(startup: pairs).statements.last == "SELECT set_config('application_name', 'it''s', false)")
    }
}
