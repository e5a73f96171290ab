// What the engine says about a load that its forecast did not allow for: one value per onset, never one per step of
// something that goes on.

import ClusterModel

/// A measured load, or a lack of one, that the forecast did not allow for.
package struct Anomaly: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// One load far off the forecast, or the first of several.
        case spike
        /// The load stays above or below what was forecast before it began to.
        case levelShift = "level shift"
        /// The load scatters more around the forecast than it did.
        case variance = "changed variance"
        /// Steps come without a load.
        case missing = "missing data"
    }

    package let kind: Kind
    /// The end of the step at which it was noticed.
    package let at: Timestamp
    /// The start of the step with which it began.
    package let since: Timestamp
    package let expected: Double
    /// 0 when the load is missing.
    package let seen: Double
    /// How many robust standard deviations of recent residuals lie between them, positive when more was seen; for a
    /// changed variance that of the newest step, for missing data 0.
    package let score: Double

    package init(
        kind: Kind, at: Timestamp, since: Timestamp, expected: Double, seen: Double, score: Double
    ) {
        self.kind = kind
        self.at = at
        self.since = since
        self.expected = expected
        self.seen = seen
        self.score = score
    }

    /// What happened, in words: `60 % above the expected 1,200 for 25 minutes`.
    package var explanation: String {
        let lasting = "for \(AnomalyWords.span(at - since))"
        switch kind {
        case .spike: return AnomalyWords.deviation(seen: seen, expected: expected)
        case .levelShift: return "\(AnomalyWords.deviation(seen: seen, expected: expected)) \(lasting)"
        case .variance: return "scatters more than usual around the expected \(AnomalyWords.load(expected)) \(lasting)"
        case .missing: return "nothing was measured where \(AnomalyWords.load(expected)) was expected"
        }
    }
}
