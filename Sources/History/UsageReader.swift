// Reading rows: chunks first, then pages, whose rows are newer where both have one.

import ClusterModel
import Foundation
import GRDB

/// The rows of the history as they are stored.
struct UsageReader {
    let database: Database

    /// Hands over every row that starts in `from ..< to`, of one segment if given. A row may come twice: the later one
    /// counts.
    func read(
        _ resolution: HistoryResolution,
        from: Timestamp,
        to: Timestamp,
        segment: Int64? = nil,
        _ take: (UsageRow) throws -> Void
    ) throws {
        try readChunks(resolution, from: from, to: to, segment: segment) { segment, chunk, bytes in
            let rows = try UsageBlock.decode(bytes) { (segment, chunk + resolution.step * $0) }
            for (_, row) in rows where row.start >= from && row.start < to { try take(row) }
        }
        try readPages(resolution, from: from, to: to, number: segment.map { $0 / UsagePages.segmentsInPage }) {
            number, start, bytes in
            let rows = try UsageBlock.decode(bytes) { (number * UsagePages.segmentsInPage + Int64($0), start) }
            for (_, row) in rows where segment == nil || row.segment == segment { try take(row) }
        }
    }

    /// Hands over the block of every chunk that has steps in `from ..< to`, by start and segment.
    func readChunks(
        _ resolution: HistoryResolution,
        from: Timestamp,
        to: Timestamp,
        segment: Int64? = nil,
        _ take: (Int64, Timestamp, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let span = resolution.chunkSpan else { return }
        let cursor = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT segment, start, block FROM chunk WHERE resolution = ? AND start > ? AND start < ?
                    \(segment == nil ? "" : "AND segment = ?") ORDER BY start, segment
                    """
            ),
            arguments: [resolution.rawValue, (from - span).milliseconds, to.milliseconds]
                + StatementArguments(segment.map { [$0] } ?? [])
        )
        while let row = try cursor.next() {
            try row.withUnsafeData(atIndex: 2) { data in
                try data?.withUnsafeBytes { try take(row[0], Timestamp(milliseconds: row[1]), $0) }
            }
        }
    }

    /// Hands over the block of every page in `from ..< to`, by start and number.
    func readPages(
        _ resolution: HistoryResolution,
        from: Timestamp,
        to: Timestamp,
        number: Int64? = nil,
        _ take: (Int64, Timestamp, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let cursor = try Row.fetchCursor(
            database.cachedStatement(
                sql: """
                    SELECT number, start, block FROM page WHERE resolution = ? AND start >= ? AND start < ?
                    \(number == nil ? "" : "AND number = ?") ORDER BY start, number
                    """
            ),
            arguments: [resolution.rawValue, from.milliseconds, to.milliseconds]
                + StatementArguments(number.map { [$0] } ?? [])
        )
        while let row = try cursor.next() {
            try row.withUnsafeData(atIndex: 2) { data in
                try data?.withUnsafeBytes { try take(row[0], Timestamp(milliseconds: row[1]), $0) }
            }
        }
    }

    static func page(_ data: Data, number: Int64, start: Timestamp) throws -> [(key: Int, row: UsageRow)] {
        try data.withUnsafeBytes { bytes in
            try UsageBlock.decode(bytes) { (number * UsagePages.segmentsInPage + Int64($0), start) }
        }
    }
}
