// What a forecast says about one step, as a value: a list of quantiles and how to read between and beyond them.
// Invariant: at least one quantile; levels strictly ascending inside 0...1; values finite, not negative, not descending.

import ClusterModel

/// The distribution of a load at one step: linear between its quantiles, exponential beyond the outer ones.
package struct LoadDistribution: Hashable, Sendable, Codable {
    package let quantiles: [QuantileValue]

    /// Sorts by level, drops what is not finite or outside 0...1, and lifts descending values; nil when nothing is left.
    package init?(_ given: [QuantileValue]) {
        var kept: [QuantileValue] = []
        for quantile in given.sorted(by: { $0.level < $1.level }) {
            guard quantile.value.isFinite, (0...1).contains(quantile.level), quantile.level != kept.last?.level else {
                continue
            }
            kept.append(QuantileValue(level: quantile.level, value: max(quantile.value, kept.last?.value ?? 0)))
        }
        guard !kept.isEmpty else { return nil }
        quantiles = kept
    }

    /// All probability on one value.
    package init(certain load: Double) { quantiles = [QuantileValue(level: 0.5, value: max(0, load))] }

    package var median: Double { quantile(0.5) }

    /// The load that is not exceeded with probability `level`.
    package func quantile(_ level: Double) -> Double {
        value(at: level, upper: quantiles.partitioningIndex { $0.level >= level })
    }

    /// The quantiles at ascending levels, in one walk.
    func values(at levels: [Double]) -> [Double] {
        var upper = 0
        return levels.map { level in
            while upper < quantiles.count, quantiles[upper].level < level { upper += 1 }
            return value(at: level, upper: upper)
        }
    }

    /// `upper` is the first quantile whose level is not below `level`.
    private func value(at level: Double, upper: Int) -> Double {
        guard quantiles.count > 1 else { return quantiles[0].value }
        if upper == 0 { return lowerTail(level) }
        if upper == quantiles.count { return upperTail(level) }
        let (a, b) = (quantiles[upper - 1], quantiles[upper])
        return a.value + (b.value - a.value) * (level - a.level) / (b.level - a.level)
    }

    private func lowerTail(_ level: Double) -> Double {
        guard lowerScale > 0 else { return quantiles[0].value }
        return max(0, quantiles[0].value - lowerScale * Logarithm.natural(quantiles[0].level / max(level, 1e-9)))
    }

    private func upperTail(_ level: Double) -> Double {
        let last = quantiles[quantiles.count - 1]
        guard upperScale > 0 else { return last.value }
        return last.value + upperScale * Logarithm.natural((1 - last.level) / max(1 - level, 1e-9))
    }

    /// The probability that the load is above `threshold`.
    package func probability(exceeding threshold: Double) -> Double {
        exceedance(of: threshold, count: quantiles.count) { (quantiles[$0].level, quantiles[$0].value) }
    }

    /// The scale of the exponential tail that continues the two highest quantiles; zero when they are equal or at 1.
    private var upperScale: Double {
        guard quantiles.count > 1 else { return 0 }
        let (a, b) = (quantiles[quantiles.count - 2], quantiles[quantiles.count - 1])
        return b.level < 1 ? (b.value - a.value) / Logarithm.natural((1 - a.level) / (1 - b.level)) : 0
    }

    private var lowerScale: Double {
        guard quantiles.count > 1 else { return 0 }
        let (a, b) = (quantiles[0], quantiles[1])
        return a.level > 0 ? (b.value - a.value) / Logarithm.natural(b.level / a.level) : 0
    }
}

extension Array {
    /// The first index whose element satisfies `predicate`, in an array where all that do come last.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
