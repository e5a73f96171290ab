// What is made from the files of `tls` once, and used by every connection to a server.
import ClusterModel
import NIOSSL
import Synchronization

package enum InstanceContexts {
    private static let made = Mutex<[TransportEncryption: NIOSSLContext]>([:])

    /// The context for connections that are encrypted like this.
    package static func context(for encryption: TransportEncryption) throws(TransportSecurityError) -> NIOSSLContext {
        if let known = made.withLock({ $0[encryption] }) { return known }
        let context = try make(encryption)
        made.withLock { $0[encryption] = context }
        return context
    }

    /// Reads the files again, for the connections from now on. What cannot be used changes nothing.
    package static func renew() throws(TransportSecurityError) {
        var renewed: [TransportEncryption: NIOSSLContext] = [:]
        for encryption in made.withLock({ Array($0.keys) }) { renewed[encryption] = try make(encryption) }
        made.withLock { [renewed] in $0.merge(renewed) { $1 } }
    }

    private static func make(_ encryption: TransportEncryption) throws(TransportSecurityError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification =
            switch encryption.mode {
            case .disable, .prefer, .require: .none
            case .verifyCA: .noHostnameVerification
            case .verifyFull: .fullVerification
            }
        if encryption.mode.verifies, let ca = encryption.ca {
            configuration.trustRoots = .certificates(try PEMFiles.chain(ca))
        }
        if let certificate = encryption.certificate, let key = encryption.key {
            configuration.certificateChain = try PEMFiles.chain(certificate).map { .certificate($0) }
            configuration.privateKey = .privateKey(try PEMFiles.key(key))
        }
        return try PEMFiles.context(configuration, "tls with mode \(encryption.mode.rawValue)")
    }
}
