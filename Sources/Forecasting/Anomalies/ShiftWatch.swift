// Finds loads that stay off their forecast. A forecast of one step follows any new level within a step or two, so when
// a residual first looks odd the forecasts of that time are kept, and what follows is held against them (Page's CUSUM).
// Invariant: without suspicion both sums are zero; a suspicion lasts as long as its forecasts go.

/// A two-sided cumulative sum against the forecasts of before the shift.
struct ShiftWatch: Sendable {
    /// What is forgiven per step, in deviations: forecasts of one origin miss together.
    private static let allowance = 2.0
    /// One load counts at most so much: no single load is a shift.
    private static let scoreMax = 6.0
    private static let sumMin = 16.0
    /// The residual that raises suspicion.
    private static let scoreOdd = 2.5

    private var reference: [Expectation] = []
    private(set) var since = 0
    private var sum = 0.0
    private var sign = 1.0
    private(set) var isTold = false

    mutating func clear() { self = ShiftWatch() }

    /// `score` is that of the newest forecast of this step, `outlook` what that forecast said of this step and later ones.
    mutating func observe(
        _ step: Int, seen: Double, score: Double, scale: LoadScale, outlook: () -> [Expectation]
    ) -> Surprise? {
        if reference.isEmpty || step - since >= reference.count {
            clear()
            guard abs(score) >= Self.scoreOdd else { return nil }
            reference = outlook()
            guard !reference.isEmpty else { return nil }
            since = step
            sign = score < 0 ? -1 : 1
        }
        let expectation = reference[step - since]
        let score = expectation.score(seen, scale)
        sum = min(max(0, sum + min(sign * score, Self.scoreMax) - Self.allowance), 1.5 * Self.sumMin)
        guard sum > 0 else {
            clear()
            return nil
        }
        guard sum >= Self.sumMin, !isTold else { return nil }
        isTold = true
        return Surprise(
            kind: .levelShift, since: since, expected: expectation.load, score: score, strength: sum / Self.sumMin)
    }
}
