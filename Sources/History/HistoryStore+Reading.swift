// What forecasts, charts and the planner read.

import ClusterModel
import Forecasting
import GRDB

extension HistoryStore {
    /// The share of a step that must have been measured for its load to count.
    static let coveredShareMin = 0.5

    /// Every segment's load in the steps that start in `from ..< to`, from its first measured step there to its last.
    /// The load of a step is the offered time per measured second; a step measured for less than half is missing.
    package func loads(step: Duration, from: Timestamp, to: Timestamp) throws -> [SegmentID: LoadSeries] {
        let resolution = try HistoryResolution(step: step)
        return try database.read { database in
            let names = try SegmentNames(database: database).names()
            var table = try LoadTable(reading: UsageReader(database: database), resolution, from: from, to: to)
            try table.inherit(Lineage(database: database))
            return Dictionary(
                uniqueKeysWithValues: table.series().compactMap { number, series in names[number].map { ($0, series) } }
            )
        }
    }

    /// One segment's usage in the steps that start in `from ..< to`, oldest first.
    package func usage(
        of segment: SegmentID,
        step: Duration,
        from: Timestamp,
        to: Timestamp
    ) throws -> [UsageRecord] {
        let resolution = try HistoryResolution(step: step)
        return try database.read { database in
            guard let number = try SegmentNames(database: database).numbers()[segment] else { return [] }
            var rows: [Timestamp: UsageRow] = [:]
            try UsageReader(database: database).read(resolution, from: from, to: to, segment: number) {
                rows[$0.start] = $0
            }
            return try rows.values.sorted { $0.start < $1.start }
                .map { UsageRecord(segment: segment, start: $0.start, usage: try $0.usage()) }
        }
    }

    /// Every segment's usage in the newest step that any segment has.
    package func latestUsage(step: Duration) throws -> [SegmentID: UsageRecord] {
        let resolution = try HistoryResolution(step: step)
        return try database.read { database in
            let newest = try Int64.fetchOne(
                database,
                sql: "SELECT max(start) FROM (SELECT max(start) AS start FROM page WHERE resolution = ?1 "
                    + "UNION ALL SELECT max(start) FROM chunk WHERE resolution = ?1)",
                arguments: [resolution.rawValue]
            )
            guard let newest else { return [:] }
            let names = try SegmentNames(database: database).names()
            let from = Timestamp(milliseconds: newest)
            var rows: [Int64: UsageRow] = [:]
            // 1. The newest start is that of a page, and then of its step, or that of a chunk, which has later steps.
            var latest = from
            let to = from + (resolution.chunkSpan ?? resolution.step)
            try UsageReader(database: database).read(resolution, from: from, to: to) { row in
                if row.start > latest { rows = [:] }
                // 2. A page may hold late rows of an older step than the chunks have.
                guard row.start >= latest else { return }
                latest = row.start
                rows[row.segment] = row
            }
            return try Dictionary(
                uniqueKeysWithValues: rows.values.compactMap { row in
                    try names[row.segment].map {
                        ($0, UsageRecord(segment: $0, start: row.start, usage: try row.usage()))
                    }
                }
            )
        }
    }
}
