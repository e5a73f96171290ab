// The load of every segment at the forecast's step, as far back as the models learn: read from the history once, then
// kept up by the meter. A step enters when it has ended; what was never measured stays missing.
import ClusterModel
import Forecasting

package struct LoadWindow: Sendable {
    package let step: Duration
    private let span: Duration
    package private(set) var series: [SegmentID: LoadSeries]
    /// Offered seconds of the step that is still running.
    private var running: [SegmentID: Double] = [:]
    private var runningStart: Timestamp?
    private var runningCovered = Duration.zero

    package init(step: Duration, span: Duration, history: [SegmentID: LoadSeries]) {
        self.step = step
        self.span = span
        series = history
    }

    /// Adds one interval of measurement; intervals come in order of time.
    package mutating func add(_ usage: [SegmentID: SegmentUsage], end: Timestamp, length: Duration) {
        let stepStart = (end - .milliseconds(1)).floored(to: step)
        if let runningStart, runningStart != stepStart { closeStep(startingAt: runningStart) }
        runningStart = stepStart
        runningCovered = runningCovered + length
        for (segment, used) in usage { running[segment, default: 0] += used.offeredSeconds }
        if end >= stepStart + step { closeStep(startingAt: stepStart) }
    }

    private mutating func closeStep(startingAt start: Timestamp) {
        // A step of which less than half was measured says too little.
        if runningCovered >= step / 2 {
            for (segment, offered) in running { append(offered / runningCovered.inSeconds, to: segment, at: start) }
        }
        running = [:]
        runningStart = nil
        runningCovered = .zero
    }

    private mutating func append(_ load: Double, to segment: SegmentID, at start: Timestamp) {
        var values = series[segment] ?? LoadSeries(start: start, step: step, values: [])
        while values.end < start { values.append(.nan) }
        guard values.end == start else { return }
        values.append(load)
        let earliest = start - span
        series[segment] = values.start < earliest - step * 288 ? values.window(from: earliest, to: values.end) : values
    }
}
