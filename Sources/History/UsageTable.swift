// The rows of the `usage` table, read and written inside a transaction.

import ClusterModel
import Foundation
import GRDB

/// One row: the usage of a segment in one step, and how much of the step was measured.
struct UsageRow {
    let segment: Int64
    let start: Timestamp
    var covered: Double
    var usage: SegmentUsage
    /// True when no part of it was measured live.
    var isImported: Bool

    static func += (a: inout UsageRow, b: UsageRow) {
        a.covered += b.covered
        a.usage += b.usage
        a.isImported = a.isImported && b.isImported
    }

    fileprivate init(_ row: Row) throws {
        segment = row["segment"]
        start = Timestamp(milliseconds: row["start"])
        covered = row["covered"]
        isImported = row["imported"]
        usage = SegmentUsage()
        usage.statements = row["statements"]
        usage.rows = row["rows"]
        usage.bytes = row["bytes"]
        usage.errors = row["errors"]
        usage.busySeconds = row["busy"]
        usage.offeredSeconds = row["offered"]
        usage.waitingSeconds = row["waiting"]
        usage.latency = try LatencyBlob.decode([UInt8](row["latency"] as Data))
    }

    init(segment: Int64, start: Timestamp, covered: Double, usage: SegmentUsage, isImported: Bool) {
        self.segment = segment
        self.start = start
        self.covered = covered
        self.usage = usage
        self.isImported = isImported
    }
}

/// The `usage` table in one transaction.
struct UsageTable {
    let database: Database

    /// Rows of a resolution that start in `from ..< to`, by start; of one segment if given.
    func rows(
        _ resolution: HistoryResolution,
        from: Timestamp,
        to: Timestamp,
        segment: Int64? = nil
    ) throws -> [UsageRow] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT * FROM usage WHERE resolution = ? AND start >= ? AND start < ?
                AND (? IS NULL OR segment = ?) ORDER BY start, segment
                """
        )
        let arguments: StatementArguments = [
            resolution.rawValue, from.milliseconds, to.milliseconds, segment, segment,
        ]
        return try Row.fetchAll(statement, arguments: arguments).map(UsageRow.init)
    }

    func row(_ resolution: HistoryResolution, segment: Int64, start: Timestamp) throws -> UsageRow? {
        let statement = try database.cachedStatement(
            sql: "SELECT * FROM usage WHERE resolution = ? AND start = ? AND segment = ?"
        )
        return try Row.fetchOne(statement, arguments: [resolution.rawValue, start.milliseconds, segment])
            .map(UsageRow.init)
    }

    /// Writes a row in place of what was there.
    func put(_ row: UsageRow, _ resolution: HistoryResolution) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        try statement.execute(arguments: [
            resolution.rawValue, row.segment, row.start.milliseconds, row.covered, row.usage.statements, row.usage.rows,
            row.usage.bytes, row.usage.errors, row.usage.busySeconds, row.usage.offeredSeconds,
            row.usage.waitingSeconds, Data(LatencyBlob.encode(row.usage.latency)), row.isImported,
        ])
    }

    /// The number of each named segment, giving numbers to new ones.
    func numbers(of segments: Set<SegmentID>) throws -> [SegmentID: Int64] {
        var numbers: [SegmentID: Int64] = [:]
        for segment in segments {
            try database.cachedStatement(sql: "INSERT OR IGNORE INTO segment (name) VALUES (?)")
                .execute(arguments: [segment.text])
            numbers[segment] = try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT id FROM segment WHERE name = ?"),
                arguments: [segment.text]
            )
        }
        return numbers
    }

    func names() throws -> [Int64: SegmentID] {
        let rows = try Row.fetchAll(database, sql: "SELECT id, name FROM segment")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], SegmentID($0["name"])) })
    }
}
