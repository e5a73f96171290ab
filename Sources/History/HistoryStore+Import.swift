// Taking in loads that were measured elsewhere: a trace, another system's metrics.

import ClusterModel
import Forecasting
import GRDB

extension HistoryStore {
    /// Writes whole series in one transaction, in place of what is there, and rolls them up.
    ///
    /// The step of each series must be one that is kept. A load becomes busy time; there are no statements behind it.
    /// Missing values leave no row. Returns how many values were written.
    @discardableResult
    package func importLoads(_ loads: [SegmentID: LoadSeries]) throws -> Int {
        for series in loads.values { _ = try HistoryResolution(step: series.step) }
        return try database.write { database in
            let pages = UsagePages(database: database)
            let numbers = try SegmentNames(database: database).numbers(of: Set(loads.keys))
            for resolution in HistoryResolution.allCases {
                let series = try loads.compactMap { segment, series -> (Int64, LoadSeries)? in
                    guard let number = numbers[segment], series.step <= resolution.step else { return nil }
                    return (
                        number, try series.resampled(to: resolution.step, missingTolerated: 1 - Self.coveredShareMin)
                    )
                }
                try Self.write(series, resolution, to: pages)
            }
            return loads.values.reduce(0) { $0 + $1.presentCount }
        }
    }

    /// Writes step by step, chunk by chunk, so that the pages of one chunk are all that waits to be packed.
    private static func write(
        _ loads: [(segment: Int64, series: LoadSeries)],
        _ resolution: HistoryResolution,
        to pages: UsagePages
    ) throws {
        guard let first = loads.map(\.series.start).min(), let end = loads.map(\.series.end).max() else { return }
        let span = resolution.chunkSpan ?? .seconds(86400)
        var time = first
        while time < end {
            for (segment, series) in loads {
                guard let load = series[time] else { continue }
                var row = UsageRow(
                    segment: segment, start: time, covered: resolution.step, usage: .init(), isImported: true)
                row.busy = UsageRow.microseconds(load * resolution.step.inSeconds)
                row.offered = row.busy
                try pages.put(row, resolution)
            }
            time = time + resolution.step
            if time.floored(to: span) == time { try Packing(pages: pages).packClosed(at: time) }
        }
        try Packing(pages: pages).packClosed(at: end)
    }
}
