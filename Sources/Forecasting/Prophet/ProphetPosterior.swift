// The posterior of Prophet's parameters, up to a constant, from the normal equations alone.
//
// With X the smooth columns (normal priors of deviations P), Z the ramps and s the deviation of the noise:
//
//   -log p = n log s + |y - X g - Z d|^2 / (2 s^2) + |g / P|^2 / 2 + s^2 / (2 * 0.5^2) + sum |d| / tau
//
// For given d and s the best g is a ridge solution. Scaling g by P and turning it into the eigenvectors Q of
// P X'X P = Q L Q' makes that solution a division by L + s^2, so that g leaves the problem and what is minimised has
// only the ramps and log s as unknowns. The last term, which is not smooth, is the optimiser's business.

import CLinearAlgebra

#if canImport(Glibc)
    import Glibc
#endif

/// The smooth part of the negative log posterior, with the smooth columns at their best.
struct ProphetPosterior: Sendable {
    /// Deviation of the prior of the noise, in units of the largest load.
    static let noisePriorScale = 0.5
    /// A noise that is always assumed, in the same units: without it the posterior of a perfect fit has no maximum.
    static let noiseFloor = 1e-4

    let observations: Double
    let smoothCount: Int
    let rampCount: Int
    /// y'y and the noise floor.
    private let squares: Double
    private let priorScales: [Double]
    /// L, and column-major Q.
    private let eigenvalues: [Double]
    private let eigenvectors: [Double]
    /// Q'P X'y and column-major Q'P X'Z.
    private let smoothPull: [Double]
    private let cross: [Double]
    /// Z'y and Z'Z.
    private let rampPull: [Double]
    private let rampGram: [Double]

    /// `equations` of the columns X then Z; nil when the eigenvectors are not found.
    init?(_ equations: NormalEquations, squares: Double, observations: Int, priorScales: [Double]) {
        let smooth = priorScales.count
        let ramps = equations.columns - smooth
        let square = equations.gram
        func gram(_ row: Int, _ column: Int) -> Double { square[column * equations.columns + row] }
        var vectors = (0..<smooth * smooth).map { cell in
            let (row, column) = (cell % smooth, cell / smooth)
            return gram(row, column) * priorScales[row] * priorScales[column]
        }
        var values = [Double](repeating: 0, count: smooth)
        let size = Int32(smooth)
        SingleThreadedBLAS.start
        let status = LAPACKE_dsyevd(
            LAPACK_COL_MAJOR,
            Int8(UInt8(ascii: "V")),
            Int8(UInt8(ascii: "L")),
            size,
            &vectors,
            size,
            &values
        )
        guard status == 0, values.allSatisfy(\.isFinite) else { return nil }
        let turned = { (column: [Double]) in
            vectors.times(zip(column, priorScales).map { $0 * $1 }, rows: smooth, transposed: true)
        }
        self.priorScales = priorScales
        self.observations = Double(observations)
        self.squares = squares + Double(observations) * Self.noiseFloor * Self.noiseFloor
        smoothCount = smooth
        rampCount = ramps
        eigenvalues = values.map { max(0, $0) }
        smoothPull = turned(Array(equations.rightHandSide[..<smooth]))
        cross = (0..<ramps).flatMap { ramp in turned((0..<smooth).map { gram($0, smooth + ramp) }) }
        rampPull = Array(equations.rightHandSide[smooth...])
        rampGram = (0..<ramps * ramps).map { gram(smooth + $0 % ramps, smooth + $0 / ramps) }
        eigenvectors = vectors
    }

    /// What is left of y in the directions Q for these ramps.
    private func remainder(_ ramps: [Double]) -> [Double] {
        guard rampCount > 0 else { return smoothPull }
        return zip(smoothPull, cross.times(ramps, rows: smoothCount)).map { $0 - $1 }
    }

    /// The best coefficients of the smooth columns.
    func smoothCoefficients(ramps: [Double], noise: Double) -> [Double] {
        let best = zip(remainder(ramps), eigenvalues).map { $0 / ($1 + noise * noise) }
        return zip(eigenvectors.times(best, rows: smoothCount), priorScales).map { $0 * $1 }
    }

    /// The value at these slope changes and this logarithm of the noise, and its gradient.
    func value(ramps: [Double], logNoise: Double) -> (value: Double, rampGradient: [Double], noiseGradient: Double) {
        let variance = exp(2 * logNoise)
        let remainder = remainder(ramps)
        let best = zip(remainder, eigenvalues).map { $0 / ($1 + variance) }
        let curvature = rampCount > 0 ? rampGram.times(ramps, rows: rampCount) : []
        var residual = squares
        var prior = 0.0
        for index in 0..<smoothCount {
            // -2 b'(c - B d) + b'L b, in which the pull of the ramps on the smooth columns is already contained.
            residual += best[index] * (eigenvalues[index] * best[index] - 2 * remainder[index])
            prior += best[index] * best[index]
        }
        for index in 0..<rampCount { residual += ramps[index] * (curvature[index] - 2 * rampPull[index]) }
        let pulled = rampCount > 0 ? cross.times(best, rows: smoothCount, transposed: true) : []
        let noisePrior = variance / (Self.noisePriorScale * Self.noisePriorScale)
        return (
            observations * logNoise + residual / (2 * variance) + prior / 2 + noisePrior / 2,
            (0..<rampCount).map { (curvature[$0] + pulled[$0] - rampPull[$0]) / variance },
            observations - residual / variance + noisePrior
        )
    }
}

extension [Double] {
    /// The product of this column-major matrix, or its transpose, with a vector.
    func times(_ vector: [Double], rows: Int, transposed: Bool = false) -> [Double] {
        let columns = rows > 0 ? count / rows : 0
        var product = [Double](repeating: 0, count: transposed ? columns : rows)
        guard rows > 0, columns > 0 else { return product }
        SingleThreadedBLAS.start
        cblas_dgemv(
            CblasColMajor,
            transposed ? CblasTrans : CblasNoTrans,
            Int32(rows),
            Int32(columns),
            1,
            self,
            Int32(rows),
            vector,
            1,
            0,
            &product,
            1
        )
        return product
    }
}
