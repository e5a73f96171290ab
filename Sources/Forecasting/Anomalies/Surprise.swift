// What a detector hears of a step, and what it says.

/// What was expected of a step, by a forecast from some steps before.
struct Expectation: Sendable {
    let load: Double
    /// Of the residuals of such forecasts, in the models' scale.
    let median: Double
    /// Robust standard deviation of those residuals; more than 0.
    let deviation: Double

    /// How many deviations `seen` lies above; bounded, so that sums of it stay finite.
    func score(_ seen: Double, _ scale: LoadScale) -> Double {
        let score = (scale.scaled(seen) - scale.scaled(load) - median) / deviation
        return score.isFinite ? min(max(score, -1e6), 1e6) : 0
    }

    /// For measurements with `noise` beyond what the residuals have seen; the deviation is at least `least`.
    func widened(by noise: Double, least: Double) -> Expectation {
        let wide = (deviation * deviation + noise * noise).squareRoot()
        return Expectation(load: load, median: median, deviation: max(wide, least))
    }
}

/// Something that began, told at the step at which it was noticed.
struct Surprise: Sendable, Equatable {
    let kind: Anomaly.Kind
    /// The step with which it began.
    let since: Int
    let expected: Double
    let score: Double
    /// 1 is the limit from which it is told.
    let strength: Double
}

/// What a detector says about one step.
struct StepVerdict: Sendable {
    static let nothing = StepVerdict(found: [], surprise: 0, isAnomalous: false)

    /// What began; each onset is told once.
    var found: [Surprise]
    /// How odd the step was, in 0..<1.
    var surprise: Double
    /// Whether the step lies within something that was told and must not teach.
    var isAnomalous: Bool

    var worst: Surprise? { found.max { $0.strength < $1.strength } }
}
