// Two home servers of this machine with a small sharded table each, and a configuration that names them.
import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient

final class TestCluster: Sendable {
    let directory: String
    let homes: [LocalServer]
    let endpoints: [Endpoint]
    let config: String
    let port: Int
    let adminPort: Int

    static let schema = """
        CREATE ROLE app LOGIN;
        CREATE TABLE kv (k bigint PRIMARY KEY, v text);
        CREATE TABLE pgbench_accounts (aid bigint PRIMARY KEY, abalance integer NOT NULL DEFAULT 0);
        GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
        """

    /// Starts the servers and writes the configuration.
    ///
    /// - Parameters:
    ///   - users: who may log in, and how.
    ///   - listener: further settings of `listen`.
    ///   - instance: further settings of each home.
    ///   - pool: the `pool` section.
    ///   - extra: further sections of the configuration.
    ///   - settings: lines of postgresql.conf.
    ///   - password: of the servers' roles, to be proven by SCRAM; nil: whoever comes is trusted.
    static func start(
        users: String = trustedUsers, listener: String = "", instance: String = "", pool: String = "",
        extra: String = "", schema: String = schema,
        settings additional: [String: String] = [:], password: String? = nil
    ) async throws -> TestCluster {
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-system-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        var settings = ServerSettings()
        settings.isDurable = false
        settings.additional = additional
        if let password { settings.authentication = .scram(password: password) }
        let cluster = try await LocalCluster(directory: directory + "/homes", settings: settings)
        var servers: [LocalServer] = []
        var endpoints: [Endpoint] = []
        for name in ["home-1", "home-2"] {
            let server = try cluster.server(name)
            try await server.provision()
            let endpoint = try await server.start()
            let connection = try await PostgresConnection.connect(to: endpoint)
            try await connection.query(schema)
            if let password { try await connection.query("ALTER ROLE app PASSWORD '\(password)'") }
            await connection.close()
            servers.append(server)
            endpoints.append(endpoint)
        }
        return try TestCluster(
            directory: directory, homes: servers, endpoints: endpoints, users: users, listener: listener,
            instance: instance, pool: pool, extra: extra, password: password.map { ", password: \($0)" } ?? "")
    }

    static let trustedUsers = "client_authentication: trust\nusers: [{name: app}]"

    private init(
        directory: String, homes: [LocalServer], endpoints: [Endpoint], users: String, listener: String,
        instance: String, pool: String, extra: String, password: String
    ) throws {
        self.directory = directory
        self.homes = homes
        self.endpoints = endpoints
        config = directory + "/foreshard.yaml"
        port = Self.freePort()
        adminPort = Self.freePort()
        let instances = endpoints.enumerated().map { index, endpoint in
            "  - {id: home-\(index + 1), port: \(endpoint.port), database: \(endpoint.database), user: \(endpoint.user), connections: 8\(password)\(instance.isEmpty ? "" : ", " + instance)}"
        }.joined(separator: "\n")
        let text = """
            listen: {port: \(port)\(listener.isEmpty ? "" : ", " + listener)}
            admin: {port: \(adminPort)}
            data_directory: \(directory)/data
            \(users)
            application: {user: app\(password)}
            instances:
            \(instances)
            groups:
              - id: kv
                key_type: bigint
                segments: 4
                tables: {kv: k, pgbench_accounts: aid}
            \(pool)
            \(extra)
            """
        try text.write(toFile: config, atomically: true, encoding: .utf8)
    }

    var database: String { endpoints[0].database }

    /// How a client reaches the router.
    var router: Endpoint { Endpoint(host: "127.0.0.1", port: port, database: database, user: "app", password: nil) }

    /// Runs a foreshard command against this cluster.
    func foreshard(_ arguments: String...) async throws -> ProgramOutput {
        try await runProgram(Programs.foreshard, arguments + ["--config", config])
    }

    /// Adds a section to the configuration.
    func configure(_ section: String) throws {
        let text = try String(contentsOfFile: config, encoding: .utf8)
        try "\(text)\n\(section)\n".write(toFile: config, atomically: true, encoding: .utf8)
    }

    /// Runs a query on one home directly.
    func home(_ number: Int, _ sql: String) async throws -> QueryResult {
        let connection = try await PostgresConnection.connect(to: endpoints[number - 1])
        defer { Task { await connection.close() } }
        return try await connection.query(sql)
    }

    func stop() async {
        for server in homes { try? await server.stop() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A port nobody listens on now.
    static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = bind(descriptor, generic, length)
                _ = getsockname(descriptor, generic, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// Lends a cluster and a server in front of it, and ends both whatever happens.
func withServedCluster(
    users: String = TestCluster.trustedUsers, listener: String = "", instance: String = "", pool: String = "",
    extra: String = "", settings: [String: String] = [:], password: String? = nil,
    _ body: (TestCluster, ServingProgram) async throws -> Void
) async throws {
    let cluster = try await TestCluster.start(
        users: users, listener: listener, instance: instance, pool: pool, extra: extra, settings: settings,
        password: password)
    do {
        let program = try await ServingProgram.start(config: cluster.config)
        do {
            try await body(cluster, program)
        } catch {
            await program.stop()
            throw error
        }
        await program.stop()
    } catch {
        await cluster.stop()
        throw error
    }
    await cluster.stop()
}
