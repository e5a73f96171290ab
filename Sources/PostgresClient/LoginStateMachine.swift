// Start-up of one connection to a server: start-up packet, authentication, parameters, ready.
//
//   authenticating -> (scram) -> settling -> ready
//         |              |          |
//         +--------------+----------+-----> failed
//
// Invariant: a password is sent only inside SCRAM, or in clear text where nobody else can read it and the server
// asks for it: to a loopback address, or inside of TLS to a server that was verified.
import ClusterModel
import NIOCore
import WireProtocol

struct LoginStateMachine {
    enum Action: Equatable {
        case none
        case send(FrontendMessage)
        case ready
        case fail(ConnectionError)
    }

    private enum State {
        /// The start-up packet is sent. -> scram, settling, failed
        case authenticating
        /// A SCRAM exchange is under way. -> settling, failed
        case scram(SCRAMClient)
        /// Authenticated; parameters arrive. -> ready, failed
        case settling
        case ready
        case failed
    }

    private let endpoint: Endpoint
    private let nonce: String
    /// The hash of the server's certificate, once the connection is encrypted.
    var serverEndPoint: [UInt8]?
    private var state = State.authenticating

    init(endpoint: Endpoint, nonce: String) {
        self.endpoint = endpoint
        self.nonce = nonce
    }

    mutating func received(_ message: BackendMessage) -> Action {
        switch message {
        case .authentication(let request): authenticationRequested(request)
        case .backendKeyData: keyReceived()
        case .parameterStatus, .noticeResponse, .negotiateProtocolVersion: .none
        case .readyForQuery: settled()
        case .errorResponse(let error): refused(error)
        default: fail(.protocolViolation, "the server sent an unexpected message during start-up")
        }
    }

    private mutating func authenticationRequested(_ request: AuthenticationRequest) -> Action {
        switch request {
        case .ok:
            state = .settling
            return .none
        case .sasl(let mechanisms): return scramOffered(mechanisms)
        case .saslContinue(let challenge): return challenged(challenge)
        case .saslFinal(let final): return proved(final)
        case .cleartextPassword: return cleartextRequested()
        case .md5Password:
            return fail(
                .authenticationRefused,
                "the server wants an MD5 password; store it as SCRAM: SET password_encryption = 'scram-sha-256' and set the password again"
            )
        case .unsupported(let code):
            return fail(
                .authenticationRefused,
                "the server wants authentication method \(code), which is not supported"
            )
        }
    }

    private mutating func scramOffered(_ mechanisms: [String]) -> Action {
        guard let password = endpoint.password else {
            return fail(.authenticationRefused, "the server wants a password and the configuration gives none")
        }
        guard
            let client = SCRAMClient(password: password, nonce: nonce, offered: mechanisms, endPoint: serverEndPoint)
        else { return fail(.authenticationRefused, "the server offers no SCRAM-SHA-256") }
        state = .scram(client)
        return .send(.authentication(client.initialResponse))
    }

    private mutating func challenged(_ challenge: ByteBuffer) -> Action {
        guard case .scram(var client) = state else { return outOfOrder() }
        do {
            let answer = try client.challenged(String(buffer: challenge))
            state = .scram(client)
            return .send(.authentication(ByteBuffer(string: answer)))
        } catch {
            return fail(.authenticationRefused, error.message)
        }
    }

    private mutating func proved(_ final: ByteBuffer) -> Action {
        guard case .scram(let client) = state else { return outOfOrder() }
        do {
            try client.finished(String(buffer: final))
            return .none
        } catch {
            return fail(.authenticationRefused, error.message)
        }
    }

    private mutating func cleartextRequested() -> Action {
        guard let password = endpoint.password else {
            return fail(.authenticationRefused, "the server wants a password and the configuration gives none")
        }
        guard endpoint.isPrivate else {
            return fail(
                .authenticationRefused,
                "the server wants the password in clear text: use scram-sha-256 in pg_hba.conf, or tls: verify-full"
            )
        }
        var data = ByteBuffer(string: password)
        data.writeInteger(UInt8(0))
        return .send(.authentication(data))
    }

    private mutating func keyReceived() -> Action {
        guard case .settling = state else { return outOfOrder() }
        return .none
    }

    private mutating func settled() -> Action {
        guard case .settling = state else { return outOfOrder() }
        state = .ready
        return .ready
    }

    private mutating func refused(_ error: ServerMessage) -> Action {
        let isAuthentication = error.sqlState.code.hasPrefix("28")
        return fail(
            isAuthentication ? .authenticationRefused : .unreachable, "\(error.sqlState): \(error.message)",
            sqlState: error.sqlState.code)
    }

    private mutating func outOfOrder() -> Action {
        fail(.protocolViolation, "the server's start-up messages are out of order")
    }

    private mutating func fail(
        _ code: ConnectionError.Code, _ message: String, sqlState: String? = nil
    ) -> Action {
        state = .failed
        return .fail(ConnectionError(code, endpoint: endpoint, message, sqlState: sqlState))
    }
}
