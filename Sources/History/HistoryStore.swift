// The load history: what every segment used, in steps of ten seconds, a minute and five minutes, in one SQLite file.
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
        package var minute = Duration.seconds(7 * 86400)
        package var fiveMinutes = Duration.seconds(400 * 86400)

        package init() {}

        subscript(resolution: HistoryResolution) -> Duration {
            switch resolution {
            case .tenSeconds: tenSeconds
            case .minute: minute
            case .fiveMinutes: fiveMinutes
            }
        }
    }

    package let retention: Retention
    let database: DatabasePool

    /// Opens the file, making or upgrading it as needed.
    package init(path: String, retention: Retention = Retention()) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        database = try DatabasePool(path: path, configuration: configuration)
        self.retention = retention
        try HistorySchema.migrator.migrate(database)
    }

    /// Ends the use of the file.
    package func close() throws { try database.close() }

    /// Deletes what is older than its retention at `now`. Returns how many rows went.
    @discardableResult
    package func prune(at now: Timestamp) throws -> Int {
        try database.write { database in
            try HistoryResolution.allCases.reduce(0) { sum, resolution in
                let limit = (now - self.retention[resolution]).floored(to: HistoryResolution.coarsestStep)
                try database.execute(
                    sql: "DELETE FROM usage WHERE resolution = ? AND start < ?",
                    arguments: [resolution.rawValue, limit.milliseconds]
                )
                return sum + database.changesCount
            }
        }
    }
}
