// What the migration to blocks carries over: every row of the old `usage` table, summed up to hours.

import ClusterModel
import Foundation
import GRDB

/// The `usage` table of files that were written before there were blocks.
struct RowsOfOldFiles {
    let database: Database

    func carryOver() throws {
        let pages = UsagePages(database: database)
        let rollUp = RollUp(pages: pages)
        var hours: Set<Timestamp> = []
        let cursor = try Row.fetchCursor(database, sql: "SELECT * FROM usage ORDER BY resolution, start, segment")
        while let row = try cursor.next() {
            guard let resolution = HistoryResolution(rawValue: row["resolution"]) else { continue }
            let usage = Self.row(row)
            try pages.put(usage, resolution)
            if resolution == .fiveMinutes { hours.insert(usage.start.floored(to: HistoryResolution.hour.step)) }
        }
        if let through = try rollUp.watermark(of: .fiveMinutes) {
            let closed = through.floored(to: HistoryResolution.hour.step)
            try rollUp.setWatermark(closed, of: .hour)
            try rollUp.sum(windows: hours.filter { $0 < closed }, of: .fiveMinutes)
        } else {
            try rollUp.sum(windows: hours, of: .fiveMinutes)
        }
        try pages.write()
        try Packing(pages: pages).packClosed(at: nil)
    }

    private static func row(_ old: Row) -> UsageRow {
        var row = UsageRow(
            segment: old["segment"],
            start: Timestamp(milliseconds: old["start"]),
            coveredMilliseconds: UsageRow.microseconds(old["covered"]) / 1000,
            isImported: old["imported"]
        )
        row.statements = old["statements"]
        row.rows = old["rows"]
        row.bytes = old["bytes"]
        row.errors = old["errors"]
        row.busy = UsageRow.microseconds(old["busy"])
        row.offered = UsageRow.microseconds(old["offered"])
        row.waiting = UsageRow.microseconds(old["waiting"])
        row.latency = [UInt8](old["latency"] as Data)
        return row
    }
}
