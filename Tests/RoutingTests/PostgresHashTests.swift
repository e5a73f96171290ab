import ClusterModel
import Foundation
import Routing
import Testing

@Suite struct PostgresHashTests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Golden/hashes.tsv"
    )
    private static let seeds: [Int64] = [0, 1, -1, 0x1234_5678_9ABC_DEF0]

    /// FORESHARD_REWRITE_GOLDEN=1 asks a server for the table again.
    @Test func equalsTheServersValuesThatAreWrittenDown() async throws {
        if ProcessInfo.processInfo.environment["FORESHARD_REWRITE_GOLDEN"] == "1" {
            let lines = try await HashQueries.answers(to: Self.goldenQueries())
            try (lines.joined(separator: "\n") + "\n").write(to: Self.golden, atomically: true, encoding: .utf8)
        }
        let lines = try String(contentsOf: Self.golden, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 400)
        for line in lines {
            let entry = try #require(HashedKey(line), "\(line)")
            #expect(entry.computed == entry.hash, "\(line)")
        }
    }

    private static func goldenQueries() -> [String] {
        var keys = KeyGenerator(random: SeededGenerator(seed: 15))
        let powers = (0..<64).map { Int64(bitPattern: 1 << UInt64($0)) }
        let edges: [Int64] = [0, -1, 42, -42, .max, .min, Int64(Int32.max), Int64(Int32.min), 32767, -32768]
        // Every length up to three blocks and a tail, then long and non-Latin texts.
        let lengths = (0...40).map { String("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".prefix($0)) }
        let words = ["it's", "ümläut", "日本語", "🐘", " ", "a\tb", "customer-4711", String(repeating: "x", count: 1000)]
        return HashQueries.tables(
            bigints: edges + powers,
            texts: lengths + words,
            uuids: ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]
                + (0..<20).map { _ in keys.uuid() },
            seeds: seeds
        )
    }
}

/// The same for keys that nobody chose.
@Suite struct LiveHashTests {
    @Test func equalsAServerForRandomKeys() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var keys = KeyGenerator(random: SeededGenerator(seed: seed))
        let queries = HashQueries.tables(
            bigints: (0..<1000).map { _ in keys.bigint() },
            texts: (0..<1000).map { _ in keys.text() },
            uuids: (0..<1000).map { _ in keys.uuid() },
            seeds: [0, keys.bigint()]
        )
        let lines = try await HashQueries.answers(to: queries)
        #expect(lines.count == 6000)
        for line in lines {
            let entry = try #require(HashedKey(line), "seed \(seed): \(line)")
            #expect(entry.computed == entry.hash, "seed \(seed): \(line)")
        }
    }
}
