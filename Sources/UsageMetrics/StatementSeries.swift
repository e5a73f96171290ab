// Intervals between snapshots, which begin and end at any time, on the grid of the forecasts: an interval's executions
// are spread evenly over it. Bounded: steps older than the span are forgotten.

import ClusterModel
import Forecasting

/// Calls and execution time of one instance, by step.
package struct StatementSeries: Sendable {
    private struct Step {
        var counters = StatementCounters.zero
        var covered = Duration.zero
    }

    private let step: Duration
    private let span: Duration
    /// A longer interval tells too little about any of its steps.
    private let intervalMax: Duration
    private var steps: [Timestamp: Step] = [:]

    package init(step: Duration, span: Duration, intervalMax: Duration) {
        self.step = step
        self.span = span
        self.intervalMax = intervalMax
    }

    package mutating func add(_ interval: StatementInterval) {
        let length = interval.end - interval.start
        guard length > .zero, length <= intervalMax else { return }
        let sum = interval.sum
        var start = interval.start.floored(to: step)
        while start < interval.end {
            let covered = min(interval.end, start + step) - max(interval.start, start)
            let share = covered.inSeconds / length.inSeconds
            steps[start, default: Step()].covered += covered
            steps[start, default: Step()].counters += StatementCounters(
                calls: sum.calls * share, seconds: sum.seconds * share)
            start = start + step
        }
        let oldest = interval.end - span
        steps = steps.filter { $0.key >= oldest }
    }

    /// Calls per second, and seconds of execution per second, in the steps that had ended by `now`; missing where less
    /// than half of a step was seen. Nil before the first.
    package func series(through now: Timestamp) -> (calls: LoadSeries, execution: LoadSeries)? {
        let ended = steps.filter { $0.key + step <= now }
        guard let first = ended.keys.min(), let last = ended.keys.max() else { return nil }
        var calls = LoadSeries(start: first, step: step, values: [])
        var execution = calls
        while calls.end <= last {
            let seen = ended[calls.end].flatMap { $0.covered >= step / 2 ? $0 : nil }
            calls.append(seen.map { $0.counters.calls / $0.covered.inSeconds } ?? .nan)
            execution.append(seen.map { $0.counters.seconds / $0.covered.inSeconds } ?? .nan)
        }
        return (calls, execution)
    }
}
