// How much of what is measured is chance. A router that sees few statements per step measures a load that scatters like
// counts do: with a variance in proportion to the load. Models that learned from a smoother past would trust the last
// value too much, so the excess over the noise they learned with is handed to them.

#if canImport(Glibc)
    import Glibc
#endif

/// The scatter of single measurements around the load behind them.
struct ObservationNoise: Equatable, Sendable {
    /// Variance divided by load.
    let varianceRatio: Double

    static let none = ObservationNoise(varianceRatio: 0)

    /// Measured triples of steps that an estimate needs.
    private static let triplesMin = 8
    /// Triples that are looked at, evenly spread over the range.
    private static let triplesMax = 1000
    /// The median of a squared standard normal variable.
    private static let medianOfSquaredNormal = 0.4549

    init(varianceRatio: Double) { self.varianceRatio = varianceRatio }

    /// From how far measured steps lie off the middle of their neighbours: the median over `range`, so that steps in
    /// which the load truly changed do not count. None where too few neighbours are measured.
    init(of history: SubjectHistory, over range: Range<Int>) {
        let stride = stride(from: range.lowerBound, to: range.upperBound, by: max(1, range.count / Self.triplesMax))
        let ratios = stride.compactMap { step -> Double? in
            let (left, middle, right) = (history.load(step - 1), history.load(step), history.load(step + 1))
            let mean = (left + middle + right) / 3
            let distance = middle - (left + right) / 2
            guard mean > 0 else { return nil }  // NaN too
            return distance * distance / (1.5 * mean)
        }.sorted()
        guard ratios.count >= Self.triplesMin else {
            self = .none
            return
        }
        varianceRatio = ratios[ratios.count / 2] / Self.medianOfSquaredNormal
    }

    func excess(over other: ObservationNoise) -> ObservationNoise {
        ObservationNoise(varianceRatio: max(0, varianceRatio - other.varianceRatio))
    }

    /// The standard deviation of one measurement at `load`, in the models' scale; at most 1.
    func deviation(at load: Double, scale: LoadScale) -> Double {
        guard varianceRatio > 0, load > 0 else { return 0 }
        let deviation = scale.deviation(sqrt(varianceRatio * load), at: load)
        return scale == .linear ? deviation : min(1, deviation)
    }
}

extension ObservationNoise {
    /// Steps before the last one from which the present noise is judged.
    static let recentSteps = 36

    /// The present noise at the end of `last`, and the level it acts on.
    static func recent(
        _ history: SubjectHistory,
        through last: Int
    ) -> (noise: ObservationNoise, level: Double) {
        let noise = ObservationNoise(of: history, over: last - recentSteps..<last)
        let newest = (last - 2...last).map(history.load).filter { !$0.isNaN }
        return (noise, newest.isEmpty ? 0 : newest.reduce(0, +) / Double(newest.count))
    }
}
