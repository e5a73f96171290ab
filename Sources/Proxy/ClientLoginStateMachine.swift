// From a client's first byte to its admission: encryption, start-up, SCRAM-SHA-256 or trust.
//
//   awaitingStartup ──startup──▶ awaitingFirst ──challenge──▶ awaitingProof ──▶ finished
//                      └──────────────── trust ────────────────────────────────────▲
//
// An unknown user goes through the whole exchange with a decoy, so that names cannot be found out.
import NIOCore
import WireProtocol

package struct ClientLogin: Equatable, Sendable {
    package let user: String
    package let database: String
    package let parameters: [StartupParameter]
}

package struct ClientLoginStateMachine: Sendable {
    private enum State: Sendable {
        case awaitingStartup
        case awaitingFirst(ClientLogin, SCRAMServer)
        case awaitingProof(ClientLogin, SCRAMServer)
        case finished
    }

    /// What the listener has of TLS.
    package enum Encryption: Sendable { case unavailable, offered, required }

    package enum Action: Equatable, Sendable {
        /// Say no, and go on in clear text.
        case refuseEncryption
        /// Say yes; the handshake is next. What came with the request was not encrypted: there must be none.
        case encrypt
        case cancel(CancelKey)
        /// Messages for the client; more is awaited.
        case ask([BackendMessage])
        /// The client is who it says; AuthenticationOk is not sent yet.
        case admit(ClientLogin, [BackendMessage])
        /// A FATAL error; close.
        case reject(ServerMessage)
    }

    private let users: [String: ProxyUser.Credential]
    private let encryption: Encryption
    private let endPoint: [UInt8]?
    private var isEncrypted = false
    private let nonce: String
    private let decoySecret: [UInt8]
    private var state = State.awaitingStartup

    /// - Parameter endPoint: the hash of the listener's certificate; nil when there is none, or it is not known.
    package init(
        users: [String: ProxyUser.Credential], encryption: Encryption = .unavailable, endPoint: [UInt8]? = nil,
        nonce: String, decoySecret: [UInt8]
    ) {
        self.endPoint = endPoint
        self.users = users
        self.encryption = encryption
        self.nonce = nonce
        self.decoySecret = decoySecret
    }

    package var awaitsStartup: Bool { if case .awaitingStartup = state { true } else { false } }

    package mutating func startupReceived(_ packet: StartupPacket) -> Action {
        switch packet {
        case .sslRequest: return beginsEncryption() ? .encrypt : .refuseEncryption
        case .gssEncryptionRequest: return .refuseEncryption
        case .cancel(let key):
            state = .finished
            return .cancel(key)
        case .startup(let minorVersion, let parameters): return started(minorVersion, parameters)
        }
    }

    /// The client wants TLS, by SSLRequest or by beginning with it. True once, and only where it is to be had.
    package mutating func beginsEncryption() -> Bool {
        guard encryption != .unavailable, !isEncrypted, awaitsStartup else { return false }
        isEncrypted = true
        return true
    }

    private mutating func started(_ minorVersion: Int, _ parameters: [StartupParameter]) -> Action {
        func value(_ name: String) -> String? { parameters.last { $0.name == name }?.value }
        guard let user = value("user"), !user.isEmpty else {
            return reject(.invalidAuthorization, "no PostgreSQL user name specified in startup packet")
        }
        guard isEncrypted || encryption != .required else {
            return reject(
                .invalidAuthorization, "no encryption: this router takes TLS connections only",
                hint: "connect with sslmode=require or above")
        }
        if let replication = value("replication"), !["false", "off", "no", "0"].contains(replication) {
            return reject(.featureNotSupported, "replication connections do not go through the router")
        }
        let database = value("database").flatMap { $0.isEmpty ? nil : $0 } ?? user
        let login = ClientLogin(user: user, database: database, parameters: parameters)
        let negotiation = Self.negotiation(minorVersion, parameters)
        switch users[user] {
        case .trust?:
            state = .finished
            return .admit(login, negotiation)
        case .verifier(let verifier)?: return askForProof(login, verifier, negotiation)
        case nil: return askForProof(login, nil, negotiation)
        }
    }

    private static func negotiation(_ minorVersion: Int, _ parameters: [StartupParameter]) -> [BackendMessage] {
        let unsupported = parameters.map(\.name).filter { $0.hasPrefix("_pq_.") }
        guard minorVersion > 0 || !unsupported.isEmpty else { return [] }
        return [.negotiateProtocolVersion(minor: 0, unsupported: unsupported)]
    }

    private mutating func askForProof(
        _ login: ClientLogin, _ verifier: SCRAMVerifier?, _ negotiation: [BackendMessage]
    ) -> Action {
        let salt = verifier == nil ? decoySalt(for: login.user) : []
        let exchange = SCRAMServer(
            verifier: verifier, nonce: nonce, decoySalt: salt, endPoint: isEncrypted ? endPoint : nil)
        state = .awaitingFirst(login, exchange)
        return .ask(negotiation + [.authentication(.sasl(mechanisms: exchange.mechanisms))])
    }

    /// The same each time for one name, as a user's is. Hasher is SipHash under a key of the process.
    private func decoySalt(for user: String) -> [UInt8] {
        (0..<(SCRAMVerifier.saltLength + 7) / 8).flatMap { part in
            var hasher = Hasher()
            hasher.combine(decoySecret)
            hasher.combine(part)
            for byte in user.utf8 { hasher.combine(byte) }
            return withUnsafeBytes(of: hasher.finalize(), Array.init)
        }
    }

    package mutating func authenticationReceived(_ data: ByteBuffer) -> Action {
        switch state {
        case .awaitingFirst(let login, let exchange): return firstReceived(data, login, exchange)
        case .awaitingProof(let login, let exchange): return proofReceived(data, login, exchange)
        case .awaitingStartup, .finished: return reject(.protocolViolation, "unexpected authentication message")
        }
    }

    private mutating func firstReceived(_ data: ByteBuffer, _ login: ClientLogin, _ exchange: SCRAMServer) -> Action {
        var data = data
        var exchange = exchange
        guard let mechanism = data.readCString(), let length = data.readInteger(as: Int32.self), length >= 0,
            let first = data.readString(length: Int(length))
        else { return reject(.protocolViolation, "malformed SASL message") }
        do throws(WireError) {
            let challenge = try exchange.started(mechanism, first)
            state = .awaitingProof(login, exchange)
            return .ask([.authentication(.saslContinue(ByteBuffer(string: challenge)))])
        } catch {
            return reject(.protocolViolation, error.message)
        }
    }

    private mutating func proofReceived(_ data: ByteBuffer, _ login: ClientLogin, _ exchange: SCRAMServer) -> Action {
        guard let outcome = try? exchange.proved(String(buffer: data)) else {
            return reject(.protocolViolation, "malformed SASL message")
        }
        switch outcome {
        case .rejected: return reject(.invalidPassword, "password authentication failed for user \"\(login.user)\"")
        case .accepted(let serverFinal):
            state = .finished
            return .admit(login, [.authentication(.saslFinal(ByteBuffer(string: serverFinal)))])
        }
    }

    private mutating func reject(_ code: SQLState, _ message: String, hint: String? = nil) -> Action {
        state = .finished
        return .reject(ServerMessage(severity: "FATAL", sqlState: code, message: message, hint: hint))
    }
}
