// Who may log in at the router. The instances are reached as their endpoint's user, whoever the client is.
import WireProtocol

/// A user of the router.
package struct ProxyUser: Sendable {
    package enum Credential: Sendable {
        /// Anyone who can reach the port may be this user.
        case trust
        case verifier(SCRAMVerifier)
    }

    package let name: String
    package let credential: Credential

    package init(name: String, credential: Credential) {
        self.name = name
        self.credential = credential
    }
}
