/// Why a connection could not be encrypted, or a certificate not be used.
package struct TransportSecurityError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
