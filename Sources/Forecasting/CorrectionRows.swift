// What a model missed by over its history, and how much of that a set of metrics would have taken back on data that the
// correction had not learned from: three folds, each learned from everything before it.

#if canImport(Glibc)
    import Glibc
#endif

/// The misses of one model's paths from the origins of its history.
struct CorrectionRows {
    /// The shares of the origins at which the judged folds begin; the last one ends with the history.
    private static let foldStarts = [0.55, 0.7, 0.85]
    /// Days after which a row counts half.
    private static let halfLifeDays = 14.0
    private static let ridge = (amount: 2.0, leastVariance: 1e-6)

    let history: SubjectHistory
    /// Ascending.
    let origins: [Int]
    let horizon: Int
    /// Per origin and horizon step, in the model's scale; NaN where nothing was measured that teaches.
    private let residuals: [[Double]]
    private let offsets: OffsetsFromUsual

    /// Nil without enough origins.
    init?(_ fit: any ModelFit, _ history: SubjectHistory, origins: [Int], through end: Int, horizon: Int) {
        guard let first = origins.first, let last = origins.last else { return nil }
        self.history = history
        self.origins = origins
        self.horizon = horizon
        residuals = zip(origins, fit.paths(history, from: origins)).map { origin, path in
            (1...horizon).map { ahead in
                let target = origin + ahead
                guard target <= end, history.teaches(target) else { return .nan }
                return history.scale.scaled(history.load(target)) - history.scale.scaled(path[ahead - 1])
            }
        }
        offsets = CorrectionColumns.offsets(history, origins: first...last)
    }

    func residual(_ index: Int, ahead: Int) -> Double { residuals[index][ahead - 1] }

    var judged: Range<Int> { foldStart(0)..<origins.count }

    private func foldStart(_ fold: Int) -> Int { Int(Double(origins.count) * Self.foldStarts[fold]) }

    /// The absolute misses over the judged origins without any correction.
    func losses(ahead: Int) -> [Double] { judged.map { abs(residual($0, ahead: ahead)) } }

    /// The same with what `terms` take back; with no terms, with what the newest loads alone do.
    func losses(_ terms: [MetricTerm], ahead: Int) -> [Double] {
        var losses = losses(ahead: ahead)
        guard let rows = rows(terms, ahead: ahead) else { return losses }
        for fold in Self.foldStarts.indices {
            let start = foldStart(fold)
            let end = fold + 1 < Self.foldStarts.count ? foldStart(fold + 1) : origins.count
            let known = rows.indices.filter { origins[rows[$0].index] + ahead <= origins[start] }
            guard let coefficients = solution(known.map { rows[$0] }) else { continue }
            for row in rows where (start..<end).contains(row.index) {
                let correction = zip(row.columns, coefficients).reduce(0) { $0 + $1.0 * $1.1 }
                losses[row.index - judged.lowerBound] = abs(row.residual - correction)
            }
        }
        return losses
    }

    /// The coefficients from all rows, and the largest correction that they make of any.
    func learned(_ terms: [MetricTerm], ahead: Int) -> (coefficients: [Double], largest: Double)? {
        guard let rows = rows(terms, ahead: ahead), let coefficients = solution(rows) else { return nil }
        let largest = rows.map { row in abs(zip(row.columns, coefficients).reduce(0) { $0 + $1.0 * $1.1 }) }.max()
        return (coefficients, largest ?? 0)
    }

    private struct Row {
        let index: Int
        let columns: [Double]
        let residual: Double
    }

    /// The origins at which every column and the residual are known; nil when a metric is not there at all.
    private func rows(_ terms: [MetricTerm], ahead: Int) -> [Row]? {
        guard let columns = CorrectionColumns(terms, history, offsets: offsets) else { return nil }
        var values = [Double](repeating: 0, count: columns.count)
        return origins.indices.compactMap { index in
            let residual = residual(index, ahead: ahead)
            guard !residual.isNaN, columns.write(origin: origins[index], ahead: ahead, into: &values) else {
                return nil
            }
            return Row(index: index, columns: values, residual: residual)
        }
    }

    /// Weighted ridge; nil for too few rows.
    private func solution(_ rows: [Row]) -> [Double]? {
        guard let newest = rows.last, rows.count > 10 * newest.columns.count else { return nil }
        let (count, width) = (rows.count, newest.columns.count)
        let halfLife = Self.halfLifeDays * Double(history.grid.stepsPerDay)
        var matrix = [Double](repeating: 0, count: count * (width + 1))
        var total = 0.0
        for (index, row) in rows.enumerated() {
            let weight = exponentialDecay(Double(origins[newest.index] - origins[row.index]), halfLife: halfLife)
            total += weight
            let root = weight.squareRoot()
            for column in 0..<width { matrix[column * count + index] = row.columns[column] * root }
            matrix[width * count + index] = row.residual * root
        }
        let system = NormalEquations(columns: width, rows: count, matrix: matrix, totalWeight: total)
        let ridge = (0..<width).map { column in
            Self.ridge.amount * max(system.squares(of: column) / total, Self.ridge.leastVariance)
        }
        return system.solved(ridge: ridge)
    }
}
