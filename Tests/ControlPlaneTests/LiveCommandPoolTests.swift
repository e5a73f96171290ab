// All of Foreshard in one process, with instances that a command makes: the databases of a second server.
import ClusterModel
import Foundation
import LocalPostgres
import Logging
import PostgresClient
import Settings
import TestServers
import Testing

@testable import ControlPlane

private func ask(_ endpoint: Endpoint, _ sql: String) async throws -> String? {
    let connection = try await PostgresConnection.connect(to: endpoint)
    do {
        let answer = try await connection.query(sql).scalar()
        await connection.close()
        return answer
    } catch {
        await connection.close()
        throw error
    }
}

private func start(_ name: String, in cluster: LocalCluster) async throws -> Endpoint {
    let server = try cluster.server(name)
    try await server.provision()
    return try await server.start()
}

private func configuration(
    _ home: Endpoint, _ cloud: Endpoint, _ directory: String, psql: String
) throws -> Configuration {
    let ask = "'\(psql)' -XqAt -v ON_ERROR_STOP=1 -d postgres -h \(cloud.host) -p \(cloud.port) -U \(cloud.user)"
    let script = #"""
        set -euo pipefail
        request=$(cat)
        echo "$request" >> '\#(directory)/requests'
        field() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/" <<< "$request"; }
        instance=$(field instance)
        sql() { \#(ask) -c "$1"; }
        drop() { sql "DROP DATABASE IF EXISTS \"$instance\" WITH (FORCE)"; }
        case $(field operation) in
            provision | wipe) drop; sql "CREATE DATABASE \"$instance\" TEMPLATE template0" ;;
            remove) drop ;;
            start) echo '{"host": "\#(cloud.host)", "port": \#(cloud.port), "database": "'"$instance"'",'
                echo '"user": "\#(cloud.user)"}' ;;
        esac
        """#
    let path = directory + "/instances.sh"
    try Data(script.utf8).write(to: URL(fileURLWithPath: path))
    let text = """
        listen: {port: 0}
        admin: {port: 0}
        data_directory: \(directory)/data
        client_authentication: trust
        users: [{name: app}]
        application: {user: app}
        instances:
          - {id: home-1, host: \(home.host), port: \(home.port), database: \(home.database), user: \(home.user)}
        groups: [{id: kv, key_type: bigint, segments: 2, tables: {kv: k}}]
        controller: {reactive_every: 200ms}
        pool:
          provider: command
          command: [/bin/bash, \(path)]
          instances_max: 1
          zone: cloud
          connections: 5
        """
    return try Configuration.read(text, file: "f.yaml")
}

private func wait(_ holds: () async throws -> Bool) async throws {
    while try await !holds() { try await Task.sleep(for: .milliseconds(50)) }
}

@Suite struct LiveCommandPoolTests {
    @Test(.timeLimit(.minutes(5))) func aSegmentGoesToAnInstanceThatACommandMadeAndStaysOverARestart() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-command-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await withTemporaryCluster { cluster in
            let home = try await start("home-1", in: cluster)
            let cloud = try await start("cloud", in: cluster)
            _ = try await ask(
                home,
                """
                CREATE ROLE app LOGIN; CREATE TABLE kv (k bigint PRIMARY KEY, v text); ALTER TABLE kv OWNER TO app;
                INSERT INTO kv SELECT k, 'x' FROM generate_series(1, 100) k
                """)
            let settings = try configuration(home, cloud, directory, psql: cluster.installation.program("psql"))
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

            try await running(settings, logger) { assembly in
                try await wait { await assembly.pool.allMembers.map(\.state) == [.warm] }
                _ = try await assembly.coordinator.orderMove(of: "kv-0", to: "contingent-1")
                try await wait { await assembly.coordinator.segments().contains { $0.location == "contingent-1" } }
            }
            let instance = Endpoint(
                host: cloud.host, port: cloud.port, database: "contingent-1", user: cloud.user, password: nil)
            let there = try await ask(instance, "SELECT count(*) FROM kv")
            #expect(there != "0" && there != "100")
            try await running(settings, logger) { assembly in
                #expect(await assembly.pool.allMembers.map(\.state) == [.active])
            }
            #expect(try await ask(instance, "SELECT count(*) FROM kv") == there)
            let requests = try String(contentsOfFile: directory + "/requests", encoding: .utf8)
            #expect(!requests.contains("wipe") && !requests.contains("remove") && requests.contains("stop"))
        }
    }

    /// Lends a running Foreshard, and ends it in order.
    private func running(
        _ configuration: Configuration, _ logger: Logger, _ body: (Assembly) async throws -> Void
    ) async throws {
        let assembly = try await Assembly.start(configuration, logger: logger)
        let run = Task { try await assembly.run() }
        var failure: (any Error)?
        do { try await body(assembly) } catch { failure = error }
        run.cancel()
        _ = await run.result
        if let failure { throw failure }
    }
}
