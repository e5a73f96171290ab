import ClusterModel
import GRDB

/// Sums finer rows into the windows of coarser resolutions.
struct RollUp {
    let table: UsageTable

    /// The end of the newest record of a resolution; nil before the first.
    func watermark(of resolution: HistoryResolution) throws -> Timestamp? {
        try Int64.fetchOne(
            table.database.cachedStatement(sql: "SELECT through FROM rollup WHERE resolution = ?"),
            arguments: [resolution.rawValue]
        ).map { Timestamp(milliseconds: $0) }
    }

    private func setWatermark(_ time: Timestamp, of resolution: HistoryResolution) throws {
        try table.database.cachedStatement(sql: "INSERT OR REPLACE INTO rollup VALUES (?, ?)")
            .execute(arguments: [resolution.rawValue, time.milliseconds])
    }

    /// Writes the coarse windows that `watermark` closes, and those closed ones in which the rows that start at
    /// `touched` changed.
    func run(from resolution: HistoryResolution, touched: Set<Timestamp>, watermark: Timestamp) throws {
        let earlier = try self.watermark(of: resolution)
        try setWatermark(watermark, of: resolution)
        guard let coarser = resolution.coarser, let oldest = touched.min() else { return }
        let closed = watermark.floored(to: coarser.step)
        let begin = min(oldest, earlier ?? oldest).floored(to: coarser.step)
        let changed = Set(touched.map { $0.floored(to: coarser.step) })
        var written: Set<Timestamp> = []
        for row in try sums(of: resolution, from: begin, to: closed, window: coarser.step) {
            let isNewlyClosed = earlier.map { row.start + coarser.step > $0 } ?? true
            guard isNewlyClosed || changed.contains(row.start) else { continue }
            try table.put(row, coarser)
            written.insert(row.start)
        }
        try run(from: coarser, touched: written, watermark: max(closed, try self.watermark(of: coarser) ?? closed))
    }

    /// Sums the windows, closed or not, in which imported rows that start at `touched` changed.
    func sumAgain(from resolution: HistoryResolution, touched: Set<Timestamp>) throws {
        guard let coarser = resolution.coarser else { return }
        let windows = Set(touched.map { $0.floored(to: coarser.step) })
        for window in windows {
            for row in try sums(of: resolution, from: window, to: window + coarser.step, window: coarser.step) {
                try table.put(row, coarser)
            }
        }
        try sumAgain(from: coarser, touched: windows)
    }

    private struct WindowKey: Hashable {
        let segment: Int64
        let start: Timestamp
    }

    private func sums(
        of resolution: HistoryResolution,
        from: Timestamp,
        to: Timestamp,
        window: Duration
    ) throws -> some Collection<UsageRow> {
        var sums: [WindowKey: UsageRow] = [:]
        for row in try table.rows(resolution, from: from, to: to) {
            let start = row.start.floored(to: window)
            var sum =
                sums[WindowKey(segment: row.segment, start: start)]
                ?? UsageRow(segment: row.segment, start: start, covered: 0, usage: SegmentUsage(), isImported: true)
            sum += row
            sums[WindowKey(segment: row.segment, start: start)] = sum
        }
        return sums.values
    }
}
