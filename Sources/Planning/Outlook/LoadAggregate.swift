// The load of a set of segments as a distribution at each step, kept so that one segment more or less costs one pass
// over its numbers, and "what if" questions cost no copy.
//
// Medians add. Deviations from the median add as those of equally correlated variables: with correlation r,
// deviation(sum)^2 = r (sum of deviations)^2 + (1 - r) sum of squared deviations, level by level.
// Invariant: the sums equal those of the members, to rounding.

struct LoadAggregate: Equatable {
    let grid: LevelGrid
    let correlation: Double
    private(set) var medians: [Double]
    private var sums: [Double]
    private var squares: [Double]

    init(grid: LevelGrid, steps: Int, correlation: Double) {
        self.grid = grid
        self.correlation = correlation
        medians = Array(repeating: 0, count: steps)
        sums = Array(repeating: 0, count: steps * grid.count)
        squares = sums
    }

    mutating func add(_ segment: SegmentOutlook) { accumulate(segment, sign: 1) }
    mutating func remove(_ segment: SegmentOutlook) { accumulate(segment, sign: -1) }

    private mutating func accumulate(_ segment: SegmentOutlook, sign: Double) {
        for step in medians.indices { medians[step] += sign * segment.medians[step] }
        for index in sums.indices {
            let spread = segment.spreads[index]
            sums[index] += sign * spread
            squares[index] += sign * spread * spread
        }
    }

    /// The distance of a level from the median.
    func deviation(_ level: Int, at step: Int) -> Double {
        let index = step * grid.count + level
        return combined(sum: sums[index], squares: squares[index])
    }

    func quantile(_ level: Int, at step: Int) -> Double { max(0, medians[step] + deviation(level, at: step)) }

    /// The quantile as it would be with (`sign` 1) or without (`sign` -1) a segment.
    func quantile(_ level: Int, at step: Int, changedBy segment: SegmentOutlook, sign: Double) -> Double {
        let index = step * grid.count + level
        let spread = segment.spreads[index]
        let deviation = combined(sum: sums[index] + sign * spread, squares: squares[index] + sign * spread * spread)
        return max(0, medians[step] + sign * segment.medians[step] + deviation)
    }

    /// The highest quantile over some steps.
    func peak(_ level: Int, over steps: Range<Int>) -> Double {
        steps.reduce(0) { max($0, quantile(level, at: $1)) }
    }

    func peak(_ level: Int, over steps: Range<Int>, changedBy segment: SegmentOutlook, sign: Double) -> Double {
        steps.reduce(0) { max($0, quantile(level, at: $1, changedBy: segment, sign: sign)) }
    }

    private func combined(sum: Double, squares: Double) -> Double {
        let magnitude = (correlation * sum * sum + (1 - correlation) * max(0, squares)).squareRoot()
        return sum < 0 ? -magnitude : magnitude
    }
}
