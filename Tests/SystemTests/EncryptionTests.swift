// TLS on both sides of the built router: real clients in front of it, real servers behind it.
import Foundation
import PostgresClient
import Testing

@Suite struct EncryptionTests {
    private func psql(
        _ cluster: TestCluster, _ conninfo: String, _ sql: String = "SELECT 1", password: String? = nil
    ) async throws -> ProgramOutput {
        try await runProgram(
            Programs.postgres("psql"),
            [
                "host=localhost hostaddr=127.0.0.1 port=\(cluster.port) user=app dbname=\(cluster.database) \(conninfo)",
                "-v", "ON_ERROR_STOP=1", "-Atc", sql,
            ],
            environment: ["PGPASSWORD": password ?? ""])
    }

    private func listener(_ certificates: TestCertificates, _ more: String) -> String {
        "tls: {certificate: \(certificates.certificate("server")), key: \(certificates.key("server"))\(more)}"
    }

    // MARK: Clients

    @Test func clientsChoose() async throws {
        try await withCertificates { certificates in
            let others = try await TestCertificates.make()
            defer { others.remove() }
            let users = "client_authentication: scram-sha-256\nusers: [{name: app, password: pencil}]"
            try await withServedCluster(users: users, listener: listener(certificates, "")) { cluster, _ in
                for (conninfo, works) in [
                    ("sslmode=disable", true), ("sslmode=require", true),
                    ("sslmode=verify-full sslrootcert=\(certificates.ca)", true),
                    ("sslmode=verify-full sslrootcert=\(others.ca)", false),
                ] {
                    let result = try await psql(cluster, conninfo, password: "pencil")
                    #expect((result.status == 0) == works, "\(conninfo): \(result.all)")
                }
                let wrong = try await psql(cluster, "sslmode=require", password: "crayon")
                #expect(wrong.errors.contains("password authentication failed"), "\(wrong.all)")
                let long = try await psql(
                    cluster, "sslmode=require", "SELECT length(repeat('x', 3000000)), md5(repeat('x', 3000000))",
                    password: "pencil")
                #expect(long.output.hasPrefix("3000000|"), "\(long.all)")
                let rows = try await psql(
                    cluster, "sslmode=require", "SELECT repeat('y', 1000) FROM generate_series(1, 5000)",
                    password: "pencil")
                #expect(rows.output.utf8.count == 5000 * 1001, "\(rows.output.utf8.count) bytes, \(rows.errors)")
            }
        }
    }

    @Test func driversWorkInsideOfTLS() async throws {
        try await withCertificates { certificates in
            try await withServedCluster(listener: listener(certificates, ", mode: require")) { cluster, _ in
                try await DriverPrograms.run(on: cluster, sslmode: "require")
                try await DriverPrograms.python(
                    "tls_session.py", "\(cluster.port)", certificates.ca, cluster.database)
                let clear = try await psql(cluster, "sslmode=disable")
                #expect(clear.errors.contains("TLS connections only"), "\(clear.all)")
                #expect(clear.errors.contains("sslmode=require"), "\(clear.all)")
            }
        }
    }

    @Test func clientsCertificatesAreAskedFor() async throws {
        try await withCertificates { certificates in
            try await certificates.sign("client")
            let strangers = try await TestCertificates.make()
            defer { strangers.remove() }
            try await strangers.sign("client")
            let tls = listener(certificates, ", client_ca: \(certificates.ca)")
            try await withServedCluster(listener: tls) { cluster, _ in
                for (source, works) in [(certificates, true), (strangers, false)] {
                    let shown = "sslcert=\(source.certificate("client")) sslkey=\(source.key("client"))"
                    let result = try await psql(cluster, "sslmode=require \(shown)")
                    #expect((result.status == 0) == works, "\(shown): \(result.all)")
                }
                let none = try await psql(cluster, "sslmode=require sslcert=none")
                #expect(none.status != 0, "\(none.all)")
            }
        }
    }

    @Test func certificatesAreReadAgain() async throws {
        try await withCertificates { certificates in
            let others = try await TestCertificates.make()
            defer { others.remove() }
            try await others.sign("server")
            try await withServedCluster(listener: listener(certificates, "")) { cluster, program in
                let verified = "sslmode=verify-full sslrootcert"
                try "no certificate".write(
                    toFile: certificates.certificate("server"), atomically: true, encoding: .utf8)
                program.hangUp()
                try await program.waitUntil("it says that they are bad") {
                    program.output.contains("those from before stay")
                }
                #expect(try await psql(cluster, "\(verified)=\(certificates.ca)").status == 0)

                for file in ["server.crt", "server.key"] {
                    let (new, old) = ("\(others.directory)/\(file)", "\(certificates.directory)/\(file)")
                    try FileManager.default.removeItem(atPath: old)
                    try FileManager.default.copyItem(atPath: new, toPath: old)
                }
                program.hangUp()
                try await program.waitUntil("they are read") {
                    program.output.contains("the certificates were read again")
                }
                #expect(try await psql(cluster, "\(verified)=\(others.ca)").status == 0)
                #expect(try await psql(cluster, "\(verified)=\(certificates.ca)").status != 0)
            }
        }
    }

    @Test func aBadFileIsNamedAtTheStart() async throws {
        try await withCertificates { certificates in
            let cluster = try await TestCluster.start(
                listener: "tls: {certificate: \(certificates.ca), key: /nowhere/server.key}")
            let result = try await cluster.foreshard("serve")
            #expect(result.status != 0 && result.all.contains("listen.tls"), "\(result.all)")
            #expect(result.all.contains("/nowhere/server.key"), "\(result.all)")
            await cluster.stop()
        }
    }

    /// Each side computes the certificate's hash by itself: libpq and the router's listener, the router and PostgreSQL.
    @Test(arguments: [
        (TestCertificates.ellipticCurve, ["-sha256"], true), (TestCertificates.ellipticCurve, ["-sha512"], true),
        (TestCertificates.rsa, ["-sha384"], true),
        (TestCertificates.rsa, ["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"], false),
    ])
    func proofsAreBoundToCertificates(keys: [String], signature: [String], isOffered: Bool) async throws {
        let certificates = try await TestCertificates.make(keys)
        defer { certificates.remove() }
        for name in ["router", "server"] { try await certificates.sign(name, signature: signature) }
        try await certificates.giveKeyToServers("server")
        let users = "client_authentication: scram-sha-256\nusers: [{name: app, password: pencil}]"
        let tls = "tls: {certificate: \(certificates.certificate("router")), key: \(certificates.key("router"))}"
        try await withServedCluster(
            users: users, listener: tls, instance: "tls: {mode: verify-full, ca: \(certificates.ca)}",
            settings: settings(certificates), password: "sesame"
        ) { cluster, _ in
            for (binding, works) in [("require", isOffered), ("prefer", true), ("disable", true)] {
                let result = try await psql(
                    cluster, "sslmode=require channel_binding=\(binding)", "SELECT count(*) FROM kv WHERE k = 1",
                    password: "pencil")
                #expect((result.status == 0) == works, "\(signature) \(binding): \(result.all)")
            }
            let clear = try await psql(cluster, "sslmode=disable channel_binding=prefer", password: "pencil")
            #expect(clear.status == 0, "\(clear.all)")
        }
    }

    // MARK: Servers

    private func settings(_ certificates: TestCertificates) -> [String: String] {
        [
            "ssl": "on", "ssl_cert_file": certificates.certificate("server"),
            "ssl_key_file": certificates.key("server"), "ssl_ca_file": certificates.ca,
        ]
    }

    /// The router's connections and a move's streams, all of them encrypted, and a segment that moves.
    @Test func serversAreReachedInsideOfTLS() async throws {
        try await withCertificates { certificates in
            try await certificates.giveKeyToServers("server")
            let tls = "tls: {mode: verify-full, ca: \(certificates.ca)}"
            try await withServedCluster(
                instance: tls, extra: "moves: {cleanup_grace: 1ms}", settings: settings(certificates)
            ) { cluster, program in
                for key in 1...40 {
                    let written = try await psql(cluster, "", "INSERT INTO kv (k, v) VALUES (\(key), 'x')")
                    #expect(written.status == 0, "\(written.all)")
                }
                let segments = try await cluster.foreshard("segments").output
                let line = try #require(segments.split(separator: "\n").first { $0.contains("home-1") })
                let segment = String(try #require(line.split(separator: " ").first))
                let order = try await cluster.foreshard("move", segment, "--to", "home-2")
                #expect(order.status == 0, "\(order.all)")
                try await program.waitUntil("the move is in probation") {
                    try await cluster.foreshard("moves").output.contains("probation")
                }
                for home in [1, 2] {
                    let clear = try await cluster.home(
                        home,
                        """
                        SELECT coalesce(string_agg(application_name, ', '), '') FROM pg_stat_ssl
                        JOIN pg_stat_activity USING (pid)
                        WHERE NOT ssl AND pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender')
                        """)
                    #expect(clear.rows.first?.first == "", "home-\(home): \(clear.rows)")
                    let sent = try await cluster.home(
                        home,
                        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_replication USING (pid) WHERE ssl")
                    #expect(sent.rows.first?.first == "1", "home-\(home): \(sent.rows)")
                }
                let read = try await psql(cluster, "", "SELECT count(v) FROM kv WHERE k = 7")
                #expect(read.output == "1\n", "\(read.all)")
            }
        }
    }

    /// A client of PostgreSQL cancels in clear text, the router passes it on inside of TLS.
    @Test func cancelsAreSentInsideOfTLS() async throws {
        try await withCertificates { certificates in
            try await certificates.giveKeyToServers("server")
            try await withServedCluster(instance: "tls: require", settings: settings(certificates)) { cluster, _ in
                let result = try await runProgram(
                    "/usr/bin/python3",
                    [
                        Programs.drivers + "/psycopg_session.py",
                        "host=127.0.0.1 port=\(cluster.port) user=app dbname=\(cluster.database)",
                    ])
                #expect(result.status == 0, "\(result.all)")
            }
        }
    }

    @Test func serversThatAreNotWhatTheyShouldBeAreRefused() async throws {
        try await withCertificates { certificates in
            try await certificates.sign("elsewhere", for: "DNS:elsewhere.example")
            try await certificates.giveKeyToServers("elsewhere")
            let others = try await TestCertificates.make()
            defer { others.remove() }
            var ssl = settings(certificates)
            ssl["ssl_cert_file"] = certificates.certificate("elsewhere")
            ssl["ssl_key_file"] = certificates.key("elsewhere")
            for (tls, settings, complaint) in [
                ("tls: require", [:], "does not do TLS"),
                ("tls: {mode: verify-ca, ca: \(others.ca)}", ssl, "CERTIFICATE_VERIFY_FAILED"),
                ("tls: {mode: verify-full, ca: \(certificates.ca)}", ssl, "TLS to the server failed"),
            ] {
                let cluster = try await TestCluster.start(instance: tls, settings: settings)
                let result = try await cluster.foreshard("serve")
                #expect(result.status != 0 && result.all.contains(complaint), "\(tls): \(result.all)")
                await cluster.stop()
            }
            let cluster = try await TestCluster.start(
                instance: "tls: {mode: verify-ca, ca: \(certificates.ca)}", settings: ssl)
            let init_ = try await cluster.foreshard("init")
            #expect(!init_.all.contains("TLS"), "verify-ca does not look at the name: \(init_.all)")
            await cluster.stop()
        }
    }
}
