// Learning from windows drawn uniformly over subjects and time. The newest tenth of each subject is held out; the
// weights that did best there are the result. Bounded by iterations, never by time, and seeded: the same examples give
// the same network.

import ClusterModel

/// How a network learns.
struct LSTMTraining: Equatable, Sendable {
    /// Steps of the past that a window shows.
    var context = 48
    var windowsPerBatch = 64
    /// Batches for a network that starts from random weights, and for one that goes on.
    var iterations = 400
    var iterationsOnward = 100
    var rate: Float = 4e-3
    var decay: Float = 0.02
    var gradientMax: Float = 1
    /// Every how many batches the held-out windows are judged.
    var judgedEvery = 20
    /// Judgements without improvement after which learning ends.
    var patience = 6
    var heldOutWindowsMax = 256
    var seed: UInt64 = 1

    /// One subject's windows: the origins to learn from, and those held out.
    struct Example: Sendable {
        let features: LSTMFeatures
        let origins: ClosedRange<Int>
        let heldOut: ClosedRange<Int>
    }

    /// Nil when the history is too short for windows of this horizon.
    func example(_ history: SubjectHistory, through end: Int, horizon: Int) -> Example? {
        guard let measured = history.firstMeasured else { return nil }
        let end = min(end, history.steps.upperBound - 1)
        let first = measured + min(context, history.grid.stepsPerDay)
        let cut = end - (end - first) / 10
        let (last, heldOutLast) = (cut - horizon, end - horizon)
        guard first < last, first <= heldOutLast else { return nil }
        let heldOut = min(cut, heldOutLast)...heldOutLast
        let features = LSTMFeatures(
            history, .init(history, through: end, horizon: horizon), origins: first...heldOutLast, context: context,
            horizon: horizon, targets: true)
        return Example(features: features, origins: first...last, heldOut: heldOut)
    }

    /// The network after learning; `start` itself when there is nothing to learn from.
    func trained(_ start: LSTMNetwork, on examples: [Example], isOnward: Bool) -> LSTMNetwork {
        guard !examples.isEmpty else { return start }
        var generator = SeededGenerator(seed: seed)
        var network = start
        let judge = Judge(self, start.shape, examples)
        var best = (network: network, loss: judge.loss(network))
        var adam = Adam(count: network.weights.count, decay: decay, gradientMax: gradientMax)
        let pass = LSTMPass(shape: network.shape, windows: windowsPerBatch, steps: context)
        let budget = isOnward ? iterationsOnward : iterations
        var judgedInVain = 0
        for iteration in 0..<budget {
            let batch = batch(network.shape, windows: windowsPerBatch) {
                let example = examples.randomElement(using: &generator)!
                return (example.features, Int.random(in: example.origins, using: &generator))
            }
            _ = pass.forward(network, batch)
            let left = 1 - Float(iteration) / Float(budget)
            let rate = rate * (isOnward ? 0.3 : min(1, Float(iteration + 1) / 20)) * max(0.02, left)
            adam.descend(&network.weights, gradient: pass.backward(batch), rate: rate)
            guard (iteration + 1) % judgedEvery == 0 || iteration + 1 == budget else { continue }
            let loss = judge.loss(network)
            judgedInVain = loss < best.loss ? 0 : judgedInVain + 1
            if loss < best.loss { best = (network, loss) }
            if judgedInVain >= patience { break }
        }
        return best.network
    }

    private func batch(
        _ shape: LSTMShape, windows: Int, _ next: () -> (features: LSTMFeatures, origin: Int)
    ) -> LSTMBatch {
        var batch = LSTMBatch(shape: shape, windows: windows, steps: context)
        for window in 0..<windows {
            let (features, origin) = next()
            if features.write(origin, into: &batch, window: window) {
                features.writeTargets(origin, into: &batch, window: window)
            }
        }
        return batch
    }

    /// The held-out windows: evenly over each subject.
    private struct Judge {
        let batch: LSTMBatch
        let pass: LSTMPass

        init(_ training: LSTMTraining, _ shape: LSTMShape, _ examples: [Example]) {
            let each = max(1, training.heldOutWindowsMax / examples.count)
            var windows = examples.flatMap { example in
                let width = max(1, example.heldOut.count / each)
                return stride(from: example.heldOut.lowerBound, through: example.heldOut.upperBound, by: width)
                    .prefix(each).map { (example.features, $0) }
            }[...]
            batch = training.batch(shape, windows: windows.count) { windows.removeFirst() }
            pass = LSTMPass(shape: shape, windows: batch.windows, steps: batch.steps)
        }

        func loss(_ network: LSTMNetwork) -> Double {
            _ = pass.forward(network, batch)
            return pass.loss(batch)
        }
    }
}
