// Packing turns the pages of a time that is over into chunks: from one step of many segments to many steps of one,
// which takes less room and is what is read for a forecast. A page whose chunk was packed already, because its rows
// came late, is merged into it. Long steps lose their latencies then, and nothing else.

import ClusterModel
import Foundation
import GRDB

/// Packs pages into chunks, inside a transaction.
struct Packing {
    /// How long after its end a chunk is packed: late records are cheaper before.
    static let settling = Duration.seconds(3600)

    let pages: UsagePages

    /// Packs chunks that ended well before `now`, oldest first; with nil, all but the newest of each resolution.
    ///
    /// One unit of work is one chunk of the segments of one page. An append does a few, so that it stays short; what is
    /// left is done by the next ones.
    func packClosed(at now: Timestamp?, unitsMax: Int = .max) throws {
        try pages.write()
        var units = 0
        for resolution in HistoryResolution.allCases {
            guard let span = resolution.chunkSpan, let closed = try closedBefore(now, resolution, span) else {
                continue
            }
            while units < unitsMax, let (chunk, number) = try oldest(resolution, before: closed, span: span) {
                try pack(resolution, chunk: chunk, span: span, number: number)
                units += 1
            }
        }
    }

    private func closedBefore(
        _ now: Timestamp?,
        _ resolution: HistoryResolution,
        _ span: Duration
    ) throws -> Timestamp? {
        if let now { return (now - Self.settling).floored(to: span) }
        return try Int64.fetchOne(
            pages.database.cachedStatement(sql: "SELECT max(start) FROM page WHERE resolution = ?"),
            arguments: [resolution.rawValue]
        ).map { Timestamp(milliseconds: $0).floored(to: span) }
    }

    private func oldest(
        _ resolution: HistoryResolution,
        before: Timestamp,
        span: Duration
    ) throws -> (chunk: Timestamp, number: Int64)? {
        let statement = try pages.database.cachedStatement(
            sql: "SELECT start, number FROM page WHERE resolution = ? AND start < ? ORDER BY start, number LIMIT 1"
        )
        let row = try Row.fetchOne(statement, arguments: [resolution.rawValue, before.milliseconds])
        return row.map { (Timestamp(milliseconds: $0["start"]).floored(to: span), $0["number"]) }
    }

    private func pack(_ resolution: HistoryResolution, chunk: Timestamp, span: Duration, number: Int64) throws {
        let range: StatementArguments = [
            resolution.rawValue, chunk.milliseconds, (chunk + span).milliseconds, number,
        ]
        let filter = "resolution = ? AND start >= ? AND start < ? AND number = ?"
        var bySegment: [Int64: [(key: Int, row: UsageRow)]] = [:]
        let cursor = try Row.fetchCursor(
            pages.database.cachedStatement(sql: "SELECT start, block FROM page WHERE \(filter) ORDER BY start"),
            arguments: range
        )
        while let stored = try cursor.next() {
            let start = Timestamp(milliseconds: stored["start"])
            let step = resolution.steps(from: chunk, to: start)
            for (_, row) in try UsageReader.page(stored["block"], number: number, start: start) {
                var packed = row
                if !resolution.keepsLatencies { packed.latency = [] }
                bySegment[row.segment, default: []].append((step, packed))
            }
        }
        for (segment, rows) in bySegment.sorted(by: { $0.key < $1.key }) {
            try pages.putChunk(
                try merged(rows, into: pages.chunkRows(resolution, segment: segment, chunk: chunk)),
                resolution,
                segment: segment,
                chunk: chunk
            )
        }
        try pages.database.cachedStatement(sql: "DELETE FROM page WHERE \(filter)").execute(arguments: range)
    }

    private func merged(
        _ rows: [(key: Int, row: UsageRow)],
        into packed: [(key: Int, row: UsageRow)]
    ) throws -> [(key: Int, row: UsageRow)] {
        guard !packed.isEmpty else { return rows }
        var byKey = Dictionary(uniqueKeysWithValues: packed.map { ($0.key, $0.row) })
        for (key, row) in rows { byKey[key] = row }
        return byKey.sorted { $0.key < $1.key }.map { (key: $0.key, row: $0.value) }
    }
}
