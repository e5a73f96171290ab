// Both sides hold the same rows, proven while writers go on.
import ClusterModel
import PostgresClient

extension MoveRun {
    func verify() async throws {
        for table in sql.tables {
            guard let buckets = try await unequalBuckets(table) else { continue }
            let rows = try await divergentRows(table, in: buckets)
            guard rows == 0 else { throw MoveError.diverged(table: table.table, rows: rows) }
        }
    }

    /// Nil when all are equal in some round.
    private func unequalBuckets(_ table: ShardedTable) async throws -> [Int]? {
        var buckets: [Int]?
        for _ in 1...configuration.verifyRoundsMax {
            if buckets != nil { try await exchangeToken(.forward, within: configuration.catchUpWithin) }
            let compared = buckets
            async let source = sums(table, only: compared, on: .source)
            async let target = sums(table, only: compared, on: .target)
            let unequal = Divergence.unequal(try await source, try await target)
            guard !unequal.isEmpty else { return nil }
            buckets = unequal
        }
        return buckets
    }

    private func divergentRows(_ table: ShardedTable, in buckets: [Int]) async throws -> Int {
        var lasting: Set<Int64>?
        for _ in 1...2 {
            let before = try await rows(table, in: buckets, on: .source)
            try await exchangeToken(.forward, within: configuration.catchUpWithin)
            let target = try await rows(table, in: buckets, on: .target)
            let after = try await rows(table, in: buckets, on: .source)
            let suspects = Divergence.suspects(before: before, target: target, after: after)
            lasting = lasting.map { $0.intersection(suspects) } ?? suspects
        }
        return lasting?.count ?? 0
    }

    private func sums(_ table: ShardedTable, only buckets: [Int]?, on side: Side) async throws -> [Int: BucketSum] {
        let answer = try await long(sql.bucketSums(table, only: buckets), on: side)
        return Dictionary(
            uniqueKeysWithValues: answer.map { row in
                (row.number(0), BucketSum(count: row.number(1), hash: Int64(row.text(2)) ?? 0))
            }
        )
    }

    private func rows(_ table: ShardedTable, in buckets: [Int], on side: Side) async throws -> [RowHash] {
        try await long(sql.rowHashes(table, in: buckets), on: side).map { row in
            RowHash(content: Int64(row.text(0)) ?? 0, writer: row.text(1))
        }
    }

    private func long(_ sql: String, on side: Side) async throws -> [[String?]] {
        try await sessions.connection(side).query(sql, deadline: configuration.verifyWithin).rows
    }
}
