// What each segment really needs, over time: the truth of a run.
// Invariant: every segment has a value at every point; between points the load is linear, after the last it stays.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package struct TrueLoad: Sendable {
    package let start: Timestamp
    package let step: Duration
    package let segments: [SegmentID]
    /// One row for each segment, all equally long and not empty.
    private let rows: [[Double]]
    private let rowOf: [SegmentID: Int]
    package let pointCount: Int
    private let stepMilliseconds: Double

    package init(start: Timestamp, step: Duration, values: [(SegmentID, [Double])]) {
        precondition(
            Set(values.map(\.1.count)).count == 1 && !(values.first?.1.isEmpty ?? true),
            "rows differ in length"
        )
        self.start = start
        self.step = step
        segments = values.map(\.0)
        rows = values.map(\.1)
        rowOf = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1.0, $0) })
        pointCount = values[0].1.count
        stepMilliseconds = Double(step.wholeMilliseconds)
    }

    /// One curve for the whole cluster, shared out over segments.
    package init(start: Timestamp, step: Duration, total: [Double], shares: [(SegmentID, Double)]) {
        self.init(start: start, step: step, values: shares.map { share in (share.0, total.map { $0 * share.1 }) })
    }

    package var end: Timestamp { start + .seconds(step.inSeconds * Double(pointCount - 1)) }

    package func load(of segment: SegmentID, at moment: Timestamp) -> Double {
        guard let index = rowOf[segment] else { preconditionFailure("no load for segment \(segment)") }
        return load(ofSegmentAt: index, at: moment)
    }

    /// The same by the segment's place in `segments`.
    func load(ofSegmentAt index: Int, at moment: Timestamp) -> Double {
        let row = rows[index]
        let position = max(0, Double(moment.milliseconds - start.milliseconds) / stepMilliseconds)
        let index = min(Int(position), pointCount - 1)
        guard index + 1 < pointCount else { return row[pointCount - 1] }
        return row[index] + (row[index + 1] - row[index]) * (position - Double(index))
    }

    /// All segments together.
    package func total(at moment: Timestamp) -> Double {
        segments.indices.reduce(0) { $0 + load(ofSegmentAt: $1, at: moment) }
    }

    /// The mean load over a forecast step, from five points of it.
    package func mean(of segment: SegmentID, from begin: Timestamp, to end: Timestamp) -> Double {
        let width = (end - begin).inSeconds
        return (0..<5).reduce(0) { $0 + load(of: segment, at: begin + .seconds(width * (Double($1) + 0.5) / 5)) } / 5
    }
}

/// Shares of a whole in which the k-th is proportional to `1 / k^exponent`; they add up to one.
package func zipfShares(_ count: Int, exponent: Double) -> [Double] {
    let weights = (1...max(1, count)).map { 1 / pow(Double($0), exponent) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
}
