// Quantiles of last week's residuals are too narrow when this week is wilder. So each side of the interval is widened
// while more than one load in ten lies beyond it, and narrowed while fewer do (quantile tracking, Angelopoulos et al.
// 2023, as a factor). Bounded on both sides, so that a run of misses cannot make the interval explode.

#if canImport(Glibc)
    import Glibc
#endif

/// Factors on the distances between the median and the quantiles above and below it.
struct IntervalWidening: Sendable {
    /// The share of loads that belongs beyond the 10 % and the 90 % quantile.
    private static let missShare = 0.1
    private static let rate = 0.04
    private static let bounds = 0.75...2.0

    private(set) var upper = 1.0
    private(set) var lower = 1.0

    /// Whether one load lay above the 90 % quantile or below the 10 % quantile that had been forecast.
    mutating func record(isAbove: Bool, isBelow: Bool) {
        upper = Self.adapted(upper, missed: isAbove)
        lower = Self.adapted(lower, missed: isBelow)
    }

    private static func adapted(_ factor: Double, missed: Bool) -> Double {
        let next = factor * exp(rate * ((missed ? 1 : 0) - missShare))
        return min(max(next, bounds.lowerBound), bounds.upperBound)
    }
}
