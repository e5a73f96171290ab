// Contingent instances of both providers, by the built program: a segment goes there and comes home.
import Foundation
import LocalPostgres
import PostgresClient
import Testing

@Suite(.serialized) struct PoolTests {
    @Test func aSegmentGoesToAServerThatSomebodyElseRuns() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-spare-\(UUID().uuidString)"
        var settings = ServerSettings()
        settings.isDurable = false
        let cluster = try await LocalCluster(directory: directory, settings: settings)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let server = try cluster.server("spare")
        try await server.provision()
        let endpoint = try await server.start()
        let connection = try await PostgresConnection.connect(to: endpoint)
        try await connection.query("CREATE ROLE app LOGIN")
        await connection.close()
        let listed = "{id: spare-1, port: \(endpoint.port), database: \(endpoint.database), user: \(endpoint.user)}"
        do {
            try await moveThereAndBack("spare-1", pool: "pool: {provider: static, instances: [\(listed)]}")
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    @Test func aSegmentGoesToAServerThatTheProgramMade() async throws {
        try await moveThereAndBack("contingent-1", pool: "pool: {provider: local, instances_max: 1}")
    }

    @Test func aSegmentDoesNotGoWhereTextIsOrderedOtherwise() async throws {
        try await withServedCluster(pool: "pool: {provider: local, instances_max: 1, locale: C}") { cluster, program in
            try await waitUntilWarm("contingent-1", cluster, program)
            let order = try await cluster.foreshard("move", "kv-0", "--to", "contingent-1")
            try await program.waitUntil("the move is refused") {
                try await cluster.foreshard("moves").output.contains("no moves")
            }
            let explained = try await cluster.foreshard("explain", "m1").output
            #expect(
                explained.contains("orders text by C C") && explained.contains("pool.locale"),
                "\(order.all) \(explained)")
        }
    }

    private func moveThereAndBack(_ instance: String, pool: String) async throws {
        let quick = "moves: {cleanup_grace: 1ms}\nforecast: {every: 1s}\ncontroller: {reactive_every: 200ms}"
        try await withServedCluster(pool: pool, extra: quick) { cluster, program in
            let client = try await PostgresConnection.connect(to: cluster.router)
            for key in 1...40 { try await client.execute("INSERT INTO kv (k, v) VALUES ($1, 'x')", ["\(key)"]) }
            try await waitUntilWarm(instance, cluster, program)
            let order = try await cluster.foreshard("move", "kv-0", "--to", instance)
            #expect(order.status == 0, "\(order.all)")
            try await program.waitUntil("the segment is on \(instance)") {
                try await cluster.foreshard("moves").output.contains("probation")
            }
            #expect(try await cluster.foreshard("segments").output.contains(instance))
            for key in 1...40 {
                #expect(
                    try await client.execute("UPDATE kv SET v = 'y' WHERE k = $1 RETURNING v", ["\(key)"]).scalar()
                        == "y")
            }
            let revert = try await cluster.foreshard("revert", "m1")
            #expect(revert.status == 0, "\(revert.all)")
            try await program.waitUntil("the segment is home, and the instance ready again") {
                guard try await cluster.foreshard("moves").output.contains("no moves") else { return false }
                return try await isWarm(instance, cluster)
            }
            for key in 1...40 {
                #expect(try await client.execute("SELECT v FROM kv WHERE k = $1", ["\(key)"]).scalar() == "y")
            }
            await client.close()
        }
    }

    private func waitUntilWarm(_ instance: String, _ cluster: TestCluster, _ program: ServingProgram) async throws {
        try await program.waitUntil("\(instance) is warm") { try await isWarm(instance, cluster) }
    }

    private func isWarm(_ instance: String, _ cluster: TestCluster) async throws -> Bool {
        try await cluster.foreshard("pool").output.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.contains(Substring(instance)) && words.contains("warm")
        }
    }
}
