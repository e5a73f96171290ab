// The rows of SPAR's regressions: one per origin, the same origins for every horizon step. What depends on the origin
// alone, its weight included, is computed once and only shifted against the targets.

/// The rows that one fit learns from.
struct SparRows {
    private let layout: SparColumns
    private let inputs: SparInputs
    private let history: SubjectHistory
    private let origins: [Int]
    private let end: Int
    /// Square roots of the origins' weights.
    private let roots: [Double]
    /// The columns that depend on the origin only, already multiplied by the roots; one array per column.
    private let originColumns: [[Double]]

    init(
        _ model: Spar,
        _ history: SubjectHistory,
        layout: SparColumns,
        effects: EventEffects,
        first: Int,
        end: Int,
        horizon: Int
    ) {
        let inputs = SparInputs(
            history,
            effects: effects,
            origins: first...end,
            horizon: horizon,
            lagSteps: layout.lagSteps,
            longestSpan: layout.longestSpan
        )
        let halfLife = model.halfLifeDays * Double(history.grid.stepsPerDay)
        let origins = Array(
            stride(from: end, through: first, by: -history.grid.originStride(model.originStride)).reversed())
        let roots = origins.map { exponentialDecay(Double(end - $0), halfLife: halfLife).squareRoot() }
        var columns = Array(repeating: [Double](repeating: 0, count: origins.count), count: layout.originCount)
        var row = [Double](repeating: 0, count: layout.count)
        for (index, origin) in origins.enumerated() {
            layout.writeOriginColumns(inputs, origin: origin, into: &row)
            for column in columns.indices { columns[column][index] = row[column] * roots[index] }
        }
        self.layout = layout
        self.inputs = inputs
        self.history = history
        self.origins = origins
        self.end = end
        self.roots = roots
        originColumns = columns
    }

    /// The normal equations for `ahead` steps after the origin, from the targets that teach and are not after the end.
    func equations(ahead: Int) -> NormalEquations {
        let used = origins.indices.filter { origins[$0] + ahead <= end && history.teaches(origins[$0] + ahead) }
        let rows = used.count
        var matrix = [Double](repeating: 0, count: rows * (layout.count + 1))
        var total = 0.0
        var row = [Double](repeating: 0, count: layout.count)
        for column in 0..<layout.originCount {
            for (index, position) in used.enumerated() {
                matrix[column * rows + index] = originColumns[column][position]
            }
        }
        for (index, position) in used.enumerated() {
            let (target, root) = (origins[position] + ahead, roots[position])
            total += root * root
            layout.writeTargetColumns(inputs, target: target, into: &row)
            for column in layout.originCount..<layout.count { matrix[column * rows + index] = row[column] * root }
            matrix[layout.count * rows + index] = inputs.value(target) * root
        }
        return NormalEquations(columns: layout.count, rows: rows, matrix: matrix, totalWeight: total)
    }
}
