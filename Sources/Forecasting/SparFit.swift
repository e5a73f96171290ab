// What SPAR learned about one subject: the normal equations of each horizon step and their present solution.

/// The coefficients of one subject, one row of them per horizon step.
struct SparFit: ModelFit {
    private let layout: SparColumns
    private let effects: EventEffects
    private let equations: [NormalEquations]
    private let ridge: Double
    private let noiseLearned: ObservationNoise
    /// The deviation of live measurements, beyond that of the history, for which `coefficients` are best.
    private var noiseDeviation = 0.0
    private(set) var coefficients: [[Double]]

    private var horizon: Int { equations.count }

    init(
        _ model: Spar,
        _ history: SubjectHistory,
        through end: Int,
        horizon: Int,
        effects: EventEffects
    ) throws(FitRefusal) {
        let day = history.grid.stepsPerDay
        let first = history.firstMeasured ?? end
        let layout = model.columns(historyDays: (end + 1 - first) / day, stepsPerDay: day)
        let begin = first + layout.reach
        guard begin <= end - horizon else {
            throw .tooShort(
                days: Double(end + 1 - first) / Double(day),
                needed: Double(layout.reach + horizon) / Double(day)
            )
        }
        let rows = SparRows(model, history, layout: layout, effects: effects, first: begin, end: end, horizon: horizon)
        let equations = (1...horizon).map { rows.equations(ahead: $0) }
        guard let solved = Self.solutions(equations, layout, ridge: model.ridge, noise: 0) else { throw .singular }
        self.layout = layout
        self.effects = effects
        self.equations = equations
        ridge = model.ridge
        coefficients = solved
        noiseLearned = ObservationNoise(of: history, over: first..<end)
    }

    private static func solutions(
        _ equations: [NormalEquations],
        _ layout: SparColumns,
        ridge: Double,
        noise: Double
    ) -> [[Double]]? {
        let solved = equations.compactMap { system in
            system.solved(
                ridge: layout.ridge(system, amount: ridge),
                extra: layout.noiseTerms(variance: noise * noise, weight: system.totalWeight)
            )
        }
        return solved.count == equations.count ? solved : nil
    }

    /// Solves again when the noise of the measurements has changed by more than a quarter.
    mutating func advance(_ history: SubjectHistory, through last: Int) {
        let (noise, level) = ObservationNoise.recent(history, through: last)
        let deviation = noise.excess(over: noiseLearned).deviation(at: level, scale: history.scale)
        guard abs(deviation - noiseDeviation) > 0.25 * max(deviation, noiseDeviation) + 1e-3 else { return }
        guard let solved = Self.solutions(equations, layout, ridge: ridge, noise: deviation) else { return }
        coefficients = solved
        noiseDeviation = deviation
    }

    func paths(_ history: SubjectHistory, from origins: [Int]) -> [[Double]] {
        guard let first = origins.min(), let last = origins.max() else { return [] }
        let inputs = SparInputs(
            history,
            effects: effects,
            origins: first...last,
            horizon: horizon,
            lagSteps: layout.lagSteps,
            longestSpan: layout.longestSpan
        )
        var row = [Double](repeating: 0, count: layout.count)
        return origins.map { origin in
            layout.writeOriginColumns(inputs, origin: origin, into: &row)
            return (1...horizon).map { ahead in
                layout.writeTargetColumns(inputs, target: origin + ahead, into: &row)
                let scaled = zip(row, coefficients[ahead - 1]).reduce(0) { $0 + $1.0 * $1.1 }
                return history.scale.load(scaled + inputs.effect(origin + ahead))
            }
        }
    }
}
