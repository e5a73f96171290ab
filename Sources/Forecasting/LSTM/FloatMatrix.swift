// Row-major single-precision matrices in memory that does not move, for BLAS.

import CLinearAlgebra

/// Memory for the numbers of one matrix or of several of equal shape after each other; zero at first.
final class FloatMatrix {
    let at: UnsafeMutablePointer<Float>
    let count: Int

    init(_ count: Int) {
        self.count = count
        at = .allocate(capacity: max(1, count))
        at.initialize(repeating: 0, count: max(1, count))
    }

    convenience init(_ values: [Float]) {
        self.init(values.count)
        for (index, value) in values.enumerated() { at[index] = value }
    }

    deinit { at.deallocate() }

    func clear() { at.update(repeating: 0, count: count) }
    var values: [Float] { Array(UnsafeBufferPointer(start: at, count: count)) }

    /// The factor that is stored as it is before it is transposed.
    enum Transposed { case none, left, right }

    /// `into` (`rows` x `columns`) becomes `left` x `right`, or that is added; the inner size is `inner`.
    static func multiply(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, transposing: Transposed = .none,
        into: UnsafeMutablePointer<Float>, adding: Bool, rows: Int, columns: Int, inner: Int
    ) {
        guard rows > 0, columns > 0, inner > 0 else { return }
        let (isLeft, isRight) = (transposing == .left, transposing == .right)
        cblas_sgemm(
            CblasRowMajor, isLeft ? CblasTrans : CblasNoTrans, isRight ? CblasTrans : CblasNoTrans, Int32(rows),
            Int32(columns), Int32(inner), 1, left, Int32(isLeft ? rows : inner), right,
            Int32(isRight ? inner : columns), adding ? 1 : 0, into, Int32(columns))
    }
}
