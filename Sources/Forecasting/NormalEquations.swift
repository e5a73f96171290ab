// Weighted ridge least squares through the normal equations and a Cholesky factor. The Gram matrix is kept, so that the
// same rows can be solved again with another ridge without being read again.
// BLAS runs in the caller's thread: the systems are small, and a thread pool would take cores from the data plane.

import CLinearAlgebra

/// The Gram matrix and right-hand side of one regression; unknowns are columns 0 ..< `columns`.
struct NormalEquations: Sendable {
    let columns: Int
    /// The lower triangle of the Gram matrix, column by column: half of it is enough to keep for ten thousand subjects.
    private var triangle: [Double]
    private(set) var rightHandSide: [Double]
    private(set) var totalWeight: Double

    init(columns: Int) {
        self.columns = columns
        triangle = Array(repeating: 0, count: columns * (columns + 1) / 2)
        rightHandSide = Array(repeating: 0, count: columns)
        totalWeight = 0
    }

    /// From a column-major matrix of `columns + 1` columns whose last is the target; each row is already multiplied by
    /// the square root of its weight.
    init(columns: Int, rows: Int, matrix: [Double], totalWeight: Double) {
        self.init(columns: columns)
        self.totalWeight = totalWeight
        let width = columns + 1
        guard rows > 0 else { return }
        var product = [Double](repeating: 0, count: width * width)
        SingleThreadedBLAS.start
        cblas_dsyrk(
            CblasColMajor,
            CblasLower,
            CblasTrans,
            Int32(width),
            Int32(rows),
            1,
            matrix,
            Int32(rows),
            0,
            &product,
            Int32(width)
        )
        for column in 0..<columns {
            for row in column..<columns { triangle[place(column, row)] = product[column * width + row] }
            rightHandSide[column] = product[column * width + columns]
        }
    }

    /// Where the entry lies; `row` is not before `column`.
    private func place(_ column: Int, _ row: Int) -> Int { column * (2 * columns - column - 1) / 2 + row }

    /// The Gram matrix, column-major, `columns` x `columns`.
    var gram: [Double] {
        var square = [Double](repeating: 0, count: columns * columns)
        for column in 0..<columns {
            for row in column..<columns {
                let entry = triangle[place(column, row)]
                square[column * columns + row] = entry
                square[row * columns + column] = entry
            }
        }
        return square
    }

    /// The weighted sum of a column's squares.
    func squares(of column: Int) -> Double { triangle[place(column, column)] }

    /// Adds a row given by its few columns that are not zero.
    mutating func add(_ row: [(column: Int, value: Double)], target: Double, weight: Double) {
        for (column, value) in row {
            rightHandSide[column] += weight * value * target
            for (other, otherValue) in row where other >= column {
                triangle[place(column, other)] += weight * value * otherValue
            }
        }
        totalWeight += weight
    }

    /// The weighted variance of a column around its mean, given the column that is constant 1.
    func variance(of column: Int, constant: Int) -> Double {
        guard totalWeight > 0 else { return 0 }
        let mean = triangle[place(min(column, constant), max(column, constant))] / totalWeight
        return max(0, squares(of: column) / totalWeight - mean * mean)
    }

    /// The coefficients with `ridge` on the diagonal and `extra` (column, row, amount) besides. Where the system is not
    /// positive definite the ridge is raised tenfold, a few times; nil when even that does not help.
    func solved(ridge: [Double], extra: [(column: Int, row: Int, amount: Double)] = []) -> [Double]? {
        var matrix = gram
        for (column, row, amount) in extra { matrix[column * columns + row] += amount }
        var scale = 1.0
        for _ in 0..<6 {
            if let answer = Self.cholesky(matrix, ridge: ridge, scale: scale, rightHandSide) { return answer }
            scale *= 10
        }
        return nil
    }

    private static func cholesky(
        _ matrix: [Double],
        ridge: [Double],
        scale: Double,
        _ rightHandSide: [Double]
    ) -> [Double]? {
        let size = ridge.count
        var factor = matrix
        var answer = rightHandSide
        for index in 0..<size { factor[index * size + index] += ridge[index] * scale + 1e-9 * scale }
        SingleThreadedBLAS.start
        let status = LAPACKE_dposv(
            LAPACK_COL_MAJOR,
            Int8(UInt8(ascii: "L")),
            Int32(size),
            1,
            &factor,
            Int32(size),
            &answer,
            Int32(size)
        )
        return status == 0 && answer.allSatisfy(\.isFinite) ? answer : nil
    }
}

/// Ends OpenBLAS's own threads once, before its first use.
enum SingleThreadedBLAS {
    static let start: Void = openblas_set_num_threads(1)
}
