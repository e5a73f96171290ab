import ClusterModel
import Foundation
import LocalPostgres
import Logging
import NIOCore
import Testing
import WireProtocol

@testable import Proxy

/// The router between PostgreSQL's own clients and two real servers that both hold all the rows.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RouterTests {
    private static let rows = 1000

    private func withRouter(_ body: (Proxy, _ pgbench: Pgbench) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "foreshard-proxy-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: directory) }
        var settings = ServerSettings()
        settings.isDurable = false
        let cluster = try await LocalCluster(directory: directory.path, settings: settings)
        var servers: [LocalServer] = []
        var instances: [Instance] = []
        for name in ["home-1", "home-2"] {
            let server = try cluster.server(name)
            try await server.provision()
            let endpoint = try await server.start()
            servers.append(server)
            instances.append(
                Instance(
                    id: InstanceID(name), role: .home, zone: "a", endpoint: endpoint, capacity: Load(4), costPerHour: 1)
            )
            let psql = Pgbench(cluster.installation, port: endpoint.port, user: endpoint.user)
            try psql.psql(
                "create table kv (k bigint primary key, v text);"
                    + "insert into kv select n, '' from generate_series(1, \(Self.rows)) n;"
                    // What a role sets must not change how its statements read through the router.
                    + "alter role \"\(endpoint.user)\" set search_path = pg_catalog;"
                    + "alter role \"\(endpoint.user)\" set standard_conforming_strings = off")
        }
        let router = try await Proxy.start(
            configuration: ProxyConfiguration(), routingTable: TestCluster.table(instances),
            instances: TestCluster.routed(instances), users: [ProxyUser(name: "app", credential: .trust)],
            logger: Logger(label: "test"))
        do {
            try await body(
                router, Pgbench(cluster.installation, port: try #require(router.localAddress.port), user: "app"))
        } catch { Issue.record(error) }
        await router.shutdown(drainWithin: .seconds(1))
        for server in servers { try await server.stop() }
    }

    @Test(arguments: ["simple", "extended", "prepared"]) func pgbenchTransactions(mode: String) async throws {
        try await withRouter { router, pgbench in
            let script = """
                \\set k random(1, \(Self.rows))
                begin;
                select v from kv where k = :k;
                update kv set v = 'x' where k = :k;
                end;
                """
            let output = try await pgbench.run(script, mode: mode, clients: 12, transactions: 50)
            #expect(output.contains("number of transactions actually processed: 600/600"), "\(output)")
            let usage = await router.takeUsage()
            #expect(usage.values.reduce(0) { $0 + $1.statements } >= 1200)
            #expect(usage.values.reduce(0) { $0 + $1.rows } == 1200)
            #expect(usage.values.allSatisfy { $0.busySeconds > 0 && $0.errors == 0 })
            let status = try #require(await router.status())
            #expect(status.pools.allSatisfy { $0.leased == 0 && $0.waiting == 0 })
        }
    }

    /// Gates close and open under load, and segments change their instance: no client notices.
    @Test func gatesUnderLoadLoseNothing() async throws {
        try await withRouter { router, pgbench in
            let script = "\\set k random(1, \(Self.rows))\nupdate kv set v = v || 'x' where k = :k;"
            async let output = pgbench.run(script, mode: "prepared", clients: 8, transactions: 400)
            let first = await router.routingTable()
            var table = try #require(first)
            for round in 0..<40 {
                let segment = TestCluster.segments[round % TestCluster.segments.count].id
                try await router.close(segment, drainWithin: .seconds(5))
                table = table.relocating(segment, to: table[segment] == "home-1" ? "home-2" : "home-1")
                await router.publish(table)
                await router.open(segment)
            }
            #expect(try await output.contains("number of transactions actually processed: 3200/3200"))
            #expect(await router.status()?.epoch == table.epoch)
            #expect(await router.status()?.waitingAtGates == 0)
        }
    }

    @Test func settingsAreTheClientsThroughBlocksAndResets() async throws {
        try await withRouter { router, _ in
            let client = try await RawClient.connect(to: router.localAddress, user: "app")
            _ = await client.answer()
            func show(_ sql: String) async throws -> [String] {
                try await client.send(.query(sql))
                return await client.answer().compactMap { message -> String? in
                    if case .dataRow(let row) = message { row[0].map { String(buffer: $0) } } else { nil }
                }
            }
            let reading = "select current_setting('search_path') || current_setting('standard_conforming_strings')"
            for sql in ["begin", "set app.a = '1'", "set local app.b = '2'"] { _ = try await show(sql) }
            for _ in 1...2 {
                #expect(try await show("select current_setting('app.a') || current_setting('app.b')") == ["12"])
            }
            _ = try await show("commit")
            #expect(try await show("select current_setting('app.a')") == ["1"])
            for reset in ["reset all", "discard all"] {
                _ = try await show("set app.a = '3'")
                _ = try await show(reset)
                #expect(try await show("select current_setting('app.a', true)") != ["3"])
                #expect(try await show(reading) == ["\"public\"on"])
            }
        }
    }

    @Test func aTransactionThatIsOpenHoldsTheGateUntilItsDrainTimesOut() async throws {
        try await withRouter { router, _ in
            let client = try await RawClient.connect(to: router.localAddress, user: "app")
            _ = await client.answer()
            try await client.send(.query("begin"))
            _ = await client.answer()
            try await client.send(.query("update kv set v = 'y' where k = 1"))
            _ = await client.answer()
            var timedOut = 0
            for segment in TestCluster.segments {
                do {
                    try await router.close(segment.id, drainWithin: .milliseconds(100))
                    await router.open(segment.id)
                } catch let error as ProxyError {
                    #expect(error.code == .drainTimedOut)
                    timedOut += 1
                }
            }
            #expect(timedOut == 1)
            // The client leaves: the row's transaction is rolled back, and then the gates close at once.
            try await client.close()
            for segment in TestCluster.segments { try await router.close(segment.id, drainWithin: .seconds(5)) }
            #expect(await router.status()?.pools.allSatisfy { $0.leased == 0 } == true)
        }
    }
}

/// PostgreSQL's own programs, pointed at one port.
struct Pgbench {
    private let installation: PostgresInstallation
    private let connection: [String]

    init(_ installation: PostgresInstallation, port: Int, user: String) {
        self.installation = installation
        connection = ["-h", "127.0.0.1", "-p", "\(port)", "-U", user]
    }

    func psql(_ sql: String, in database: String = "postgres") throws {
        _ = try execute("psql", connection + ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, database])
    }

    @concurrent func run(_ script: String, mode: String, clients: Int, transactions: Int) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "foreshard-\(UUID().uuidString).pgbench")
        try Data(script.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let arguments = ["-n", "-M", mode, "-c", "\(clients)", "-j", "2", "-t", "\(transactions)", "-f", file.path]
        return try execute("pgbench", connection + arguments + ["postgres"])
    }

    private func execute(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: installation.program(program))
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(output: text) }
        return text
    }

    struct Failure: Error {
        let output: String
    }
}
