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
            let names = try UsageTable(database: database).names()
            var series: [Int64: LoadSeries] = [:]
            let cursor = try Row.fetchCursor(
                database,
                sql: """
                    SELECT segment, start, covered, offered FROM usage
                    WHERE resolution = ? AND start >= ? AND start < ? ORDER BY start
                    """,
                arguments: [resolution.rawValue, from.milliseconds, to.milliseconds]
            )
            while let row = try cursor.next() {
                let segment: Int64 = row[0]
                let start = Timestamp(milliseconds: row[1])
                let covered: Double = row[2]
                let offered: Double = row[3]
                let load = covered >= Self.coveredShareMin * step.inSeconds ? offered / covered : .nan
                series[segment, default: LoadSeries(start: start, step: step, values: [])].extend(to: start, load)
            }
            return Dictionary(
                uniqueKeysWithValues: series.compactMap { number, series in names[number].map { ($0, series) } }
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
            let table = UsageTable(database: database)
            guard let number = try table.names().first(where: { $0.value == segment })?.key else { return [] }
            return try table.rows(resolution, from: from, to: to, segment: number)
                .map { UsageRecord(segment: segment, start: $0.start, usage: $0.usage) }
        }
    }

    /// Every segment's usage in the newest step that any segment has.
    package func latestUsage(step: Duration) throws -> [SegmentID: UsageRecord] {
        let resolution = try HistoryResolution(step: step)
        return try database.read { database in
            let newest = try Int64.fetchOne(
                database,
                sql: "SELECT max(start) FROM usage WHERE resolution = ?",
                arguments: [resolution.rawValue]
            )
            guard let newest else { return [:] }
            let table = UsageTable(database: database)
            let names = try table.names()
            let start = Timestamp(milliseconds: newest)
            let rows = try table.rows(resolution, from: start, to: start + step)
            return Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    names[row.segment].map { ($0, UsageRecord(segment: $0, start: row.start, usage: row.usage)) }
                }
            )
        }
    }
}

extension LoadSeries {
    /// Adds the value of the step that starts at `time`, with missing steps before it as needed.
    fileprivate mutating func extend(to time: Timestamp, _ value: Double) {
        while end < time { append(.nan) }
        append(value)
    }
}
