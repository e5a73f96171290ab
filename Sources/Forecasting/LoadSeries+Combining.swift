// Coarser grids and sums. Missing stays missing unless the caller says how much of it is tolerable, because a sum or a
// mean over what happens to be there is a lower load than the true one.

import ClusterModel

/// Why two series cannot be combined.
package enum LoadSeriesError: Error, Equatable, CustomStringConvertible {
    case stepsDiffer(Duration, Duration)
    case notAMultiple(of: Duration, asked: Duration)

    package var description: String {
        switch self {
        case .stepsDiffer(let a, let b): "series of steps \(a) and \(b) cannot be added: resample one of them first"
        case .notAMultiple(let step, let asked):
            "a series of step \(step) cannot be resampled to \(asked): use a multiple"
        }
    }
}

extension LoadSeries {
    /// The mean load in each coarser step.
    ///
    /// A coarse step is missing when more than the share `missingTolerated` of its fine steps is missing. Coarse steps
    /// that the series covers only in part count the rest as missing.
    package func resampled(to coarse: Duration, missingTolerated: Double = 0) throws(LoadSeriesError) -> LoadSeries {
        guard coarse.wholeMilliseconds % stepMilliseconds == 0 else {
            throw .notAMultiple(of: step, asked: coarse)
        }
        let ratio = Int(coarse.wholeMilliseconds / stepMilliseconds)
        let begin = start.floored(to: coarse)
        let lead = Int((start.milliseconds - begin.milliseconds) / stepMilliseconds)
        let count = (lead + values.count + ratio - 1) / ratio
        let means = (0..<count).map { index in
            let lower = max(0, index * ratio - lead)
            let upper = min(values.count, (index + 1) * ratio - lead)
            return Self.mean(values[lower..<upper], of: ratio, missingTolerated: missingTolerated)
        }
        return LoadSeries(start: begin, step: coarse, values: means)
    }

    private static func mean(_ part: ArraySlice<Double>, of count: Int, missingTolerated: Double) -> Double {
        let present = part.lazy.filter { !$0.isNaN }
        let seen = present.count { _ in true }
        guard seen > 0, Double(count - seen) <= missingTolerated * Double(count) + 1e-9 else { return .nan }
        return present.reduce(0, +) / Double(seen)
    }

    /// The sum of series of one step, over the union of their spans; nil for no series.
    ///
    /// A step is missing when more than `missingMembersTolerated` of the series miss it; those that do count as zero.
    package static func sum(
        _ series: [LoadSeries],
        missingMembersTolerated: Int = 0
    ) throws(LoadSeriesError) -> LoadSeries? {
        try totals(series, missingMembersTolerated) { total, _ in total }
    }

    /// The mean of the series that were measured, over the union of their spans; nil for no series.
    ///
    /// A step is missing when more than `missingMembersTolerated` of the series miss it.
    static func mean(
        _ series: [LoadSeries],
        missingMembersTolerated: Int
    ) throws(LoadSeriesError) -> LoadSeries? {
        try totals(series, missingMembersTolerated) { total, present in total / Double(present) }
    }

    private static func totals(
        _ series: [LoadSeries],
        _ missingMembersTolerated: Int,
        _ value: (_ total: Double, _ present: Int) -> Double
    ) throws(LoadSeriesError) -> LoadSeries? {
        guard let first = series.first else { return nil }
        for other in series where other.step != first.step { throw .stepsDiffer(first.step, other.step) }
        let lower = series.map(\.firstStep).min() ?? 0
        let upper = series.map { $0.firstStep + $0.values.count }.max() ?? lower
        var totals = [Double](repeating: 0, count: upper - lower)
        var present = [Int](repeating: 0, count: upper - lower)
        for member in series {
            for (index, value) in member.values.enumerated() where !value.isNaN {
                totals[member.firstStep - lower + index] += value
                present[member.firstStep - lower + index] += 1
            }
        }
        for index in totals.indices {
            let isMissing = present[index] == 0 || series.count - present[index] > missingMembersTolerated
            totals[index] = isMissing ? .nan : value(totals[index], present[index])
        }
        let start = Timestamp(milliseconds: Int64(lower) * first.stepMilliseconds)
        return LoadSeries(start: start, step: first.step, values: totals)
    }
}
