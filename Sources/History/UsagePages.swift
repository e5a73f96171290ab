// The rows of the history inside one transaction.
//
// A row lies in a page, which is one step of up to 1,024 segments and is what an append writes, or in a chunk, which is
// many steps of one segment and is what a page's rows are packed into once its time is over (`Packing`).
// Invariant: where both have a row of one segment and step, the page's is the newer one and counts.
// Pages that were read or changed are kept until `write`, or until there are too many of them.

import ClusterModel
import Foundation
import GRDB

/// The pages and chunks of one transaction.
final class UsagePages {
    static let segmentsInPage = Int64(UsageBlock.keyLimit)
    /// Pages in memory at most, of about 100 kB each when they are full.
    private static let pagesMax = 256

    let database: Database
    private var pages: [PageKey: Page] = [:]
    private var hasChunks: [ChunkKey: Bool] = [:]

    private struct PageKey: Hashable {
        let resolution: HistoryResolution
        let start: Timestamp
        let number: Int64
    }

    private struct ChunkKey: Hashable {
        let resolution: HistoryResolution
        let start: Timestamp
    }

    private struct Page {
        var rows: [Int: UsageRow] = [:]
        var isChanged = false
    }

    init(database: Database) { self.database = database }

    func row(_ resolution: HistoryResolution, segment: Int64, start: Timestamp) throws -> UsageRow? {
        let key = try load(resolution, segment: segment, start: start)
        if let row = pages[key]?.rows[Self.slot(of: segment)] { return row }
        guard let span = resolution.chunkSpan else { return nil }
        let chunk = start.floored(to: span)
        guard try hasChunks(resolution, at: chunk) else { return nil }
        return try chunkRows(resolution, segment: segment, chunk: chunk).first { $0.row.start == start }?.row
    }

    /// Writes a row in place of what was there.
    func put(_ row: UsageRow, _ resolution: HistoryResolution) throws {
        let key = try load(resolution, segment: row.segment, start: row.start)
        pages[key]?.rows[Self.slot(of: row.segment)] = row
        pages[key]?.isChanged = true
    }

    /// The rows that start in `from ..< to`, which are few steps.
    func rows(_ resolution: HistoryResolution, from: Timestamp, to: Timestamp) throws -> [UsageRow] {
        try write()
        var rows: [RowKey: UsageRow] = [:]
        try UsageReader(database: database).read(resolution, from: from, to: to) { row in
            rows[RowKey(segment: row.segment, start: row.start)] = row
        }
        return Array(rows.values)
    }

    private struct RowKey: Hashable {
        let segment: Int64
        let start: Timestamp
    }

    /// Writes the pages that changed, and forgets all.
    func write() throws {
        for (key, page) in pages where page.isChanged {
            let rows = page.rows.sorted { $0.key < $1.key }.map { (key: $0.key, row: $0.value) }
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?)").execute(
                arguments: [
                    key.resolution.rawValue, key.start.milliseconds, key.number, Data(UsageBlock.encode(rows)),
                ]
            )
        }
        pages.removeAll(keepingCapacity: true)
    }

    private func load(_ resolution: HistoryResolution, segment: Int64, start: Timestamp) throws -> PageKey {
        let number = segment / Self.segmentsInPage
        let key = PageKey(resolution: resolution, start: start, number: number)
        if pages[key] != nil { return key }
        if pages.count >= Self.pagesMax { try write() }
        let statement = try database.cachedStatement(
            sql: "SELECT block FROM page WHERE resolution = ? AND start = ? AND number = ?"
        )
        var page = Page()
        if let data = try Data.fetchOne(statement, arguments: [resolution.rawValue, start.milliseconds, number]) {
            let rows = try data.withUnsafeBytes { bytes in
                try UsageBlock.decode(bytes) { (number * Self.segmentsInPage + Int64($0), start) }
            }
            page.rows = Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.row) })
        }
        pages[key] = page
        return key
    }

    private static func slot(of segment: Int64) -> Int { Int(segment % segmentsInPage) }

    // MARK: - Chunks

    /// The rows of one chunk by the number of their step.
    func chunkRows(
        _ resolution: HistoryResolution,
        segment: Int64,
        chunk: Timestamp
    ) throws -> [(key: Int, row: UsageRow)] {
        let statement = try database.cachedStatement(
            sql: "SELECT block FROM chunk WHERE resolution = ? AND start = ? AND segment = ?"
        )
        let data = try Data.fetchOne(statement, arguments: [resolution.rawValue, chunk.milliseconds, segment])
        guard let data else { return [] }
        return try data.withUnsafeBytes { bytes in
            try UsageBlock.decode(bytes) { (segment, chunk + resolution.step * $0) }
        }
    }

    func putChunk(
        _ rows: [(key: Int, row: UsageRow)],
        _ resolution: HistoryResolution,
        segment: Int64,
        chunk: Timestamp
    ) throws {
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?)").execute(
            arguments: [resolution.rawValue, chunk.milliseconds, segment, Data(UsageBlock.encode(rows))]
        )
        hasChunks[ChunkKey(resolution: resolution, start: chunk)] = true
    }

    private func hasChunks(_ resolution: HistoryResolution, at chunk: Timestamp) throws -> Bool {
        let key = ChunkKey(resolution: resolution, start: chunk)
        if let known = hasChunks[key] { return known }
        let found = try Bool.fetchOne(
            database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM chunk WHERE resolution = ? AND start = ?)"),
            arguments: [resolution.rawValue, chunk.milliseconds]
        )
        hasChunks[key] = found ?? false
        return found ?? false
    }
}
