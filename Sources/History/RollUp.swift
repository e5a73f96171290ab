import ClusterModel
import GRDB

/// Sums finer rows into the windows of coarser resolutions.
struct RollUp {
    let pages: UsagePages

    /// The end of the newest live record of a resolution; nil before the first.
    func watermark(of resolution: HistoryResolution) throws -> Timestamp? {
        try Int64.fetchOne(
            pages.database.cachedStatement(sql: "SELECT through FROM rollup WHERE resolution = ?"),
            arguments: [resolution.rawValue]
        ).map { Timestamp(milliseconds: $0) }
    }

    func setWatermark(_ time: Timestamp, of resolution: HistoryResolution) throws {
        try pages.database.cachedStatement(sql: "INSERT OR REPLACE INTO rollup VALUES (?, ?)")
            .execute(arguments: [resolution.rawValue, time.milliseconds])
    }

    /// Writes the coarse windows that `watermark` closes, and those closed ones in which the rows that start at
    /// `touched` changed.
    func run(from resolution: HistoryResolution, touched: Set<Timestamp>, watermark: Timestamp) throws {
        let earlier = try self.watermark(of: resolution)
        try setWatermark(watermark, of: resolution)
        guard let coarser = resolution.coarser, let oldest = touched.min() else { return }
        let closed = watermark.floored(to: coarser.step)
        var windows = Set(touched.map { $0.floored(to: coarser.step) })
        for start in try starts(of: resolution, from: (earlier ?? oldest).floored(to: coarser.step), to: closed) {
            windows.insert(start.floored(to: coarser.step))
        }
        windows = windows.filter { $0 < closed }
        try sum(windows: windows, of: resolution)
        try run(from: coarser, touched: windows, watermark: max(closed, try self.watermark(of: coarser) ?? closed))
    }

    /// Sums the windows, closed or not, in which imported rows that start at `touched` changed.
    func sumAgain(from resolution: HistoryResolution, touched: Set<Timestamp>) throws {
        guard let coarser = resolution.coarser else { return }
        let windows = Set(touched.map { $0.floored(to: coarser.step) })
        try sum(windows: windows, of: resolution)
        try sumAgain(from: coarser, touched: windows)
    }

    /// Writes the sums of the rows of `resolution` in windows of the next coarser one, unless what is there is worth
    /// more: it was measured live, or imported in the coarse step for more of its time than the finer rows cover.
    func sum(windows: some Collection<Timestamp>, of resolution: HistoryResolution) throws {
        guard let coarser = resolution.coarser else { return }
        for window in windows.sorted() {
            var sums: [Int64: UsageRow] = [:]
            for row in try pages.rows(resolution, from: window, to: window + coarser.step) {
                var sum =
                    sums[row.segment]
                    ?? UsageRow(segment: row.segment, start: window, coveredMilliseconds: 0, isImported: true)
                try sum.addUsage(of: row)
                sum.coveredMilliseconds += row.coveredMilliseconds
                sum.isImported = sum.isImported && row.isImported
                sums[row.segment] = sum
            }
            for sum in sums.values {
                if let present = try pages.row(coarser, segment: sum.segment, start: window),
                    present.isWorthMore(than: sum, step: coarser.step)
                {
                    continue
                }
                try pages.put(sum, coarser)
            }
        }
    }

    /// The steps of a resolution that lie in pages: those that came after the last packing.
    private func starts(of resolution: HistoryResolution, from: Timestamp, to: Timestamp) throws -> [Timestamp] {
        try Int64.fetchAll(
            pages.database.cachedStatement(
                sql: "SELECT DISTINCT start FROM page WHERE resolution = ? AND start >= ? AND start < ?"
            ),
            arguments: [resolution.rawValue, from.milliseconds, to.milliseconds]
        ).map { Timestamp(milliseconds: $0) }
    }
}
