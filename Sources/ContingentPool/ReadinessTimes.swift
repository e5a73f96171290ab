// Readiness is measured, not assumed: how long each provider's operations took, as distributions.

/// The newest durations of each provider's operations.
package struct ReadinessTimes: Sendable {
    package static let valuesMax = 256

    private struct Key: Hashable {
        let provider: String
        let operation: PoolTiming.Operation
    }

    private var values: [Key: [Double]] = [:]

    package init(_ timings: [PoolTiming] = []) {
        for timing in timings { record(timing) }
    }

    package mutating func record(_ timing: PoolTiming) {
        var known = values[Key(provider: timing.provider, operation: timing.operation), default: []]
        if known.count == Self.valuesMax { known.removeFirst() }
        values[Key(provider: timing.provider, operation: timing.operation)] = known + [timing.seconds]
    }

    /// In seconds, oldest first.
    package func values(_ operation: PoolTiming.Operation, by provider: String) -> [Double] {
        values[Key(provider: provider, operation: operation), default: []]
    }

    /// The duration in seconds that the share `level` (0...1) of the operations did not exceed; nil before the first.
    package func quantile(_ level: Double, of operation: PoolTiming.Operation, by provider: String) -> Double? {
        let sorted = values(operation, by: provider).sorted()
        guard !sorted.isEmpty else { return nil }
        let rank = Int((level * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}

extension ReadinessTimes {
    /// Until the first measurement: on the safe side.
    package static let warmingGuess = Duration.seconds(30)
    package static let emptyingGuess = Duration.seconds(15)

    /// From the end of a lessee's time until the member is warm again: the 95th percentiles of cutting off, emptying and
    /// warming, added up. Real time.
    package func returnTime(of provider: String) -> Duration {
        emptyingTime(of: provider)
            + (quantile(0.95, of: .warming, by: provider).map { .seconds($0) } ?? Self.warmingGuess)
    }

    private func emptyingTime(of provider: String) -> Duration {
        guard let cut = quantile(0.95, of: .cuttingOff, by: provider),
            let wipe = quantile(0.95, of: .wiping, by: provider)
        else { return Self.emptyingGuess }
        return .seconds(cut + wipe)
    }
}
