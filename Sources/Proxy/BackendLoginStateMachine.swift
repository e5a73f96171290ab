// From a connected socket to the first ReadyForQuery of an instance: trust, clear text or SCRAM-SHA-256.
import ClusterModel
import NIOCore
import WireProtocol

struct BackendLoginStateMachine {
    enum Action: Equatable {
        case none
        case send(FrontendMessage)
        case ready
        case fail(String)
    }

    let endpoint: Endpoint
    private let searchPath: [String]
    private let nonce: String
    private var exchange: SCRAMClient?
    /// The hash of the instance's certificate, once the connection is encrypted.
    var serverEndPoint: [UInt8]?
    private(set) var parameters: [StartupParameter] = []
    private(set) var key: CancelKey?
    private var isAuthenticated = false

    init(endpoint: Endpoint, nonce: String, searchPath: [String]) {
        self.endpoint = endpoint
        self.searchPath = searchPath
        self.nonce = nonce
    }

    /// The settings that decide how a statement reads are the router's own, whatever the role or the database says;
    /// RESET goes back to them too.
    var startup: StartupPacket {
        .startup(
            minorVersion: 0,
            parameters: [
                StartupParameter(name: "user", value: endpoint.user),
                StartupParameter(name: "database", value: endpoint.database),
                StartupParameter(name: "application_name", value: "foreshard"),
                StartupParameter(name: "client_encoding", value: "UTF8"),
                StartupParameter(name: "standard_conforming_strings", value: "on"),
                StartupParameter(name: "search_path", value: searchPath.map(Self.quoted).joined(separator: ", ")),
            ])
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    mutating func received(_ message: BackendMessage) -> Action {
        switch message {
        case .authentication(let request): return asked(request)
        case .parameterStatus(let name, let value):
            parameters.append(StartupParameter(name: name, value: value))
            return .none
        case .backendKeyData(let key):
            self.key = key
            return .none
        case .readyForQuery: return isAuthenticated ? .ready : .fail("ready before authentication")
        case .errorResponse(let error): return .fail("\(error.sqlState): \(error.message)")
        case .noticeResponse, .negotiateProtocolVersion: return .none
        case .rowDescription, .dataRow, .commandComplete, .emptyQueryResponse, .parseComplete, .bindComplete,
            .closeComplete, .noData, .portalSuspended, .parameterDescription, .copyInResponse, .copyOutResponse,
            .copyBothResponse, .copyData, .copyDone, .notificationResponse:
            return .fail("unexpected message during log-in")
        }
    }

    private mutating func asked(_ request: AuthenticationRequest) -> Action {
        switch request {
        case .ok:
            isAuthenticated = true
            return .none
        case .cleartextPassword:
            guard let password = endpoint.password else { return .fail("the instance asks for a password") }
            guard endpoint.isPrivate else {
                return .fail(
                    "the instance asks for the password in clear text: use scram-sha-256 in pg_hba.conf, or tls: verify-full"
                )
            }
            var data = ByteBuffer()
            data.writeCString(password)
            return .send(.authentication(data))
        case .sasl(let mechanisms): return beginExchange(mechanisms)
        case .saslContinue(let challenge):
            guard let answer = try? exchange?.challenged(String(buffer: challenge)) else {
                return .fail("malformed SCRAM challenge")
            }
            return .send(.authentication(ByteBuffer(string: answer)))
        case .saslFinal(let final):
            return (try? exchange?.finished(String(buffer: final))) == nil
                ? .fail("the instance could not prove that it knows the password") : .none
        case .md5Password: return .fail("the instance asks for MD5 authentication: use scram-sha-256")
        case .unsupported(let code):
            return .fail("the instance asks for authentication \(code), which is not supported")
        }
    }

    private mutating func beginExchange(_ mechanisms: [String]) -> Action {
        guard let password = endpoint.password else { return .fail("the instance asks for a password") }
        exchange = SCRAMClient(password: password, nonce: nonce, offered: mechanisms, endPoint: serverEndPoint)
        guard let exchange else { return .fail("no SASL mechanism in common") }
        return .send(.authentication(exchange.initialResponse))
    }
}
