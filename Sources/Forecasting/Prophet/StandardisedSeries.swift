// A regressor in the units of the regression: zero mean and unit variance over the steps that teach, so that one prior
// suits all. As in the Python package, 0/1 columns and constants stay as they are.

import ClusterModel

/// A known series as a column of the regression.
struct StandardisedSeries: Sendable {
    private let series: LoadSeries
    private let mean: Double
    private let deviation: Double

    init(_ series: LoadSeries, over steps: [Int], grid: StepGrid) {
        self.series = series
        let seen = steps.compactMap { series[grid.start(of: $0)] }
        let count = Double(max(1, seen.count))
        let mean = seen.reduce(0) { $0 + $1 / count }
        let deviation = seen.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / count }.squareRoot()
        let isPlain = seen.allSatisfy { $0 == 0 || $0 == 1 }
        let isUsable = deviation > 0 && deviation.isFinite && !isPlain
        self.mean = isUsable ? mean : 0
        self.deviation = isUsable ? deviation : 1
    }

    /// Zero, the mean, where the series says nothing.
    func value(at time: Timestamp) -> Double { series[time].map { ($0 - mean) / deviation } ?? 0 }
}
