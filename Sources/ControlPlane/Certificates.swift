// The certificates that the configuration names: for the clients, and for the connections to the servers.
//
// Invariant: files that cannot be used change nothing. At the start they end it, at a reload the ones before stay.
import ClusterModel
import Proxy
import Settings
import TransportSecurity

struct Certificates: Sendable {
    let configuration: Configuration

    /// What the listener offers, from the files as they are now.
    func listener() throws(ClusterError) -> ClientEncryption {
        guard let tls = configuration.listen.tls, tls.mode != .disable else { return .unavailable }
        do throws(TransportSecurityError) {
            let certificate = try ListenerCertificate(
                certificate: tls.certificate, key: tls.key, clientCA: tls.clientCA)
            return tls.mode == .require ? .required(certificate) : .offered(certificate)
        } catch {
            throw ClusterError("listen.tls: \(error)")
        }
    }

    /// What is wrong with the files is told at the start, not by the first connection.
    func check() throws(ClusterError) {
        _ = try listener()
        for instance in (configuration.instances + configuration.pool.fixedInstances).map(\.instance) {
            let encryption = instance.endpoint.encryption
            guard encryption.mode != .disable else { continue }
            do throws(TransportSecurityError) {
                _ = try InstanceContexts.context(for: encryption)
            } catch {
                throw ClusterError("tls of \(instance.id): \(error)")
            }
        }
    }
}

extension Assembly {
    /// Reads the certificates again, for who connects from now on and for new connections to servers.
    package func reloadCertificates() async {
        do {
            let listener = try certificates.listener()
            try InstanceContexts.renew()
            await proxy.setEncryption(listener)
            logger.notice("the certificates were read again")
        } catch {
            logger.error("certificates cannot be used; those from before stay", metadata: ["error": "\(error)"])
        }
    }
}
