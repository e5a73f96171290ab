// One layer of long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) over
// the past, and a head that answers all quantiles of all steps of the horizon at once:
//
//   state     = LSTM(past)
//   r(k)      = state and what is known of step k
//   mixed(k)  = tanh(M r(k) + m)                           the same M for all steps
//   answer(k) = R mixed(k) + D(k) r(k) + d(k)              D(k) for each step
//
// D starts at zero, so the untrained network repeats the base that its answers are relative to. D alone is a linear
// auto-regression; the rest is what an auto-regression cannot say.

import ClusterModel

/// The weights.
struct LSTMNetwork: Equatable, Sendable {
    let shape: LSTMShape
    var weights: [Float]

    init(shape: LSTMShape, weights: [Float]) {
        precondition(weights.count == shape.weightCount)
        self.shape = shape
        self.weights = weights
    }

    /// Random weights, uniform within one over the root of the inputs of each unit; the forget gates start open.
    init(shape: LSTMShape, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var weights = [Float](repeating: 0, count: shape.weightCount)
        func fill(_ part: LSTMShape.Part, fanIn: Int) {
            let width = 1 / Float(fanIn).squareRoot()
            let start = shape.start(part)
            for index in start..<start + shape.count(part) {
                weights[index] = Float.random(in: -width...width, using: &generator)
            }
        }
        fill(.inputWeights, fanIn: shape.inputs)
        fill(.recurrentWeights, fanIn: shape.units)
        fill(.mixerWeights, fanIn: shape.readable)
        let forget = shape.start(.gateBias) + shape.units
        for index in forget..<forget + shape.units { weights[index] = 1 }
        self.init(shape: shape, weights: weights)
    }
}

/// Windows that go through the network together. Each array is ordered by step, then window, then value.
struct LSTMBatch: Sendable {
    let windows: Int
    let steps: Int
    /// `steps` x `windows` x `inputs`.
    var past: [Float]
    /// `horizon` x `windows` x `known`.
    var known: [Float]
    /// `horizon` x `windows`, relative as the answers are; NaN where nothing is to be learned.
    var targets: [Float]

    init(shape: LSTMShape, windows: Int, steps: Int) {
        self.windows = windows
        self.steps = steps
        past = Array(repeating: 0, count: steps * windows * shape.inputs)
        known = Array(repeating: 0, count: shape.horizon * windows * shape.known)
        targets = Array(repeating: .nan, count: shape.horizon * windows)
    }
}
