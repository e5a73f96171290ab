// The plain schema that the history is measured against: one row for each segment and step, in the order of segment and
// time, with the same numbers. It rolls nothing up and deletes nothing.

import ClusterModel
import Foundation
import GRDB

struct PlainRows {
    private let database: DatabasePool

    init(path: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        database = try DatabasePool(path: path, configuration: configuration)
        try database.write {
            try $0.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS usage (
                        resolution INTEGER NOT NULL, segment INTEGER NOT NULL, start INTEGER NOT NULL,
                        covered INTEGER NOT NULL, statements INTEGER NOT NULL, rows INTEGER NOT NULL,
                        bytes INTEGER NOT NULL, errors INTEGER NOT NULL, busy REAL NOT NULL, offered REAL NOT NULL,
                        waiting REAL NOT NULL, latency BLOB NOT NULL, PRIMARY KEY (resolution, segment, start)
                    ) WITHOUT ROWID
                    """)
        }
    }

    func close() throws { try database.close() }

    /// One transaction.
    func append(_ records: [UsageRecord], step: Duration) throws {
        let seconds = Int(step.inSeconds)
        try database.write { database in
            let statement = try database.cachedStatement(
                sql: "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            for (segment, record) in records.enumerated() {
                let usage = record.usage
                try statement.execute(
                    arguments: [
                        seconds, segment, record.start.milliseconds, seconds * 1000, usage.statements, usage.rows,
                        usage.bytes, usage.errors, usage.busySeconds, usage.offeredSeconds, usage.waitingSeconds,
                        Self.packed(usage.latency),
                    ])
            }
        }
    }

    /// Loads by segment, as forecasts read them.
    func loads(step: Duration, from: Timestamp, to: Timestamp) throws -> [Int: [Double]] {
        try database.read { database in
            var series: [Int: [Double]] = [:]
            let cursor = try Row.fetchCursor(
                database,
                sql: "SELECT segment, covered, offered FROM usage WHERE resolution = ? AND start >= ? AND start < ? "
                    + "ORDER BY segment, start",
                arguments: [Int(step.inSeconds), from.milliseconds, to.milliseconds])
            while let row = try cursor.next() {
                let (segment, covered, offered): (Int, Double, Double) = (row[0], row[1], row[2])
                series[segment, default: []].append(offered * 1000 / covered)
            }
            return series
        }
    }

    /// The buckets that are not empty: how many were passed over, and the count in bytes of seven bits.
    private static func packed(_ histogram: LatencyHistogram) -> Data {
        var bytes = Data()
        var passedOver: UInt8 = 0
        for var count in histogram.counts {
            guard count > 0 else {
                passedOver += 1
                continue
            }
            bytes.append(passedOver)
            passedOver = 0
            while count > 0x7F {
                bytes.append(UInt8(truncatingIfNeeded: count) | 0x80)
                count >>= 7
            }
            bytes.append(UInt8(count))
        }
        return bytes
    }
}
