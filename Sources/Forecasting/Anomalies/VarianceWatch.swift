// Finds scatter that grew: a CUSUM of the log likelihood ratio of doubled deviation, on squared scores relative to the
// usual ones, because the scores of many loads have heavier tails than normal ones.

#if canImport(Glibc)
    import Glibc
#endif

/// A cumulative sum over squared scores.
struct VarianceWatch: Sendable {
    /// In nats: with independent normal scores one false alarm in more than exp(14) steps, a million.
    private static let sumMin = 14.0
    /// One squared score counts at most so much, so that three loads at least are needed.
    private static let squareMax = 16.0
    /// Steps over which the usual square is averaged, and those before anything is told.
    private static let memory = 2000.0
    private static let evidenceMin = 100.0

    private var usual = 1.0
    private var count = 0.0
    private var sum = 0.0
    private var since = 0
    private var isTold = false

    mutating func observe(_ step: Int, score: Double, expected: Double) -> Surprise? {
        let square = min(score * score, Self.squareMax)
        count = min(count + 1, Self.memory)
        defer { usual += (square - usual) / max(count, Self.evidenceMin) }
        guard count >= Self.evidenceMin else { return nil }
        if sum == 0 { since = step }
        // 3/8 z² - log 2: normal with deviation 2 against normal with deviation 1.
        sum = min(max(0, sum + 0.375 * square / max(usual, 1) - log(2.0)), 1.5 * Self.sumMin)
        if sum == 0 { isTold = false }
        guard sum >= Self.sumMin, !isTold else { return nil }
        isTold = true
        return Surprise(kind: .variance, since: since, expected: expected, score: score, strength: sum / Self.sumMin)
    }
}
