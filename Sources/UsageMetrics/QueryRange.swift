import ClusterModel

/// Steps of the grid that one query asks for. The value of a step is asked for at its end, so that `rate(m[5m])` is the
/// mean over a step of five minutes.
package struct QueryRange: Sendable, Equatable {
    /// Prometheus refuses more than 11,000 points per series in an answer.
    package static let pointsMax = 10_000

    /// The start of the first step.
    package let start: Timestamp
    package let points: Int
    package let step: Duration

    package var end: Timestamp { start + step * points }

    /// The ranges that make up the whole steps within `from ..< to`, oldest first, none of them too long.
    package static func parts(
        from: Timestamp, to: Timestamp, step: Duration, pointsMax: Int = pointsMax
    ) -> [QueryRange] {
        precondition(step > .zero && pointsMax > 0, "steps of \(step), \(pointsMax) at once")
        var ranges: [QueryRange] = []
        var start = (from + step - .milliseconds(1)).floored(to: step)
        let end = to.floored(to: step)
        while start < end {
            let left = (end - start).wholeMilliseconds / step.wholeMilliseconds
            let range = QueryRange(start: start, points: Int(min(left, Int64(pointsMax))), step: step)
            ranges.append(range)
            start = range.end
        }
        return ranges
    }

    /// The step at whose end a sample stands; nil when it was not asked for.
    func index(seconds: Double) -> Int? {
        let steps = (seconds - start.seconds) / step.inSeconds
        guard steps.isFinite, abs(steps - steps.rounded()) < 1e-3, (1...Double(points)).contains(steps.rounded()) else {
            return nil
        }
        return Int(steps.rounded()) - 1
    }
}
