// The distribution of one future load, as a few quantiles and what lies between and beyond them.
// Invariant: levels ascend strictly within 0..<1, values ascend and are finite and not negative.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#endif

/// Quantiles of a load that is not yet known.
package struct QuantileCurve: Sendable, Equatable {
    package static let levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]

    package let quantiles: [QuantileValue]

    /// One value per level of `levels`; values that cross are put in order, negative ones become zero.
    init(values: [Double]) {
        precondition(values.count == Self.levels.count, "\(values.count) values for \(Self.levels.count) levels")
        let ordered = values.map { max(0, $0) }.sorted()
        quantiles = zip(Self.levels, ordered).map { QuantileValue(level: $0, value: $1) }
    }

    package var median: Double { value(at: 0.5) }

    /// The mean of the distribution whose quantiles run straight between the known levels and are held beyond them.
    package var mean: Double {
        let inner = zip(quantiles, quantiles.dropFirst()).reduce(0) { sum, pair in
            sum + (pair.1.level - pair.0.level) * (pair.0.value + pair.1.value) / 2
        }
        guard let first = quantiles.first, let last = quantiles.last else { return 0 }
        return inner + first.level * first.value + (1 - last.level) * last.value
    }

    /// The load below which it stays with probability `level`, interpolated between the known levels and held at the
    /// outermost ones.
    package func value(at level: Double) -> Double {
        guard let upper = quantiles.firstIndex(where: { $0.level >= level }) else { return quantiles.last?.value ?? 0 }
        guard upper > 0 else { return quantiles[0].value }
        let (low, high) = (quantiles[upper - 1], quantiles[upper])
        return low.value + (high.value - low.value) * (level - low.level) / (high.level - low.level)
    }

    /// The probability that the load exceeds `threshold`.
    ///
    /// Straight between known quantiles; beyond the outermost ones it goes on exponentially, at the rate at which it
    /// changed between the two that are outermost on that side; a step where those are equal. `Planning.exceedance`
    /// reads the same quantiles in the same way, so that a plan and the forecast behind it agree; one table of numbers
    /// tests both.
    package func probability(exceeding threshold: Double) -> Double {
        guard threshold >= 0 else { return 1 }
        guard let upper = quantiles.firstIndex(where: { $0.value > threshold }) else { return above(threshold) }
        guard upper > 0 else { return 1 - below(threshold) }
        let (low, high) = (quantiles[upper - 1], quantiles[upper])
        let share = (threshold - low.value) / (high.value - low.value)
        return 1 - (low.level + (high.level - low.level) * share)
    }

    /// The probability above a threshold that is not below the highest quantile.
    private func above(_ threshold: Double) -> Double {
        let (inner, outer) = (quantiles[quantiles.count - 2], quantiles[quantiles.count - 1])
        guard outer.value > inner.value else { return 0 }
        let rate = log((1 - inner.level) / (1 - outer.level)) / (outer.value - inner.value)
        return (1 - outer.level) * exp(-rate * (threshold - outer.value))
    }

    /// The probability below a threshold that is below the lowest quantile.
    private func below(_ threshold: Double) -> Double {
        let (outer, inner) = (quantiles[0], quantiles[1])
        guard inner.value > outer.value else { return 0 }
        let rate = log(inner.level / outer.level) / (inner.value - outer.value)
        return outer.level * exp(-rate * (outer.value - threshold))
    }
}
