// One size: four weeks of five minutes, then hours of ten seconds as the meter brings them, into the history and into
// plain rows in turn, so that both meet the same machine.

import ClusterModel
import Foundation
import GRDB
import History

struct HistoryRun {
    /// Seconds, of the history and of plain rows.
    struct Times {
        var history: [Double] = []
        var rows: [Double] = []

        static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
        static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    }

    static let fiveMinutes = Duration.seconds(300)
    static let tenSeconds = Duration.seconds(10)
    private static let readings = 5
    private static let day = Duration.seconds(86_400)

    let segments: Int
    let days: Int
    private(set) var values = 0
    private(set) var fiveMinuteRounds = Times()
    private(set) var tenSecondRounds = Times()
    private(set) var reading = Times()
    /// Of the files after the five minutes, everything in them.
    private(set) var bytes = (history: 0.0, rows: 0.0)
    /// Bytes of a segment's step in the file, its part of keys and half-filled pages included, by the step's seconds.
    private(set) var bytesOfStep: [Int: Double] = [:]

    /// - Parameters:
    ///   - days: of five minutes; nothing is read without any.
    ///   - rounds: of ten seconds.
    init(segments: Int, days: Int, rounds: Int) throws {
        self.segments = segments
        self.days = days
        let folder = FileManager.default.temporaryDirectory.path + "/foreshard-history-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var busy = BusyDay(segments: segments)
        // Chunks of hours, the longest, begin at whole fortnights.
        let begin = Timestamp(seconds: 1_767_571_200).floored(to: Self.day * 14)
        let live = begin + Self.day * days
        try writePast(&busy, folder, from: begin, to: live)
        bytes = (Self.size(folder + "/history"), Self.size(folder + "/rows"))
        if days > 0 { try read(folder, from: begin, to: live) }
        try writeLive(&busy, folder, from: live, rounds: rounds)
        bytesOfStep = try Self.bytesOfStep(folder + "/history")
    }

    private mutating func writePast(_ busy: inout BusyDay, _ folder: String, from: Timestamp, to: Timestamp) throws {
        let history = try HistoryStore(path: folder + "/history")
        let rows = try PlainRows(path: folder + "/rows")
        var start = from
        while start < to {
            let usage = busy.usage(at: start, step: Self.fiveMinutes)
            fiveMinuteRounds.history.append(try Self.seconds { try history.append(usage, step: Self.fiveMinutes) })
            fiveMinuteRounds.rows.append(try Self.seconds { try rows.append(usage, step: Self.fiveMinutes) })
            start = start + Self.fiveMinutes
        }
        try history.close()
        try rows.close()
    }

    /// What a server does at its start, a few times: the file is in the system's cache.
    private mutating func read(_ folder: String, from: Timestamp, to: Timestamp) throws {
        for _ in 0..<Self.readings {
            var found: [Double] = []
            reading.history.append(
                try Self.seconds {
                    let history = try HistoryStore(path: folder + "/history")
                    found = try history.loads(step: Self.fiveMinutes, from: from, to: to).values.flatMap(\.values)
                    try history.close()
                })
            var plain = 0
            reading.rows.append(
                try Self.seconds {
                    let rows = try PlainRows(path: folder + "/rows")
                    let loads = try rows.loads(step: Self.fiveMinutes, from: from, to: to)
                    plain = loads.values.reduce(0) { $0 + $1.count }
                    try rows.close()
                })
            values = found.count
            precondition(values == plain && !found.contains(where: \.isNaN), "\(values) values, but \(plain) rows")
        }
    }

    private mutating func writeLive(_ busy: inout BusyDay, _ folder: String, from: Timestamp, rounds: Int) throws {
        let history = try HistoryStore(path: folder + "/history")
        let rows = try PlainRows(path: folder + "/rows")
        for round in 0..<rounds {
            let usage = busy.usage(at: from + Self.tenSeconds * round, step: Self.tenSeconds)
            tenSecondRounds.history.append(try Self.seconds { try history.append(usage, step: Self.tenSeconds) })
            tenSecondRounds.rows.append(try Self.seconds { try rows.append(usage, step: Self.tenSeconds) })
        }
        try history.close()
        try rows.close()
    }

    /// Blocks of packed steps, which are those that stay, and of ten seconds, which are never packed.
    private static func bytesOfStep(_ path: String) throws -> [Int: Double] {
        let database = try DatabaseQueue(path: path)
        defer { try? database.close() }
        return try database.read { database in
            let blocks = try Double.fetchOne(
                database, sql: "SELECT (SELECT sum(length(block)) FROM page) + (SELECT sum(length(block)) FROM chunk)")
            let used = try Double.fetchOne(
                database,
                sql: "SELECT (p.page_count - f.freelist_count) * s.page_size * 1.0 "
                    + "FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s")
            let overhead = (used ?? 0) / max(blocks ?? 1, 1)
            let segments = try Double.fetchOne(database, sql: "SELECT count(*) FROM segment") ?? 1
            let ten = try Double.fetchOne(
                database,
                sql: "SELECT sum(length(block)) * 1.0 / count(DISTINCT start) FROM page WHERE resolution = 10")
            var bytes = [10: (ten ?? 0) * overhead / segments]
            for (resolution, steps) in [(60, 360.0), (300, 288.0), (3600, 336.0)] {
                let mean = try Double.fetchOne(
                    database, sql: "SELECT avg(length(block)) FROM chunk WHERE resolution = ?", arguments: [resolution])
                bytes[resolution] = (mean ?? .nan) * overhead / steps
            }
            return bytes
        }
    }

    private static func size(_ path: String) -> Double {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.doubleValue ?? 0
    }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        try ContinuousClock().measure(body).inSeconds
    }
}
