import ClusterModel
import Testing

@testable import Settings

@Suite struct TLSSettingsTests {
    private func read(listen: String = "{}", home: String = "", admin: String = "{}") throws -> Configuration {
        try Configuration.read(
            """
            listen: \(listen)
            admin: \(admin)
            client_authentication: trust
            users: [{name: app}]
            application: {user: app}
            instances: [{id: home-1, port: 5432, database: app, user: postgres\(home)}]
            groups: [{id: shop, key_type: bigint, segments: 4, tables: {orders: tenant}}]
            """, file: "f.yaml")
    }

    @Test func theListenersCertificate() throws {
        #expect(try read().listen.tls == nil)
        let offered = try read(listen: "{tls: {certificate: a.crt, key: a.key}}").listen.tls
        #expect(offered == ListenerTLS(mode: .prefer, certificate: "a.crt", key: "a.key"))
        let required = try read(listen: "{tls: {mode: require, certificate: a.crt, key: a.key, client_ca: ca.crt}}")
        #expect(
            required.listen.tls
                == ListenerTLS(mode: .require, certificate: "a.crt", key: "a.key", clientCA: "ca.crt"))
    }

    @Test(arguments: [
        ("disable", TransportEncryption(.disable)), ("require", TransportEncryption(.require)),
        ("{ca: ca.crt}", TransportEncryption(.verifyFull, ca: "ca.crt")),
        (
            "{mode: verify-ca, ca: ca.crt, certificate: a.crt, key: a.key}",
            TransportEncryption(.verifyCA, ca: "ca.crt", certificate: "a.crt", key: "a.key")
        ),
    ])
    func howAServerIsReached(text: String, expected: TransportEncryption) throws {
        #expect(try read(home: ", tls: \(text)").instances[0].instance.endpoint.encryption == expected)
    }

    @Test func whereNobodySaidLoopbackIsInClearText() throws {
        #expect(try read().instances[0].instance.endpoint.encryption == TransportEncryption(.disable))
        let away = try read(home: ", host: db.internal").instances[0].instance.endpoint
        #expect(away.encryption == TransportEncryption(.prefer) && !away.isPrivate)
        let verified = try read(home: ", host: db.internal, tls: verify-full").instances[0].instance.endpoint
        #expect(verified.isPrivate)
    }

    @Test(arguments: [
        ("{tls: {certificate: a.crt}}", "", "`key` is missing"),
        ("{tls: {mode: verify-full, certificate: a.crt, key: a.key}}", "", "disable, prefer, require"),
        ("{}", ", tls: always", "disable, prefer, require, verify-ca, verify-full"),
        ("{}", ", tls: {mode: require, ca: ca.crt}", "verify-ca and verify-full only"),
        ("{}", ", tls: verify-ca", "needs `ca`"),
        ("{}", ", tls: {mode: require, key: a.key}", "belong together"),
        ("{}", ", tls: {mode: require, cert: a.crt}", "unknown setting `cert`"),
    ])
    func slipsAreNamed(listen: String, home: String, complaint: String) {
        #expect {
            _ = try read(listen: listen, home: home)
        } throws: { error in
            "\(error)".contains(complaint)
        }
    }

    @Test func theAdminAPIHasNone() {
        #expect(throws: ConfigurationError.self) {
            _ = try read(admin: "{tls: {certificate: a.crt, key: a.key}}")
        }
    }
}
