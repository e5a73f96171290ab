// What the router's listener offers of TLS. Replaced as a whole when certificates change; who is connected stays so.
import TransportSecurity

package enum ClientEncryption: Sendable {
    case unavailable
    case offered(ListenerCertificate)
    case required(ListenerCertificate)

    var certificate: ListenerCertificate? {
        switch self {
        case .unavailable: nil
        case .offered(let certificate), .required(let certificate): certificate
        }
    }

    var offer: ClientLoginStateMachine.Encryption {
        switch self {
        case .unavailable: .unavailable
        case .offered: .offered
        case .required: .required
        }
    }
}
