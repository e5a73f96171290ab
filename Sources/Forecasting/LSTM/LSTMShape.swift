// Where which weight lies. All weights are one flat array, so that the optimiser, the gradient check and a copy of the
// network need not know what they mean. Matrices are row-major, as in PyTorch: one row per output.

/// The sizes of a network.
struct LSTMShape: Equatable, Sendable {
    /// Values per step of the past.
    var inputs = LSTMFeatures.pastCount
    /// Known values per step of the horizon.
    var known = LSTMFeatures.knownCount
    var units = 32
    /// Units that mix the state with what is known of one step of the horizon.
    var mixers = 24
    var horizon: Int
    /// The shares of loads below each answer, ascending.
    var quantiles: [Float] = [0.1, 0.5, 0.9, 0.95]

    /// Values that one step of the horizon is answered from: the state after the past, and what is known of the step.
    var readable: Int { units + known }

    /// The parts of the flat array, in order. The gates are input, forget, candidate, output.
    enum Part: CaseIterable {
        case inputWeights, recurrentWeights, gateBias, mixerWeights, mixerBias, mixerAnswers, directAnswers, answerBias
    }

    func count(_ part: Part) -> Int {
        switch part {
        case .inputWeights: 4 * units * inputs
        case .recurrentWeights: 4 * units * units
        case .gateBias: 4 * units
        case .mixerWeights: mixers * readable
        case .mixerBias: mixers
        case .mixerAnswers: quantiles.count * mixers
        case .directAnswers: horizon * quantiles.count * readable
        case .answerBias: horizon * quantiles.count
        }
    }

    func start(_ part: Part) -> Int {
        Part.allCases.prefix { $0 != part }.reduce(0) { $0 + count($1) }
    }

    var weightCount: Int { Part.allCases.reduce(0) { $0 + count($1) } }
}
