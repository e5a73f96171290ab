// Load traces: `timestamp,segment,load`, grouped by segment, each segment in order of time on one regular grid.
// An empty load is a missing reading and never zero; a time that is left out is missing too.

import ClusterModel
import Forecasting

/// One reading of a trace.
package struct LoadReading: Sendable, Equatable {
    package let segment: SegmentID
    package let at: Timestamp
    /// Nil where the trace says that the reading is missing.
    package let load: Double?
    /// The line of the file, counted from 1.
    package let line: Int
}

/// Reads load traces.
package enum LoadTrace {
    static let header = ["timestamp", "segment", "load"]

    /// Gives every reading of the file to `body`, in the file's order, in constant memory.
    package static func forEach(path: String, _ body: (LoadReading) throws -> Void) throws {
        var rows = try CSVRows(path: path, header: header)
        while let fields = try rows.next() {
            guard let at = Timestamp(fields[0]) else {
                throw rows.failure(
                    .notATimestamp,
                    column: "timestamp",
                    "`\(fields[0].prefix(40))` is not a timestamp: write 1998-06-30T14:30:00Z"
                )
            }
            guard !fields[1].isEmpty else {
                throw rows.failure(.emptySegment, column: "segment", "is empty: name a segment")
            }
            let load = fields[2].isEmpty ? nil : Double(fields[2])
            guard fields[2].isEmpty || (load.map { $0.isFinite && $0 >= 0 } ?? false) else {
                throw rows.failure(
                    .notALoad,
                    column: "load",
                    "`\(fields[2].prefix(40))` is not a load: write a number from 0 up, or nothing where it is missing"
                )
            }
            try body(LoadReading(segment: SegmentID(fields[1]), at: at, load: load, line: rows.lineNumber))
        }
    }

    /// The file's own step: the shortest time between two readings of one segment that follow each other. Nil when no
    /// segment has two.
    package static func step(path: String) throws -> Duration? {
        var last: [SegmentID: Timestamp] = [:]
        var shortest: Duration?
        try forEach(path: path) { reading in
            if let before = last[reading.segment], reading.at > before {
                shortest = min(shortest ?? .seconds(1 << 40), reading.at - before)
            }
            last[reading.segment] = reading.at
        }
        return shortest
    }

    /// Every segment's readings as a series of `step`. Several readings of one segment, out of order, twice for one step
    /// or between the steps, are refused with the line.
    package static func read(path: String, step: Duration) throws -> [SegmentID: LoadSeries] {
        var builders: [SegmentID: SeriesBuilder] = [:]
        try forEach(path: path) { reading in
            // In place: a builder that is taken out and put back is copied, all its values, for each reading.
            try builders[reading.segment, default: SeriesBuilder(start: reading.at, step: step)].add(
                reading, file: path)
        }
        return builders.mapValues { LoadSeries(start: $0.start, step: step, values: $0.values) }
    }
}

/// Puts the readings of one segment on their grid.
private struct SeriesBuilder {
    /// Steps between two readings beyond which the later timestamp is taken for a mistake: ten years of minutes.
    private static let gapStepsMax = 5_256_000

    let start: Timestamp
    let step: Duration
    var values: [Double] = []

    mutating func add(_ reading: LoadReading, file: String) throws(TraceError) {
        let width = step.wholeMilliseconds
        guard reading.at.milliseconds % width == 0 else {
            throw TraceError(
                code: .offTheGrid,
                file: file,
                line: reading.line,
                column: "timestamp",
                message: "\(reading.at) does not lie on the grid of \(step): resample the trace, or give its step"
            )
        }
        let index = Int((reading.at - start).wholeMilliseconds / width)
        guard index >= values.count, index - values.count <= Self.gapStepsMax else {
            throw TraceError(
                code: .notInOrder,
                file: file,
                line: reading.line,
                column: "timestamp",
                message: "\(reading.at) is not after the reading before it: sort each segment by time"
            )
        }
        values.append(contentsOf: repeatElement(.nan, count: index - values.count))
        values.append(reading.load ?? .nan)
    }
}
