// Prophet's own uncertainty, by simulation: the trend goes on changing as often and as much as it did in the history,
// and every step has its noise. It knows nothing of uncertain seasons or of noise that persists, and covered 45 to 100 %
// where it said 80 % on the traces; the engine's intervals are calibrated and do not use it.

import ClusterModel

#if canImport(Glibc)
    import Glibc
#endif

extension ProphetFit {
    /// The load at each of `levels`, for each step after `origin`, from `draws` simulated futures.
    package func simulatedQuantiles(
        _ levels: [Double],
        _ history: SubjectHistory,
        from origin: Int,
        draws: Int = 1_000,
        seed: UInt64 = 1
    ) -> [[Double]] {
        precondition(draws > 0 && levels.allSatisfy { (0...1).contains($0) }, "quantiles \(levels) of \(draws) draws")
        guard let path = unitPaths(history, from: [origin]).first else { return [] }
        var generator = SeededGenerator(seed: seed)
        var futures = path.map { _ in [Double]() }
        for index in futures.indices { futures[index].reserveCapacity(draws) }
        for _ in 0..<draws {
            for (index, offset) in simulatedOffsets(path.count, using: &generator).enumerated() {
                futures[index].append(path[index] + offset)
            }
        }
        return futures.map { values in
            let sorted = values.sorted()
            return levels.map { load(sorted[Int(($0 * Double(draws - 1)).rounded())]) }
        }
    }

    /// One future's distance from the path: slopes change with the history's rate, by Laplace-distributed amounts.
    private func simulatedOffsets(_ steps: Int, using generator: inout SeededGenerator) -> [Double] {
        let width = design.stepWidth
        let rate = min(1, Double(mode.ramps.count) * width)
        let size = mode.ramps.reduce(0) { $0 + abs($1) } / Double(max(1, mode.ramps.count))
        var (slope, trend) = (0.0, 0.0)
        return (0..<steps).map { _ in
            if Double.random(in: 0..<1, using: &generator) < rate { slope += size * generator.laplace() }
            trend += slope * width
            return trend + mode.noise * generator.normal()
        }
    }
}

extension SeededGenerator {
    /// Of scale 1.
    fileprivate mutating func laplace() -> Double {
        let size = -log(1 - Double.random(in: 0..<1, using: &self))
        return Bool.random(using: &self) ? size : -size
    }

    /// Standard normal (Box and Muller).
    fileprivate mutating func normal() -> Double {
        let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
    }
}
