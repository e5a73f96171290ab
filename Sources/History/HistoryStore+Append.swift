// Taking live records in, and rolling them up.

import ClusterModel
import GRDB

/// What became of an append.
package struct AppendOutcome: Sendable, Equatable {
    package var added = 0
    /// Records older than the retention of their resolution: their windows can no longer be summed.
    package var tooLate = 0
}

extension HistoryStore {
    /// How many units of packing an append does: 10,000 segments take ten a day for steps of five minutes.
    private static let packedPerAppend = 2

    /// Adds records that each cover one step, all or none of them.
    @discardableResult
    package func append(_ records: [UsageRecord], step: Duration) throws -> AppendOutcome {
        let resolution = try HistoryResolution(step: step)
        try Self.checkGrid(records, step: step)
        guard let newest = records.map(\.start).max() else { return AppendOutcome() }
        return try database.write { database in
            let pages = UsagePages(database: database)
            let rollUp = RollUp(pages: pages)
            let watermark = max(newest + step, try rollUp.watermark(of: resolution) ?? newest + step)
            let limit = try self.oldestKept(resolution, at: watermark, database)
            let taken = records.filter { $0.start >= limit }
            try Self.add(taken, resolution, to: pages)
            try pages.write()
            try rollUp.run(from: resolution, touched: Set(taken.map(\.start)), watermark: watermark)
            try Packing(pages: pages).packClosed(at: watermark, unitsMax: Self.packedPerAppend)
            return AppendOutcome(added: taken.count, tooLate: records.count - taken.count)
        }
    }

    static func checkGrid(_ records: [UsageRecord], step: Duration) throws {
        for record in records where record.start.floored(to: step) != record.start {
            throw HistoryError.offTheGrid(record.start, step)
        }
    }

    /// The start of the oldest step of a resolution that can still be added to at `time`.
    func oldestKept(_ resolution: HistoryResolution, at time: Timestamp, _ database: Database) throws -> Timestamp {
        let limit = (time - retention[resolution]).floored(to: resolution.windowStep)
        let pruned = try Int64.fetchOne(
            database.cachedStatement(sql: "SELECT before FROM pruned WHERE resolution = ?"),
            arguments: [resolution.rawValue]
        )
        return max(limit, Timestamp(milliseconds: pruned ?? .min))
    }

    private static func add(_ records: [UsageRecord], _ resolution: HistoryResolution, to pages: UsagePages) throws {
        let numbers = try SegmentNames(database: pages.database).numbers(of: Set(records.map(\.segment)))
        for record in records {
            guard let segment = numbers[record.segment] else { continue }
            var row = UsageRow(
                segment: segment,
                start: record.start,
                covered: resolution.step,
                usage: record.usage,
                isImported: false
            )
            if let present = try pages.row(resolution, segment: segment, start: record.start), !present.isImported {
                try row.addUsage(of: present)
            }
            try pages.put(row, resolution)
        }
    }
}
