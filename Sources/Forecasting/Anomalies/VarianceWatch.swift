// Finds scatter that grew: a CUSUM of the log likelihood ratio of doubled deviation, on squared scores relative to the
// usual ones at that time of day, because the scores of many loads have heavier tails than normal ones, and nights scatter
// more than days where little is counted.

#if canImport(Glibc)
    import Glibc
#endif

/// A cumulative sum over squared scores.
struct VarianceWatch: Sendable {
    /// In nats: with independent normal scores one false alarm in more than exp(14) steps, a million.
    private static let sumMin = 14.0
    /// One squared score counts at most so much, so that three loads at least are needed.
    private static let squareMax = 16.0
    /// Parts of the day whose usual squares are apart.
    private static let partsOfDay = 8
    /// Steps of a part over which its usual square is averaged, and those before anything is told.
    private static let memory = 300.0
    private static let evidenceMin = 48.0

    private var usual = Array(repeating: 1.0, count: partsOfDay)
    private var count = Array(repeating: 0.0, count: partsOfDay)
    private var sum = 0.0
    private var since = 0
    private(set) var isTold = false

    /// `step` is counted in days of `stepsPerDay`.
    mutating func observe(_ step: Int, of stepsPerDay: Int, score: Double, expected: Double) -> Surprise? {
        let square = min(score * score, Self.squareMax)
        let timeOfDay = (step % stepsPerDay + stepsPerDay) % stepsPerDay
        let part = timeOfDay * Self.partsOfDay / stepsPerDay
        count[part] = min(count[part] + 1, Self.memory)
        defer { usual[part] += (square - usual[part]) / max(count[part], Self.evidenceMin) }
        guard count[part] >= Self.evidenceMin else { return nil }
        if sum == 0 { since = step }
        // 3/8 z² - log 2: normal with deviation 2 against normal with deviation 1.
        sum = min(max(0, sum + 0.375 * square / max(usual[part], 1) - log(2.0)), 1.5 * Self.sumMin)
        if sum == 0 { isTold = false }
        guard sum >= Self.sumMin, !isTold else { return nil }
        isTold = true
        return Surprise(kind: .variance, since: since, expected: expected, score: score, strength: sum / Self.sumMin)
    }
}
