// The steps of one segment that the Numenta Anomaly Benchmark would judge: its measured ones after the probation.
//
// What a detection is worth follows from where it lies. In a window it is worth the more the earlier it comes; after one
// it costs the more the farther it lies behind. As in the benchmark's code (`nab/sweeper.py`) and not its paper: the last
// row of a window is still worth a little, and before the first window a false positive costs all.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#endif

/// One segment's scores, with the place of each among the labelled windows.
package struct LabelledScores: Sendable {
    struct Row: Sendable {
        let score: Double
        /// The number of its window; nil outside.
        let window: Int?
        /// -1...1, before the profile's weights.
        let worth: Double
    }

    let rows: [Row]
    /// Windows with at least one judged row.
    package let windowCount: Int

    /// `loads` in order of time; `windows` are the labels of this segment, with both ends within. They need not lie on
    /// the grid of `step`: each end counts as the step that contains it. Windows do not overlap.
    package init(_ loads: [JudgedLoad], windows: [ScheduledEvent], step: Duration) {
        let measured = loads.filter { $0.value != nil }
        let limits = windows.map { ($0.start.floored(to: step), $0.end.floored(to: step)) }.sorted { $0.0 < $1.0 }
        let ranges = limits.compactMap { start, end -> Range<Int>? in
            let first = measured.firstIndex { $0.at >= start } ?? measured.count
            let after = measured.firstIndex { $0.at > end } ?? measured.count
            return first < after ? first..<after : nil
        }
        let probation = Self.probation(measured.count)
        rows = measured.indices.dropFirst(probation).map { index in
            let window = ranges.firstIndex { $0.contains(index) }
            let before = ranges.last { $0.upperBound <= index }
            return Row(
                score: measured[index].score, window: window,
                worth: Self.worth(
                    index, within: window.map { ranges[$0] }, after: before))
        }
        windowCount = Set(rows.compactMap(\.window)).count
    }

    /// Rows at the beginning that are not judged: 15 %, of at most 5,000.
    static func probation(_ count: Int) -> Int { min(count * 15 / 100, 750) }

    private static func worth(_ index: Int, within window: Range<Int>?, after before: Range<Int>?) -> Double {
        if let window {
            return sigmoid(-Double(window.upperBound - index) / Double(window.count)) / sigmoid(-1)
        }
        guard let before else { return -1 }
        // A window of one row has no length to measure by.
        let position = Double(index - before.upperBound + 1) / Double(max(before.count - 1, 1))
        return position >= 3 ? -1 : sigmoid(position)
    }

    /// From nearly 1 at the left edge of a window, -1, over 0 at its right edge to nearly -1 a width behind it.
    private static func sigmoid(_ position: Double) -> Double { 2 / (1 + exp(5 * position)) - 1 }
}
