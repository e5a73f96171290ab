// A load series is what every forecast learns from: one value for each step of a regular grid, oldest first.
// Invariant: `start` lies on the grid of `step` (counted from 1970), a missing value is NaN and never zero, and a
// value that is present is finite. So a series is named by its first step number and two series of one step align.

import ClusterModel

/// The mean load of one subject in each step of a regular grid. The unit is the caller's; models only scale it.
package struct LoadSeries: Sendable {
    /// The start of the first step.
    package let start: Timestamp
    package let step: Duration
    /// The step in milliseconds, and the number of the first step counted from 1970.
    let stepMilliseconds: Int64
    let firstStep: Int
    /// One value per step; NaN where nothing was measured.
    package private(set) var values: [Double]

    /// `start` is floored to the grid; infinite values count as missing.
    package init(start: Timestamp, step: Duration, values: [Double]) {
        precondition(step.wholeMilliseconds > 0, "a step is at least a millisecond, not \(step)")
        self.start = start.floored(to: step)
        self.step = step
        stepMilliseconds = step.wholeMilliseconds
        firstStep = Self.stepNumber(of: start, step: step)
        self.values = values.map { $0.isFinite ? $0 : .nan }
    }

    /// The end of the last step.
    package var end: Timestamp { Timestamp(milliseconds: start.milliseconds + Int64(values.count) * stepMilliseconds) }

    package var presentCount: Int { values.count { !$0.isNaN } }

    /// The value of the step that contains `time`; nil when it is missing or outside.
    package subscript(time: Timestamp) -> Double? {
        let index = Self.stepNumber(of: time, step: step) - firstStep
        guard values.indices.contains(index), !values[index].isNaN else { return nil }
        return values[index]
    }

    /// Adds the next step. NaN and infinite values count as missing.
    package mutating func append(_ value: Double) { values.append(value.isFinite ? value : .nan) }

    /// The part within `from ..< to`; steps that lie outside the series come out missing.
    package func window(from: Timestamp, to: Timestamp) -> LoadSeries {
        let lower = Self.stepNumber(of: from, step: step)
        let upper = max(lower, Self.stepNumber(of: to, step: step))
        let covered = (firstStep..<firstStep + values.count).clamped(to: lower..<upper)
        guard !covered.isEmpty else {
            return LoadSeries(start: from, step: step, values: Array(repeating: .nan, count: upper - lower))
        }
        var part = [Double](repeating: .nan, count: covered.lowerBound - lower)
        part += values[covered.lowerBound - firstStep..<covered.upperBound - firstStep]
        part += repeatElement(.nan, count: upper - covered.upperBound)
        return LoadSeries(start: from, step: step, values: part)
    }

    /// The same series in another unit, or one segment's share of a whole.
    package func scaled(by factor: Double) -> LoadSeries {
        LoadSeries(start: start, step: step, values: values.map { $0 * factor })
    }
}

extension LoadSeries {
    static func stepNumber(of time: Timestamp, step: Duration) -> Int {
        Int(time.floored(to: step).milliseconds / step.wholeMilliseconds)
    }
}
