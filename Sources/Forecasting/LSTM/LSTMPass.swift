// One batch through the network, and its error back (backpropagation through all steps of the window, not truncated).
// Invariant: `forward` leaves all that `backward` needs of the same batch. Deterministic: BLAS runs in one thread.

#if canImport(Glibc)
    import Glibc
#endif

/// Working memory for batches of one size.
final class LSTMPass {
    let shape: LSTMShape
    let windows: Int
    let steps: Int
    private let weights: FloatMatrix
    private let past: FloatMatrix
    /// Activated gates, `steps` x `windows` x 4 `units`; `backward` replaces them by their gradients.
    private let gates: FloatMatrix
    private let cells: FloatMatrix
    private let states: FloatMatrix
    /// `horizon` x `windows` x `readable`.
    private let readable: FloatMatrix
    private let mixed: FloatMatrix
    /// `horizon` x `windows` x quantiles.
    private let answers: FloatMatrix
    private let gradient: FloatMatrix

    init(shape: LSTMShape, windows: Int, steps: Int) {
        SingleThreadedBLAS.start
        self.shape = shape
        self.windows = windows
        self.steps = steps
        weights = FloatMatrix(shape.weightCount)
        gradient = FloatMatrix(shape.weightCount)
        past = FloatMatrix(steps * windows * shape.inputs)
        gates = FloatMatrix(steps * windows * 4 * shape.units)
        cells = FloatMatrix(steps * windows * shape.units)
        states = FloatMatrix(steps * windows * shape.units)
        readable = FloatMatrix(shape.horizon * windows * shape.readable)
        mixed = FloatMatrix(shape.horizon * windows * shape.mixers)
        answers = FloatMatrix(shape.horizon * windows * shape.quantiles.count)
    }

    private func weight(_ part: LSTMShape.Part) -> UnsafeMutablePointer<Float> { weights.at + shape.start(part) }
    private func slope(_ part: LSTMShape.Part) -> UnsafeMutablePointer<Float> { gradient.at + shape.start(part) }

    /// The answers, `horizon` x `windows` x quantiles.
    func forward(_ network: LSTMNetwork, _ batch: LSTMBatch) -> [Float] {
        precondition(network.shape == shape && batch.windows == windows && batch.steps == steps)
        network.weights.withUnsafeBufferPointer { weights.at.update(from: $0.baseAddress!, count: $0.count) }
        batch.past.withUnsafeBufferPointer { past.at.update(from: $0.baseAddress!, count: $0.count) }
        readPast()
        read(batch.known)
        return answers.values
    }

    /// The mean pinball loss of the last `forward`'s answers over targets that are there.
    func loss(_ batch: LSTMBatch) -> Double {
        var sum = 0.0
        var count = 0
        for (index, target) in batch.targets.enumerated() where !target.isNaN {
            for (quantile, share) in shape.quantiles.enumerated() {
                let miss = target - answers.at[index * shape.quantiles.count + quantile]
                sum += Double(max(share * miss, (share - 1) * miss))
            }
            count += shape.quantiles.count
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// The gradient of that loss by each weight.
    func backward(_ batch: LSTMBatch) -> [Float] {
        gradient.clear()
        let stateSlope = answerHead(slopesOfAnswers(batch))
        readPastBack(stateSlope)
        return gradient.values
    }

    // MARK: - The past

    private func readPast() {
        let (units, wide) = (shape.units, 4 * shape.units)
        FloatMatrix.multiply(
            past.at, weight(.inputWeights), transposing: .right, into: gates.at, adding: false, rows: steps * windows,
            columns: wide, inner: shape.inputs)
        let bias = weight(.gateBias)
        for step in 0..<steps {
            let here = gates.at + step * windows * wide
            if step > 0 {
                FloatMatrix.multiply(
                    states.at + (step - 1) * windows * units, weight(.recurrentWeights), transposing: .right,
                    into: here, adding: true, rows: windows, columns: wide, inner: units)
            }
            for window in 0..<windows {
                let gate = here + window * wide
                let cell = cells.at + (step * windows + window) * units
                let state = states.at + (step * windows + window) * units
                let before: UnsafeMutablePointer<Float>? = step > 0 ? cell - windows * units : nil
                for unit in 0..<units {
                    let input = Self.sigmoid(gate[unit] + bias[unit])
                    let forget = Self.sigmoid(gate[units + unit] + bias[units + unit])
                    let candidate = Self.hyperbolicTangent(gate[2 * units + unit] + bias[2 * units + unit])
                    let output = Self.sigmoid(gate[3 * units + unit] + bias[3 * units + unit])
                    gate[unit] = input
                    gate[units + unit] = forget
                    gate[2 * units + unit] = candidate
                    gate[3 * units + unit] = output
                    cell[unit] = input * candidate + forget * (before?[unit] ?? 0)
                    state[unit] = output * Self.hyperbolicTangent(cell[unit])
                }
            }
        }
    }

    /// `stateSlope` is the loss's slope by the last state, `windows` x `units`.
    private func readPastBack(_ stateSlope: FloatMatrix) {
        let (units, wide) = (shape.units, 4 * shape.units)
        let cellSlope = FloatMatrix(windows * units)
        for step in stride(from: steps - 1, through: 0, by: -1) {
            let here = gates.at + step * windows * wide
            for window in 0..<windows {
                let gate = here + window * wide
                let cell = cells.at + (step * windows + window) * units
                let before: UnsafeMutablePointer<Float>? = step > 0 ? cell - windows * units : nil
                let (byState, byCell) = (stateSlope.at + window * units, cellSlope.at + window * units)
                for unit in 0..<units {
                    let (input, forget) = (gate[unit], gate[units + unit])
                    let (candidate, output) = (gate[2 * units + unit], gate[3 * units + unit])
                    let bent = Self.hyperbolicTangent(cell[unit])
                    let slope = byCell[unit] + byState[unit] * output * (1 - bent * bent)
                    gate[unit] = slope * candidate * input * (1 - input)
                    gate[units + unit] = slope * (before?[unit] ?? 0) * forget * (1 - forget)
                    gate[2 * units + unit] = slope * input * (1 - candidate * candidate)
                    gate[3 * units + unit] = byState[unit] * bent * output * (1 - output)
                    byCell[unit] = slope * forget
                }
            }
            FloatMatrix.multiply(
                here, weight(.recurrentWeights), into: stateSlope.at, adding: false, rows: windows, columns: units,
                inner: wide)
        }
        FloatMatrix.multiply(
            gates.at, past.at, transposing: .left, into: slope(.inputWeights), adding: false, rows: wide,
            columns: shape.inputs, inner: steps * windows)
        FloatMatrix.multiply(
            gates.at + windows * wide, states.at, transposing: .left, into: slope(.recurrentWeights), adding: false,
            rows: wide, columns: units, inner: (steps - 1) * windows)
        addRows(of: gates.at, rows: steps * windows, columns: wide, to: slope(.gateBias))
    }

    // MARK: - The horizon

    private func read(_ known: [Float]) {
        let (rows, quantiles) = (shape.horizon * windows, shape.quantiles.count)
        let last = states.at + (steps - 1) * windows * shape.units
        known.withUnsafeBufferPointer { known in
            for row in 0..<rows {
                let to = readable.at + row * shape.readable
                to.update(from: last + (row % windows) * shape.units, count: shape.units)
                (to + shape.units).update(from: known.baseAddress! + row * shape.known, count: shape.known)
            }
        }
        FloatMatrix.multiply(
            readable.at, weight(.mixerWeights), transposing: .right, into: mixed.at, adding: false, rows: rows,
            columns: shape.mixers, inner: shape.readable)
        let bias = weight(.mixerBias)
        for row in 0..<rows {
            let values = mixed.at + row * shape.mixers
            for index in 0..<shape.mixers { values[index] = Self.hyperbolicTangent(values[index] + bias[index]) }
        }
        FloatMatrix.multiply(
            mixed.at, weight(.mixerAnswers), transposing: .right, into: answers.at, adding: false, rows: rows,
            columns: quantiles, inner: shape.mixers)
        for step in 0..<shape.horizon {
            let said = answers.at + step * windows * quantiles
            FloatMatrix.multiply(
                readable.at + step * windows * shape.readable,
                weight(.directAnswers) + step * quantiles * shape.readable, transposing: .right, into: said,
                adding: true, rows: windows, columns: quantiles, inner: shape.readable)
            let bias = weight(.answerBias) + step * quantiles
            for index in 0..<windows * quantiles { said[index] += bias[index % quantiles] }
        }
    }

    private func slopesOfAnswers(_ batch: LSTMBatch) -> FloatMatrix {
        let quantiles = shape.quantiles
        let slopes = FloatMatrix(answers.count)
        let count = batch.targets.count { !$0.isNaN } * quantiles.count
        for (index, target) in batch.targets.enumerated() where !target.isNaN {
            for (quantile, share) in quantiles.enumerated() {
                let at = index * quantiles.count + quantile
                slopes.at[at] = (answers.at[at] > target ? 1 - share : -share) / Float(count)
            }
        }
        return slopes
    }

    /// From the slopes of the answers to those of the last state.
    private func answerHead(_ slopes: FloatMatrix) -> FloatMatrix {
        let (rows, quantiles, width) = (shape.horizon * windows, shape.quantiles.count, shape.readable)
        let mixedSlope = FloatMatrix(mixed.count)
        let readSlope = FloatMatrix(readable.count)
        FloatMatrix.multiply(
            slopes.at, mixed.at, transposing: .left, into: slope(.mixerAnswers), adding: false, rows: quantiles,
            columns: shape.mixers, inner: rows)
        FloatMatrix.multiply(
            slopes.at, weight(.mixerAnswers), into: mixedSlope.at, adding: false, rows: rows, columns: shape.mixers,
            inner: quantiles)
        for index in 0..<mixed.count { mixedSlope.at[index] *= 1 - mixed.at[index] * mixed.at[index] }
        FloatMatrix.multiply(
            mixedSlope.at, readable.at, transposing: .left, into: slope(.mixerWeights), adding: false,
            rows: shape.mixers, columns: width, inner: rows)
        addRows(of: mixedSlope.at, rows: rows, columns: shape.mixers, to: slope(.mixerBias))
        FloatMatrix.multiply(
            mixedSlope.at, weight(.mixerWeights), into: readSlope.at, adding: false, rows: rows, columns: width,
            inner: shape.mixers)
        for step in 0..<shape.horizon {
            let here = slopes.at + step * windows * quantiles
            let (read, from) = (step * windows * width, step * quantiles * width)
            FloatMatrix.multiply(
                here, readable.at + read, transposing: .left, into: slope(.directAnswers) + from, adding: false,
                rows: quantiles, columns: width, inner: windows)
            FloatMatrix.multiply(
                here, weight(.directAnswers) + from, into: readSlope.at + read, adding: true, rows: windows,
                columns: width, inner: quantiles)
            addRows(of: here, rows: windows, columns: quantiles, to: slope(.answerBias) + step * quantiles)
        }
        let stateSlope = FloatMatrix(windows * shape.units)
        for row in 0..<rows {
            let (to, from) = (stateSlope.at + (row % windows) * shape.units, readSlope.at + row * width)
            for unit in 0..<shape.units { to[unit] += from[unit] }
        }
        return stateSlope
    }

    private func addRows(
        of matrix: UnsafePointer<Float>, rows: Int, columns: Int, to sums: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows { for column in 0..<columns { sums[column] += matrix[row * columns + column] } }
    }

    private static func sigmoid(_ value: Float) -> Float { 1 / (1 + expf(-value)) }
    private static func hyperbolicTangent(_ value: Float) -> Float { 2 / (1 + expf(-2 * value)) - 1 }
}
