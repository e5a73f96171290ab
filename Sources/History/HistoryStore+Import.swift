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
            let table = UsageTable(database: database)
            let numbers = try table.numbers(of: Set(loads.keys))
            var written = 0
            for (segment, series) in loads {
                guard let number = numbers[segment] else { continue }
                written += try Self.write(series, segment: number, table)
            }
            return written
        }
    }

    private static func write(_ series: LoadSeries, segment: Int64, _ table: UsageTable) throws -> Int {
        var resolution: HistoryResolution? = try HistoryResolution(step: series.step)
        while let present = resolution {
            let coarse = try series.resampled(to: present.step, missingTolerated: 1 - coveredShareMin)
            for (index, load) in coarse.values.enumerated() where !load.isNaN {
                let start = Timestamp(
                    milliseconds: coarse.start.milliseconds + Int64(index) * present.step.wholeMilliseconds
                )
                var usage = SegmentUsage()
                usage.busySeconds = load * present.step.inSeconds
                usage.offeredSeconds = usage.busySeconds
                try table.put(
                    UsageRow(
                        segment: segment,
                        start: start,
                        covered: present.step.inSeconds,
                        usage: usage,
                        isImported: true
                    ),
                    present
                )
            }
            resolution = present.coarser
        }
        return series.presentCount
    }
}
