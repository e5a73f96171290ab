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
    /// Straight between known quantiles; from zero to the lowest one straight as well; beyond the highest one it falls
    /// exponentially at the rate at which it fell between the two highest.
    package func probability(exceeding threshold: Double) -> Double {
        guard let lowest = quantiles.first, let highest = quantiles.last else { return 0 }
        guard threshold >= 0 else { return 1 }
        if threshold >= highest.value { return tail(beyond: threshold) }
        if threshold < lowest.value { return 1 - lowest.level * threshold / lowest.value }
        let upper = quantiles.firstIndex { $0.value > threshold } ?? quantiles.count - 1
        let (low, high) = (quantiles[upper - 1], quantiles[upper])
        let share = (threshold - low.value) / (high.value - low.value)
        return 1 - (low.level + (high.level - low.level) * share)
    }

    private func tail(beyond threshold: Double) -> Double {
        let (inner, outer) = (quantiles[quantiles.count - 2], quantiles[quantiles.count - 1])
        let width = outer.value - inner.value
        guard width > 0 else { return threshold > outer.value ? 0 : 1 - outer.level }
        let rate = log((1 - inner.level) / (1 - outer.level)) / width
        return (1 - outer.level) * exp(-rate * (threshold - outer.value))
    }
}
