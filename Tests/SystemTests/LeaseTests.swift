// Contingent instances lent to others, by the built program.
import ClusterModel
import Foundation
import FoundationNetworking
import PostgresClient
import Testing

private let lending = "pool: {provider: local, instances_max: 2, lend: {max: 1, notice_max: 1h}}"
private let quick = "moves: {cleanup_grace: 1ms}\nforecast: {every: 1s}\ncontroller: {reactive_every: 200ms}"

/// What `pool lend` prints: the instance, and how to log in there.
private struct Granted {
    let member: String
    let login: Endpoint

    init(_ output: String) throws {
        let lines = output.split(separator: "\n")
        let link = try #require(lines.last.flatMap { URLComponents(string: String($0)) }, "\(output)")
        member = String(try #require(lines.first?.split(separator: " ").first))
        login = Endpoint(
            host: try #require(link.host), port: try #require(link.port), database: String(link.path.dropFirst()),
            user: try #require(link.user), password: link.password)
    }

    func ask(_ sql: String) async throws -> String? {
        let connection = try await PostgresConnection.connect(to: login)
        do {
            let answer = try await connection.query(sql).scalar()
            await connection.close()
            return answer
        } catch {
            await connection.close()
            throw error
        }
    }
}

@Suite(.serialized) struct LeaseTests {
    @Test func anInstanceIsLentAndRecalled() async throws {
        try await withServedCluster(pool: lending, extra: quick) { cluster, program in
            try await untilTwoAreWarm(cluster, program)
            let wrong = try await cluster.foreshard(
                "pool", "lend", "any", "--to", "Ann", "--purpose", "x", "--notice", "2h")
            #expect(wrong.status != 0 && wrong.all.contains("pool.lend.notice_max"), "\(wrong.all)")
            let output = try await cluster.foreshard(
                "pool", "lend", "any", "--to", "Ann", "--purpose", "analysis", "--for", "2h", "--notice", "30m",
                "--price", "0.4")
            #expect(output.status == 0, "\(output.all)")
            let granted = try Granted(output.output)
            #expect(try await granted.ask("SELECT current_user") == granted.login.user)
            let second = try await cluster.foreshard("pool", "lend", "any", "--to", "Ben", "--purpose", "test")
            #expect(second.status != 0 && second.all.contains("pool.lend.max is 1"), "\(second.all)")

            let shown = try await cluster.foreshard("pool").output
            #expect(
                shown.contains("Ann") && shown.contains("1h 59m") && shown.contains("leases: 1 running"), "\(shown)")
            let renewed = try await cluster.foreshard("pool", "renew", granted.member, "--epoch", "1", "--for", "5h")
            #expect(renewed.status == 0, "\(renewed.all)")
            let other = try await cluster.foreshard("pool", "renew", granted.member, "--epoch", "2")
            #expect(other.status != 0 && other.all.contains("cannot be renewed"), "\(other.all)")
            #expect(try await cluster.foreshard("pool").output.contains("4h 59m"))

            let noticed = try await cluster.foreshard("pool", "recall", granted.member)
            #expect(noticed.status == 0, "\(noticed.all)")
            #expect(try await granted.ask("SELECT 1") == "1")
            #expect(try await cluster.foreshard("pool").output.contains("a person recalled it"))
            let recalled = try await cluster.foreshard("pool", "recall", granted.member, "--now")
            #expect(recalled.status == 0, "\(recalled.all)")
            try await untilTwoAreWarm(cluster, program)
            await #expect(throws: ConnectionError.self) { try await granted.ask("SELECT 1") }

            let explained = try await cluster.foreshard("explain", "--limit", "200").output
            #expect(explained.contains("a person ordered an instance lent to Ann"), "\(explained)")
            #expect(explained.contains("\(granted.member) has no lessee any more"), "\(explained)")
            let password = granted.login.password ?? "?"
            #expect(!explained.contains(password) && !program.output.contains(password))
            let page = try #require(URL(string: "http://127.0.0.1:\(cluster.adminPort)/metrics"))
            let metrics = String(decoding: try await URLSession.shared.data(from: page).0, as: UTF8.self)
            #expect(metrics.contains("foreshard_pool_revocations_total 1.0"), "\(metrics)")
            #expect(metrics.contains("foreshard_pool_leases 0.0"), "\(metrics)")
        }
    }

    @Test func aMoveToALentInstanceCallsItBack() async throws {
        try await withServedCluster(pool: lending) { cluster, program in
            try await untilTwoAreWarm(cluster, program)
            let granted = try Granted(
                await cluster.foreshard("pool", "lend", "any", "--to", "Ann", "--purpose", "x", "--notice", "1s").output
            )
            let refused = try await cluster.foreshard("move", "kv-0", "--to", granted.member)
            #expect(refused.status != 0 && refused.all.contains("is being called back"), "\(refused.all)")
            try await program.waitUntil("it is reserved") { try await isIn(["reserved"], granted.member, cluster) }
            let order = try await cluster.foreshard("move", "kv-0", "--to", granted.member)
            #expect(order.status == 0, "\(order.all)")
            try await program.waitUntil("the segment is there") {
                try await cluster.foreshard("segments").output.contains(granted.member)
            }
            await #expect(throws: ConnectionError.self) { try await granted.ask("SELECT 1") }
            let lend = try await cluster.foreshard("pool", "lend", granted.member, "--to", "Ann", "--purpose", "x")
            #expect(lend.status != 0 && lend.all.contains("cannot be lent"), "\(lend.all)")
        }
    }

    private func untilTwoAreWarm(_ cluster: TestCluster, _ program: ServingProgram) async throws {
        try await program.waitUntil("two instances are warm") {
            guard try await isIn(["warm"], "contingent-1", cluster) else { return false }
            return try await isIn(["warm"], "contingent-2", cluster)
        }
    }

    private func isIn(_ states: [String], _ instance: String, _ cluster: TestCluster) async throws -> Bool {
        try await cluster.foreshard("pool").output.split(separator: "\n").contains { line in
            let words = line.split(separator: " ").map(String.init)
            return words.first == instance && words.contains { states.contains($0) }
        }
    }
}
