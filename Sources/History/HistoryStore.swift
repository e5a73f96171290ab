// The load history: what every segment used, in steps of ten seconds, a minute, five minutes and an hour, in one SQLite
// file. Records are written as pages and packed into chunks later (`UsagePages`, `Packing`).
//
// Appends add up: two records of one segment and start are their sum. A window of a coarser resolution is written when
// it closes, that is when a record arrives that starts at or after its end, as the sum of its finer rows; a late record
// makes its windows be summed again, so the coarse rows always equal the fine ones. Every append is one transaction.
// Invariant: pruning cuts at coarse windows, so the finer rows of a window are either all there or all gone.

import ClusterModel
import GRDB

/// The durable history of usage.
package final class HistoryStore: Sendable {
    /// How long each resolution is kept, counted back from the newest time given to `prune`.
    package struct Retention: Sendable {
        package var tenSeconds = Duration.seconds(6 * 3600)
        package var minute = Duration.seconds(3 * 86400)
        package var fiveMinutes = Duration.seconds(60 * 86400)
        package var hour = Duration.seconds(800 * 86400)

        package init() {}

        /// A resolution is kept for at least as long as the finer ones that it sums.
        subscript(resolution: HistoryResolution) -> Duration {
            switch resolution {
            case .tenSeconds: tenSeconds
            case .minute: max(minute, self[.tenSeconds])
            case .fiveMinutes: max(fiveMinutes, self[.minute])
            case .hour: max(hour, self[.fiveMinutes])
            }
        }
    }

    /// Seconds that a write waits for another process's.
    private static let lockWait = 10.0

    package let retention: Retention
    let database: DatabasePool

    /// Opens the file, making or upgrading it as needed.
    package init(path: String, retention: Retention = Retention()) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.lockWait)  // the router and an import may write at the same time
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        database = try DatabasePool(path: path, configuration: configuration)
        self.retention = retention
        try HistorySchema.migrator.migrate(database)
    }

    /// Ends the use of the file.
    package func close() throws { try database.close() }

    /// Deletes what is older than its retention at `now`; a chunk goes when all its steps are. Returns how many pages
    /// and chunks went.
    @discardableResult
    package func prune(at now: Timestamp) throws -> Int {
        try database.write { database in
            try HistoryResolution.allCases.reduce(0) { sum, resolution in
                let limit = (now - self.retention[resolution]).floored(to: resolution.windowStep)
                let chunkLimit = limit - (resolution.chunkSpan ?? .zero)
                try database.execute(
                    sql:
                        "INSERT INTO pruned VALUES (?, ?) ON CONFLICT DO UPDATE "
                        + "SET before = max(before, excluded.before)",
                    arguments: [resolution.rawValue, limit.milliseconds]
                )
                var count = 0
                for (table, before) in [("page", limit), ("chunk", chunkLimit + .milliseconds(1))] {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE resolution = ? AND start < ?",
                        arguments: [resolution.rawValue, before.milliseconds]
                    )
                    count += database.changesCount
                }
                return sum + count
            }
        }
    }
}
