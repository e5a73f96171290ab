// How Prophet's residual goes on: one ridge regression per horizon step of the residual then on the means of the last
// few residuals and on the residual of a day before, which holds what a short Fourier series cannot draw. Nothing is
// fed back, so errors do not pile up over the horizon, and where the past says nothing the correction is zero.

/// Residuals of consecutive steps; NaN where the load is missing.
struct ResidualSeries: Sendable {
    let first: Int
    let values: [Double]

    var steps: Range<Int> { first..<first + values.count }

    func value(_ step: Int) -> Double {
        steps.contains(step) ? values[step - first] : .nan
    }
}

/// The coefficients that carry residuals forward.
struct ResidualAutoregression: Sendable {
    /// Means over so many last steps; ascending.
    private static let spans = [1, 2, 3, 6, 12]
    private static let columns = spans.count + 1
    /// In observations of each column's variance, and the least variance.
    private static let ridge = (amount: 1.0, leastVariance: 1e-9)
    private static let originStride = 2

    private let day: Int
    private let horizon: Int
    /// One row per horizon step; of zeros where nothing was learned.
    private let coefficients: [[Double]]

    /// Steps up to an origin that its corrections read.
    var reach: Int { max(Self.spans.last ?? 1, day) }

    /// `taught` says of each residual whether it may be learned from.
    init(_ residuals: ResidualSeries, taught: [Bool], horizon: Int, day: Int) {
        self.day = day
        self.horizon = horizon
        let reach = max(Self.spans.last ?? 1, day)
        let steps = residuals.steps
        let origins = Array(stride(from: steps.lowerBound + reach, to: steps.upperBound, by: Self.originStride))
        let means = origins.map { Self.means(residuals, origin: $0) }
        coefficients = (1...max(1, horizon)).map { ahead in
            let used = origins.indices.filter {
                let target = origins[$0] + ahead
                return target < steps.upperBound && taught[target - steps.lowerBound]
            }
            var matrix = [Double](repeating: 0, count: used.count * (Self.columns + 1))
            for (row, index) in used.enumerated() {
                for span in 0..<Self.spans.count { matrix[span * used.count + row] = means[index][span] }
                let origin = origins[index]
                let yesterday = Self.yesterday(residuals, origin: origin, ahead: ahead, day: day)
                matrix[Self.spans.count * used.count + row] = yesterday
                matrix[Self.columns * used.count + row] = residuals.value(origin + ahead)
            }
            let equations = NormalEquations(
                columns: Self.columns,
                rows: used.count,
                matrix: matrix,
                totalWeight: Double(used.count)
            )
            let ridge = (0..<Self.columns).map { column in
                let variance = equations.squares(of: column) / Double(max(1, used.count))
                return Self.ridge.amount * max(variance, Self.ridge.leastVariance)
            }
            return equations.solved(ridge: ridge) ?? Array(repeating: 0, count: Self.columns)
        }
    }

    /// What to add to the decomposition at each of the steps after `origin`.
    func corrections(_ residuals: ResidualSeries, origin: Int) -> [Double] {
        let means = Self.means(residuals, origin: origin)
        return coefficients.prefix(horizon).enumerated().map { index, row in
            let yesterday = Self.yesterday(residuals, origin: origin, ahead: index + 1, day: day)
            return zip(row, means + [yesterday]).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    /// A span without a measurement says what the next longer one says; zero when none has any.
    private static func means(_ residuals: ResidualSeries, origin: Int) -> [Double] {
        var means = [Double](repeating: .nan, count: spans.count)
        var (sum, count, taken) = (0.0, 0, 0)
        for (index, span) in spans.enumerated() {
            while taken < span {
                let value = residuals.value(origin - taken)
                if !value.isNaN { (sum, count) = (sum + value, count + 1) }
                taken += 1
            }
            if count > 0 { means[index] = sum / Double(count) }
        }
        var longer = 0.0
        for index in means.indices.reversed() {
            if means[index].isNaN { means[index] = longer }
            longer = means[index]
        }
        return means
    }

    /// The residual at the target's time on the newest day that is known at the origin; zero where it is missing.
    private static func yesterday(_ residuals: ResidualSeries, origin: Int, ahead: Int, day: Int) -> Double {
        let days = (ahead + day - 1) / day
        let value = residuals.value(origin + ahead - days * day)
        return value.isNaN ? 0 : value
    }
}
