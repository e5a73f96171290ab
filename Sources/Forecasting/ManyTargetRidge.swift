// Ridge least squares of many targets on one design: one Gram matrix and one Cholesky factor for all of them. All matrices
// are column-major, as BLAS has them.

import CLinearAlgebra

/// The shape of a regression.
struct ManyTargetRidge {
    let rows: Int
    let columns: Int
    let targets: Int

    /// `columns` x `targets` coefficients. The first column of `design` is the constant, which is not shrunk; on the
    /// others lie `ridge` observations of their mean square. Nil when there is no finite solution.
    func coefficients(design: [Double], targets values: [Double], ridge: Double) -> [Double]? {
        precondition(design.count == rows * columns && values.count == rows * targets)
        var gram = [Double](repeating: 0, count: columns * columns)
        var answer = [Double](repeating: 0, count: columns * targets)
        SingleThreadedBLAS.start
        cblas_dsyrk(
            CblasColMajor, CblasLower, CblasTrans, Int32(columns), Int32(rows), 1, design, Int32(rows), 0, &gram,
            Int32(columns))
        cblas_dgemm(
            CblasColMajor, CblasTrans, CblasNoTrans, Int32(columns), Int32(targets), Int32(rows), 1, design,
            Int32(rows), values, Int32(rows), 0, &answer, Int32(columns))
        for column in 0..<columns {
            let diagonal = column * columns + column
            let shrinkage = column == 0 ? 0 : ridge * gram[diagonal] / Double(rows)
            gram[diagonal] += shrinkage + 1e-6
        }
        let status = LAPACKE_dposv(
            LAPACK_COL_MAJOR, Int8(UInt8(ascii: "L")), Int32(columns), Int32(targets), &gram, Int32(columns), &answer,
            Int32(columns))
        return status == 0 && answer.allSatisfy(\.isFinite) ? answer : nil
    }
}
