// `listen.tls`, and `tls` of the servers.
import ClusterModel

extension SettingsReader {
    func listenerTLS(_ listener: SettingsNode) throws(ConfigurationError) -> ListenerTLS? {
        guard let node = try listener.child("tls") else { return nil }
        let mode = try node.child("mode")?.choice(of: ListenerTLS.Mode.self) ?? .prefer
        let tls = ListenerTLS(
            mode: mode, certificate: try node.required("certificate").string(), key: try node.required("key").string(),
            clientCA: try node.child("client_ca")?.string())
        try node.finish()
        return tls
    }

    /// A mode alone, or `{mode, ca, certificate, key}`.
    func encryption(_ server: SettingsNode) throws(ConfigurationError) -> TransportEncryption? {
        guard let node = try server.child("tls") else { return nil }
        guard node.node.mapping != nil else {
            return try checked(TransportEncryption(node.choice(of: TransportEncryption.Mode.self)), node)
        }
        let encryption = TransportEncryption(
            try node.child("mode")?.choice(of: TransportEncryption.Mode.self) ?? .verifyFull,
            ca: try node.child("ca")?.string(), certificate: try node.child("certificate")?.string(),
            key: try node.child("key")?.string())
        try node.finish()
        return try checked(encryption, node)
    }

    private func checked(
        _ encryption: TransportEncryption, _ node: SettingsNode
    ) throws(ConfigurationError) -> TransportEncryption {
        if encryption.ca != nil, !encryption.mode.verifies {
            throw node.error("`ca` is looked at by mode verify-ca and verify-full only")
        }
        if encryption.mode == .verifyCA, encryption.ca == nil {
            throw node.error("mode verify-ca needs `ca`: the file of the authority that made the server's certificate")
        }
        if (encryption.certificate == nil) != (encryption.key == nil) {
            throw node.error("`certificate` and `key` belong together")
        }
        return encryption
    }
}
