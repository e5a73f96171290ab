// Mode `recommend` by the built program: what the controller proposes is done when a person says so, and not while
// everything is frozen.
import Foundation
import PostgresClient
import Testing

@Suite(.serialized) struct ApprovalTests {
    private static let extra = """
        moves: {cleanup_grace: 1ms}
        forecast: {every: 1s}
        controller:
          mode: recommend
          policy: reactive
          threshold: 0.05
          return_threshold: 0.01
          reactive_every: 200ms
          limits: {moves_per_hour: 1}
        """
    private static let pool = "pool: {provider: local, instances_max: 1, capacity: 1000, connections: 8}"

    @Test func proposalsWaitForAPerson() async throws {
        try await withServedCluster(pool: Self.pool, extra: Self.extra) { cluster, program in
            let client = try await PostgresConnection.connect(to: cluster.router)
            for key in 1...40 { try await client.execute("INSERT INTO kv (k, v) VALUES ($1, 'x')", ["\(key)"]) }
            await client.close()
            let frozen = try await cluster.foreshard("freeze", "--for", "1h", "--reason", "backup runs")
            #expect(frozen.status == 0, "\(frozen.all)")
            #expect(try await cluster.foreshard("status").output.contains("backup runs"))
            let load = Task { try await self.keepBusy(cluster) }
            defer { load.cancel() }

            try await program.waitUntil("the plan says that all is frozen") {
                try await cluster.foreshard("plan").output.contains("starts are frozen until")
            }
            let none = try await cluster.foreshard("approve", "--all")
            #expect(none.status != 0 && none.all.contains("proposes nothing"), "\(none.all)")
            let thawed = try await cluster.foreshard("thaw")
            #expect(thawed.status == 0, "\(thawed.all)")
            let again = try await cluster.foreshard("thaw")
            #expect(again.status != 0 && again.all.contains("nobody has frozen"), "\(again.all)")

            try await program.waitUntil("a move is proposed") {
                try await cluster.foreshard("plan").output.contains("] prepare")
            }
            #expect(try await cluster.foreshard("moves").output.contains("no moves"), "nothing moves by itself")
            let unknown = try await cluster.foreshard("approve", "zzzz")
            #expect(unknown.status != 0 && unknown.all.contains("no proposal zzzz"), "\(unknown.all)")
            let plan = try await cluster.foreshard("plan").output
            let line = try #require(plan.split(separator: "\n").first { $0.contains("] prepare") }, "\(plan)")
            let approved = try await cluster.foreshard("approve", String(line.dropFirst().prefix(4)))
            #expect(approved.status == 0 && approved.all.contains("approved: prepare"), "\(approved.all)")
            // The instance was leased with it, and the change of ownership is not asked for.
            try await program.waitUntil("the segment is on the contingent instance") {
                try await cluster.foreshard("moves").output.contains("probation")
            }
            try await program.waitUntil("the plan says that the hour's moves are used up") {
                try await cluster.foreshard("plan").output.contains("began within the last hour")
            }
            let explained = try await cluster.foreshard("explain", "--limit", "200").output
            #expect(explained.contains("a person approved: prepare"), "\(explained)")
            let stays = try await cluster.foreshard("explain", "--segment", "kv-3").output
            #expect(stays.hasPrefix("now: "), "\(stays)")
        }
    }

    /// All segments, several statements at a time, until cancelled.
    private func keepBusy(_ cluster: TestCluster) async throws {
        try await withThrowingTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    let client = try await PostgresConnection.connect(to: cluster.router)
                    var key = worker
                    while !Task.isCancelled {
                        key = key % 40 + 1
                        try await client.execute("SELECT pg_sleep(0.05) FROM kv WHERE k = $1", ["\(key)"])
                    }
                    await client.close()
                }
            }
            try await group.waitForAll()
        }
    }
}
