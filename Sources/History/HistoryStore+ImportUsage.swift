// Taking in usage that the router did not measure: a server's log or statistics, another system's metrics.
//
// An import never moves the watermark of live measurements, so it makes no live append late. Its windows are summed at
// once, the last one too, which the next batch sums again. Invariant: the records of a step and the progress of their
// source are written in one transaction, so an importer that goes on from its source's position neither loses nor
// repeats a record.

import ClusterModel
import Foundation
import GRDB

extension HistoryStore {
    /// The progress of one source; nil before its first import.
    package func importSource(named name: String) throws -> ImportSource? {
        try database.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM import_source WHERE name = ?", arguments: [name])
                .map(ImportSource.init)
        }
    }

    /// The progress of every source, by name.
    package func importSources() throws -> [ImportSource] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM import_source ORDER BY name").map(ImportSource.init)
        }
    }

    /// Adds records that each cover one step and records the source's progress, in one transaction.
    ///
    /// Records of one segment and step add up over batches. Steps that were measured live are left alone, and a live
    /// measurement that comes later takes the place of what was imported. Records older than the retention of `step`
    /// add to the finest coarser step that still keeps their time.
    @discardableResult
    package func importUsage(
        _ records: [UsageRecord],
        step: Duration,
        from source: ImportSource
    ) throws -> ImportOutcome {
        let resolution = try HistoryResolution(step: step)
        try Self.checkGrid(records, step: step)
        return try database.write { database in
            let rollUp = RollUp(pages: UsagePages(database: database))
            var outcome = ImportOutcome()
            if let newest = records.map(\.start).max() {
                let now = try max(newest + step, rollUp.watermark(of: .tenSeconds) ?? newest + step)
                outcome = try self.take(records.sorted { $0.start < $1.start }, resolution, now: now, rollUp)
                try Packing(pages: rollUp.pages).packClosed(at: now)
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO import_source VALUES (?, ?, ?)",
                arguments: [source.name, source.position, Data(source.state)]
            )
            return outcome
        }
    }

    private func take(
        _ records: [UsageRecord],
        _ resolution: HistoryResolution,
        now: Timestamp,
        _ rollUp: RollUp
    ) throws -> ImportOutcome {
        let numbers = try SegmentNames(database: rollUp.pages.database).numbers(of: Set(records.map(\.segment)))
        let limits = try HistoryResolution.allCases.filter { $0.rawValue >= resolution.rawValue }.map { kept in
            (kept: kept, limit: try oldestKept(kept, at: now, rollUp.pages.database))
        }
        var outcome = ImportOutcome()
        var touched: [HistoryResolution: Set<Timestamp>] = [:]
        for record in records {
            guard let segment = numbers[record.segment],
                let kept = limits.first(where: { record.start >= $0.limit })?.kept
            else {
                outcome.tooLate += 1
                continue
            }
            var row = UsageRow(
                segment: segment,
                start: record.start.floored(to: kept.step),
                covered: resolution.step,
                usage: record.usage,
                isImported: true
            )
            if let present = try rollUp.pages.row(kept, segment: segment, start: row.start) {
                guard present.rank(step: kept.step) <= row.rank(step: kept.step) else {
                    outcome.leftAlone += 1
                    continue
                }
                if present.isImported { try row.add(present, within: kept.step) }
            }
            try rollUp.pages.put(row, kept)
            touched[kept, default: []].insert(row.start)
            outcome.added += 1
        }
        try rollUp.pages.write()
        for kept in HistoryResolution.allCases { try rollUp.sumAgain(from: kept, touched: touched[kept] ?? []) }
        return outcome
    }
}

extension UsageRow {
    /// Adds what was imported of the same step before: together they cover no more than the step.
    fileprivate mutating func add(_ present: UsageRow, within step: Duration) throws {
        try addUsage(of: present)
        coveredMilliseconds = min(step.wholeMilliseconds, coveredMilliseconds + present.coveredMilliseconds)
    }
}

extension ImportSource {
    fileprivate init(_ row: Row) {
        self.init(name: row["name"], position: row["position"], state: [UInt8](row["state"] as Data))
    }
}
