// Adam (Kingma and Ba, ICLR 2015) with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).

/// The optimiser's memory of the slopes.
struct Adam: Sendable {
    private static let (memory, squareMemory): (Float, Float) = (0.9, 0.999)
    /// Per unit of rate and step.
    let decay: Float
    /// Longer gradients are shortened to this.
    let gradientMax: Float
    private var mean: [Float]
    private var square: [Float]
    private var (meanLeft, squareLeft): (Float, Float) = (1, 1)

    init(count: Int, decay: Float, gradientMax: Float) {
        self.decay = decay
        self.gradientMax = gradientMax
        mean = Array(repeating: 0, count: count)
        square = mean
    }

    /// One step down the gradient; a gradient that is not finite changes nothing.
    mutating func descend(_ weights: inout [Float], gradient: [Float], rate: Float) {
        let length = gradient.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
        guard length.isFinite else { return }
        let factor = length > gradientMax ? gradientMax / length : 1
        meanLeft *= Self.memory
        squareLeft *= Self.squareMemory
        for index in weights.indices {
            let slope = gradient[index] * factor
            mean[index] += (1 - Self.memory) * (slope - mean[index])
            square[index] += (1 - Self.squareMemory) * (slope * slope - square[index])
            let (direction, size) = (mean[index] / (1 - meanLeft), square[index] / (1 - squareLeft))
            weights[index] -= rate * (direction / (size.squareRoot() + 1e-8) + decay * weights[index])
        }
    }
}
