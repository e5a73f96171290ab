// A small neural network for all subjects together, as DeepAR (Salinas et al. 2020) has it, but answering all quantiles
// of the horizon at once (Wen et al., "A multi-horizon quantile recurrent forecaster", 2017) instead of sampling paths.
//
// The network learns apart, by `trained`; what it says about a subject then needs only the subject's unit and the
// effects of its events, so a fit is cheap, and a new subject gains from what others taught. Without a network a fit
// trains one on its subject alone.
//
// The engine measures intervals itself: the path is the median. The other quantiles are there for what they teach.

/// Settings of the network and what it learned.
package struct LSTM: GlobalModel {
    var training = LSTMTraining()
    var units = 32
    private(set) var network: LSTMNetwork?
    private var stepsPerDay: Int?

    package init() {}

    package var name: String { "lstm" }
    package var isTrained: Bool { network != nil }
    package var requirements: ModelRequirements {
        network == nil
            ? ModelRequirements(historyDaysMin: 3, measuredStepsMin: 72)
            : ModelRequirements(historyDaysMin: 0.25, measuredStepsMin: 12)
    }
    /// Steps ahead that it can be asked for.
    private static let horizonMax = 288

    package func trained(on examples: [(history: SubjectHistory, end: Int)], horizon: Int) -> LSTM {
        guard let grid = examples.first?.history.grid, (1...Self.horizonMax).contains(horizon) else { return self }
        let windows = examples.filter { $0.history.grid == grid }
            .compactMap { training.example($0.history, through: $0.end, horizon: horizon) }
        guard !windows.isEmpty else { return self }
        var shape = LSTMShape(horizon: horizon)
        shape.units = units
        let known = network.flatMap { $0.shape == shape && stepsPerDay == grid.stepsPerDay ? $0 : nil }
        var learned = self
        learned.network = training.trained(
            known ?? LSTMNetwork(shape: shape, seed: training.seed), on: windows, isOnward: known != nil)
        learned.stepsPerDay = grid.stepsPerDay
        return learned
    }

    package func fit(
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int
    ) throws(FitRefusal) -> any ModelFit {
        try requirements.check(history, through: end)
        guard (1...Self.horizonMax).contains(horizon) else {
            throw .horizonTooLong(steps: horizon, most: Self.horizonMax)
        }
        let isUsable = stepsPerDay == history.grid.stepsPerDay && network.map { $0.shape.horizon >= horizon } ?? false
        guard let network = isUsable ? network : trained(on: [(history, end)], horizon: horizon).network else {
            throw .tooShort(days: 0, needed: 3)
        }
        let learned = LSTMFeatures.Learned(history, through: end, horizon: network.shape.horizon)
        return Fit(network: network, context: training.context, horizon: horizon, learned: learned)
    }

    private struct Fit: ModelFit {
        /// Windows that go through the network together.
        private static let windowsMax = 256
        let network: LSTMNetwork
        let context: Int
        let horizon: Int
        let learned: LSTMFeatures.Learned

        func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
            guard let first = origins.min(), let last = origins.max() else { return [] }
            let features = LSTMFeatures(
                history, learned, origins: first...last, context: context, horizon: network.shape.horizon)
            return stride(from: 0, to: origins.count, by: Self.windowsMax).flatMap { start in
                medians(features, Array(origins[start..<min(start + Self.windowsMax, origins.count)]))
            }
        }

        private func medians(_ features: LSTMFeatures, _ origins: [Int]) -> [[Double]] {
            var batch = LSTMBatch(shape: network.shape, windows: origins.count, steps: context)
            let isThere = origins.enumerated().map { features.write($0.element, into: &batch, window: $0.offset) }
            let answers = LSTMPass(shape: network.shape, windows: origins.count, steps: context).forward(network, batch)
            let quantiles = network.shape.quantiles
            let median = quantiles.firstIndex(of: 0.5) ?? quantiles.count / 2
            return origins.indices.map { window in
                guard isThere[window], let base = features.base(origins[window]) else {
                    return Array(repeating: .nan, count: horizon)
                }
                return (0..<horizon).map { step in
                    let answer = answers[(step * origins.count + window) * quantiles.count + median]
                    return features.load(answer, base: base, at: origins[window] + 1 + step)
                }
            }
        }
    }
}
