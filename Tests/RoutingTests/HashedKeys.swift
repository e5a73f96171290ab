import ClusterModel
import Foundation
import PostgresClient
import Routing
import TestServers

// Keys with their hashes as a real server computes them: a committed table, and the SQL that makes such tables.

/// One line: the type, the key (text as hexadecimal bytes), the seed, the hash.
struct HashedKey {
    let type: String
    let key: String
    let seed: Int64
    let hash: Int64

    init?(_ line: some StringProtocol) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 4, let seed = Int64(fields[2]), let hash = Int64(fields[3]) else { return nil }
        (type, key, self.seed, self.hash) = (String(fields[0]), String(fields[1]), seed, hash)
    }

    /// The hash that Foreshard computes.
    var computed: Int64? {
        switch type {
        case "bigint": Int64(key).map { PostgresHash.int8($0, seed: seed) }
        case "text": Self.bytes(key).map { PostgresHash.text(String(decoding: $0, as: UTF8.self), seed: seed) }
        case "uuid":
            Self.bytes(key.replacing("-", with: "")).map { bytes in
                bytes.withUnsafeBytes { PostgresHash.bytes($0, seed: seed) }
            }
        default: nil
        }
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
        }
    }
}

enum HashQueries {
    static func tables(bigints: [Int64], texts: [String], uuids: [String], seeds: [Int64]) -> [String] {
        let seedRows = seeds.map { "(\($0)::bigint)" }.joined(separator: ", ")
        let bigintRows = bigints.map { "('\($0)'::bigint)" }.joined(separator: ", ")
        let textRows = texts.map { "(convert_from(decode('\(hex($0))', 'hex'), 'UTF8'))" }.joined(separator: ", ")
        let uuidRows = uuids.map { "('\($0)'::uuid)" }.joined(separator: ", ")
        return [
            "SELECT 'bigint', k, s, hashint8extended(k, s) FROM (VALUES \(bigintRows)) k(k), (VALUES \(seedRows)) s(s)",
            """
            SELECT 'text', encode(convert_to(k, 'UTF8'), 'hex'), s, hashtextextended(k, s)
                FROM (VALUES \(textRows)) k(k), (VALUES \(seedRows)) s(s)
            """,
            "SELECT 'uuid', k, s, uuid_hash_extended(k, s) FROM (VALUES \(uuidRows)) k(k), (VALUES \(seedRows)) s(s)",
        ]
    }

    /// The rows that a server gives, their columns separated by tabs.
    static func answers(to queries: [String]) async throws -> [String] {
        var lines: [String] = []
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            for query in queries {
                lines += try await connection.query(query).rows.map { $0.map { $0 ?? "" }.joined(separator: "\t") }
            }
            await connection.close()
        }
        return lines
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

/// Random keys of every length and sign that matters.
struct KeyGenerator {
    var random: SeededGenerator

    mutating func bigint() -> Int64 {
        let bits = Int64.random(in: .min ... .max, using: &random)
        return bits >> Int64.random(in: 0...63, using: &random)
    }

    mutating func text() -> String {
        let length = Int.random(in: 0...40, using: &random)
        let scalars = (0..<length).map { _ in
            Unicode.Scalar(UInt32.random(in: 1...0x24F, using: &random)) ?? "x"
        }
        return String(String.UnicodeScalarView(scalars))
    }

    mutating func uuid() -> String {
        let digits = (0..<32).map { _ in String(Int.random(in: 0...15, using: &random), radix: 16) }
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { digits[$0].joined() }
        return groups.joined(separator: "-")
    }
}
