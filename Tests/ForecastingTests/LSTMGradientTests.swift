import ClusterModel
import Foundation
import Testing

@testable import Forecasting

/// A tiny network and a batch of it with masked inputs, events and targets that are missing.
private enum Tiny {
    static var shape: LSTMShape {
        var shape = LSTMShape(horizon: 3)
        (shape.inputs, shape.known, shape.units, shape.mixers, shape.quantiles) = (4, 3, 5, 4, [0.1, 0.5, 0.95])
        return shape
    }

    /// Random in every part, also where a new network has zeros.
    static func network(seed: UInt64) -> LSTMNetwork {
        var generator = SeededGenerator(seed: seed)
        let weights = (0..<shape.weightCount).map { _ in Float.random(in: -0.6...0.6, using: &generator) }
        return LSTMNetwork(shape: shape, weights: weights)
    }

    /// Load, mask, event, time of day in; every fourth load is masked. Targets lie far from any answer, on both sides,
    /// so that no small change of a weight crosses the kink of the loss.
    static func batch(seed: UInt64) -> LSTMBatch {
        var generator = SeededGenerator(seed: seed)
        var batch = LSTMBatch(shape: shape, windows: 4, steps: 6)
        for row in 0..<batch.steps * batch.windows {
            let isMasked = row % 4 == 1
            batch.past[row * 4] = isMasked ? 0 : .random(in: -1...1, using: &generator)
            batch.past[row * 4 + 1] = isMasked ? 0 : 1
            batch.past[row * 4 + 2] = row % 5 == 0 ? 1 : 0
            batch.past[row * 4 + 3] = .random(in: -1...1, using: &generator)
        }
        for row in 0..<shape.horizon * batch.windows {
            batch.known[row * 3] = .random(in: -1...1, using: &generator)
            batch.known[row * 3 + 1] = row % 3 == 0 ? 1 : 0
            batch.known[row * 3 + 2] = .random(in: -1...1, using: &generator)
            batch.targets[row] = row % 5 == 2 ? .nan : (row % 2 == 0 ? 6 : -6) + .random(in: -1...1, using: &generator)
        }
        return batch
    }

    static func pass() -> LSTMPass { LSTMPass(shape: shape, windows: 4, steps: 6) }
}

@Suite struct LSTMGradientTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func everyWeightsSlopeIsTheLosssSlope(seed: UInt64) {
        let (pass, batch) = (Tiny.pass(), Tiny.batch(seed: seed))
        var network = Tiny.network(seed: seed + 10)
        _ = pass.forward(network, batch)
        let gradient = pass.backward(batch)
        let width: Float = 1e-2
        var largest: Float = 0
        for index in network.weights.indices {
            let weight = network.weights[index]
            let losses = [weight + width, weight - width].map { changed in
                network.weights[index] = changed
                _ = pass.forward(network, batch)
                return pass.loss(batch)
            }
            network.weights[index] = weight
            let numeric = Float((losses[0] - losses[1]) / Double(2 * width))
            #expect(abs(numeric - gradient[index]) < 3e-5, "weight \(index): \(gradient[index]), numeric \(numeric)")
            largest = max(largest, abs(numeric))
        }
        #expect(largest > 0.05)
    }

    /// A target that is missing pulls at nothing, and a batch without targets at nothing at all.
    @Test func missingTargetsTeachNothing() {
        let pass = Tiny.pass()
        var batch = Tiny.batch(seed: 4)
        batch.targets = batch.targets.map { _ in .nan }
        _ = pass.forward(Tiny.network(seed: 5), batch)
        #expect(pass.loss(batch) == 0)
        #expect(pass.backward(batch).allSatisfy { $0 == 0 })
    }

    @Test func aPassLeavesNothingToTheNext() {
        let (used, fresh, network) = (Tiny.pass(), Tiny.pass(), Tiny.network(seed: 6))
        _ = used.forward(network, Tiny.batch(seed: 1))
        _ = used.backward(Tiny.batch(seed: 1))
        let batch = Tiny.batch(seed: 2)
        #expect(used.forward(network, batch) == fresh.forward(network, batch))
        #expect(used.backward(batch) == fresh.backward(batch))
    }

    /// What Benchmarks/lstm_gradients.py holds against PyTorch; FORESHARD_REWRITE_GOLDEN=1 writes it anew.
    @Test func saysWhatWasHeldAgainstPyTorch() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden/lstm_gradients.json")
        let (pass, batch, network) = (Tiny.pass(), Tiny.batch(seed: 1), Tiny.network(seed: 11))
        let answers = pass.forward(network, batch)
        let said = Golden(
            units: Tiny.shape.units, mixers: Tiny.shape.mixers, horizon: Tiny.shape.horizon, inputs: Tiny.shape.inputs,
            known: Tiny.shape.known, quantiles: Tiny.shape.quantiles, windows: batch.windows, steps: batch.steps,
            past: batch.past, knownValues: batch.known, targets: batch.targets.map { $0.isNaN ? nil : $0 },
            weights: network.weights, answers: answers, loss: pass.loss(batch), gradient: pass.backward(batch))
        if ProcessInfo.processInfo.environment["FORESHARD_REWRITE_GOLDEN"] == "1" {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try encoder.encode(said).write(to: path)
        }
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: path))
        #expect(golden.weights == said.weights && golden.past == said.past && golden.targets == said.targets)
        #expect(abs(golden.loss - said.loss) < 1e-5)
        for (one, other) in zip(golden.answers, said.answers) { #expect(abs(one - other) < 1e-5) }
        for (one, other) in zip(golden.gradient, said.gradient) { #expect(abs(one - other) < 1e-5) }
    }

    private struct Golden: Codable {
        let units, mixers, horizon, inputs, known: Int
        let quantiles: [Float]
        let windows, steps: Int
        let past, knownValues: [Float]
        let targets: [Float?]
        let weights, answers: [Float]
        let loss: Double
        let gradient: [Float]
    }
}
