import ClusterModel

/// A measured load that the forecast of one step before did not allow for.
package struct Anomaly: Sendable, Equatable {
    /// The end of the step.
    package let at: Timestamp
    package let expected: Double
    package let seen: Double
    /// How many robust standard deviations of recent one-step residuals lie between them; positive when more was seen.
    package let score: Double
}

/// When a one-step residual is an anomaly.
struct AnomalyRule: Sendable {
    /// Robust standard deviations, median/MAD.
    var scoreMin = 6.0
    /// The least deviation in the models' scale; keeps a nearly constant subject from crying at nothing.
    var deviationMin = 0.03
    /// After so many anomalies on end the load is taken to have a new normal, which teaches.
    var runMax = 12

    /// Nil when `seen` is within reach of `expected`, or when too little is known.
    func judge(
        seen: Double,
        expected: Double,
        spread: (median: Double, deviation: Double),
        noise: Double,
        scale: LoadScale,
        at: Timestamp
    ) -> Anomaly? {
        let residual = scale.scaled(seen) - scale.scaled(expected) - spread.median
        let deviation = (spread.deviation * spread.deviation + noise * noise).squareRoot()
        let score = residual / max(deviation, deviationMin)
        guard abs(score) >= scoreMin else { return nil }
        return Anomaly(at: at, expected: expected, seen: seen, score: score)
    }
}
