// Taking records in, and rolling them up.

import ClusterModel
import GRDB

/// What became of an append.
package struct AppendOutcome: Sendable, Equatable {
    package var added = 0
    /// Records older than the retention of their resolution: their windows can no longer be summed.
    package var tooLate = 0
}

extension HistoryStore {
    /// Adds records that each cover one step, all or none of them.
    @discardableResult
    package func append(_ records: [UsageRecord], step: Duration) throws -> AppendOutcome {
        let resolution = try HistoryResolution(step: step)
        for record in records where record.start.floored(to: step) != record.start {
            throw HistoryError.offTheGrid(record.start, step)
        }
        guard let newest = records.map(\.start).max() else { return AppendOutcome() }
        return try database.write { database in
            let table = UsageTable(database: database)
            let rollUp = RollUp(table: table)
            let watermark = max(newest + step, try rollUp.watermark(of: resolution) ?? newest + step)
            let limit = (watermark - self.retention[resolution]).floored(to: HistoryResolution.coarsestStep)
            let taken = records.filter { $0.start >= limit }
            try Self.add(taken, resolution, to: table)
            try rollUp.run(from: resolution, touched: Set(taken.map(\.start)), watermark: watermark)
            return AppendOutcome(added: taken.count, tooLate: records.count - taken.count)
        }
    }

    private static func add(_ records: [UsageRecord], _ resolution: HistoryResolution, to table: UsageTable) throws {
        let numbers = try table.numbers(of: Set(records.map(\.segment)))
        for record in records {
            guard let segment = numbers[record.segment] else { continue }
            var row = UsageRow(
                segment: segment,
                start: record.start,
                covered: resolution.step.inSeconds,
                usage: record.usage,
                isImported: false
            )
            if let present = try table.row(resolution, segment: segment, start: record.start),
                !present.isImported
            {
                row.usage += present.usage
            }
            try table.put(row, resolution)
        }
    }
}
