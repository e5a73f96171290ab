// What the router shows to its clients, and whom it believes.
import NIOSSL

package struct ListenerCertificate: Sendable {
    /// The name that a client must ask for that begins with TLS at once (PostgreSQL 17's `sslnegotiation=direct`).
    package static let applicationProtocol = "postgresql"

    private let context: NIOSSLContext
    /// What a client can bind its log-in to; nil when the certificate's signature gives nothing to.
    package let serverEndPoint: [UInt8]?

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - certificate: a PEM file with the chain, the router's own certificate first.
    ///   - key: its private key, without a passphrase.
    ///   - clientCA: authorities for the clients' certificates; each client must then show one. Nil: none is asked for.
    package init(certificate: String, key: String, clientCA: String?) throws(TransportSecurityError) {
        let chain = try PEMFiles.chain(certificate)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(try PEMFiles.key(key)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = [Self.applicationProtocol]
        if let clientCA {
            configuration.trustRoots = .certificates(try PEMFiles.chain(clientCA))
            configuration.certificateVerification = .noHostnameVerification
        }
        serverEndPoint = chain.first.flatMap(ServerEndPoint.hash(of:))
        context = try PEMFiles.context(configuration, "the certificate \(certificate) with the key \(key)")
    }

    /// For the front of one client's pipeline.
    package func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: context) }
}
