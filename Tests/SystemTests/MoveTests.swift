// Moves by the built program between real servers, and its death at every step of one.
import Foundation
import Migration
import PostgresClient
import Testing

/// What has to hold on both homes when nothing is under way (docs/MOVING.md, invariants).
struct ClusterInspection {
    let cluster: TestCluster
    let keys: ClosedRange<Int>

    /// Each key once, on the instance where the router finds it, and nothing of a move left anywhere.
    func problems() async throws -> [String] {
        var found: [String] = []
        var homesOfKey: [Int: [Int]] = [:]
        for home in 1...2 {
            let rows = try await cluster.home(
                home, "SELECT k FROM kv WHERE k BETWEEN \(keys.lowerBound) AND \(keys.upperBound)")
            for key in rows.rows.compactMap({ $0[0].flatMap { Int($0) } }) { homesOfKey[key, default: []].append(home) }
            for (what, sql) in Self.leftovers {
                let count = try await cluster.home(home, sql).scalar() ?? "?"
                if count != "0" { found.append("home-\(home) has \(count) \(what)") }
            }
        }
        for key in keys where homesOfKey[key]?.count != 1 { found.append("key \(key) is on \(homesOfKey[key] ?? [])") }
        let connection = try await PostgresConnection.connect(to: cluster.router)
        for key in keys {
            let value = try await connection.execute("SELECT v FROM kv WHERE k = $1", ["\(key)"]).scalar()
            if value == nil { found.append("the router does not find key \(key)") }
            try await connection.execute("UPDATE kv SET v = v || '.' WHERE k = $1", ["\(key)"])
        }
        await connection.close()
        return found
    }

    private static let leftovers = [
        ("replication slots", "SELECT count(*) FROM pg_replication_slots"),
        ("publications", "SELECT count(*) FROM pg_publication"),
        ("subscriptions", "SELECT count(*) FROM pg_subscription"),
        ("guard triggers", "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"),
        ("prepared transactions", "SELECT count(*) FROM pg_prepared_xacts"),
    ]
}

@Suite(.serialized) struct MoveTests {
    private let keys = 1...60

    private func fill(_ cluster: TestCluster) async throws {
        let connection = try await PostgresConnection.connect(to: cluster.router)
        for key in keys { try await connection.execute("INSERT INTO kv (k, v) VALUES ($1, 'x')", ["\(key)"]) }
        await connection.close()
    }

    /// The segment that the tests move, and the home where it is not.
    private func movedSegment(_ cluster: TestCluster) async throws -> (segment: String, target: String) {
        struct Row: Decodable {
            let segment_id: String
            let location: String
        }
        let output = try await cluster.foreshard("segments", "--json").output
        let rows = try JSONDecoder().decode([Row].self, from: Data(output.utf8))
        let row = try #require(rows.first { $0.segment_id == "kv-0" }, "\(output)")
        return (row.segment_id, row.location == "home-1" ? "home-2" : "home-1")
    }

    @Test func aSegmentMovesAndIsReverted() async throws {
        try await withServedCluster(extra: "moves: {cleanup_grace: 1ms}") { cluster, program in
            try await fill(cluster)
            let (segment, target) = try await movedSegment(cluster)
            let order = try await cluster.foreshard("move", segment, "--to", target)
            #expect(order.status == 0, "\(order.all)")
            try await program.waitUntil("the move is in probation") {
                try await cluster.foreshard("moves").output.contains("probation")
            }
            let revert = try await cluster.foreshard("revert", "m1")
            #expect(revert.status == 0, "\(revert.all)")
            try await program.waitUntil("nothing is under way") {
                try await cluster.foreshard("moves").output.contains("no moves")
            }
            #expect(try await ClusterInspection(cluster: cluster, keys: keys).problems() == [])
            let explained = try await cluster.foreshard("explain", "m1").output
            #expect(explained.contains("a person ordered"), "\(explained)")
        }
    }

    /// The process dies at a named point; the next one finishes or undoes the move. One pair of homes for all points, so
    /// that what one recovery left would be in the way of the next move.
    @Test func deathAtAnyStepLeavesNothingBehind() async throws {
        let cluster = try await TestCluster.start(
            extra: "moves: {cleanup_grace: 1ms}\ncontroller: {probation: 1s, reactive_every: 200ms}")
        do {
            let filler = try await ServingProgram.start(config: cluster.config)
            try await fill(cluster)
            await filler.stop()
            for point in Self.points { try await dieAndRecover(at: point, cluster) }
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// Every point but those of undoing a cut-over, which no cut-over here needs: MigrationTests pass those.
    private static let points = CrashPoint.all.map(\.description).filter { point in
        !MoveStep.undoing.contains { point.hasSuffix("-\($0.rawValue)") }
    }

    private func dieAndRecover(at point: String, _ cluster: TestCluster) async throws {
        let first = try await ServingProgram.start(config: cluster.config, environment: ["FORESHARD_CRASH_AT": point])
        let answer: String
        do {
            let (segment, target) = try await movedSegment(cluster)
            let order = try await cluster.foreshard("move", segment, "--to", target)
            answer = order.all
        } catch {
            await first.stop()
            throw error
        }
        let died = await first.waitForDeath()
        #expect(died, "\(point) was not reached: \(answer) \(first.output)")
        await first.stop()

        let second = try await ServingProgram.start(config: cluster.config)
        do {
            try await second.waitUntil("nothing is under way after \(point)") { try await isSettled(cluster) }
            #expect(
                try await ClusterInspection(cluster: cluster, keys: keys).problems() == [], "after death at \(point)")
        } catch {
            await second.stop()
            throw error
        }
        await second.stop()
    }

    /// A ready move rests until somebody decides; after a death that is a person.
    private func isSettled(_ cluster: TestCluster) async throws -> Bool {
        let moves = try await cluster.foreshard("moves").output
        if moves.contains(" ready "),
            let id = moves.split(separator: "\n").dropFirst().first?.split(separator: " ").first
        {
            _ = try await cluster.foreshard("revert", String(id))
        }
        return moves.contains("no moves")
    }
}
