// Why something was done, or not done: the audit record of one decision, with every number that went into it.
// Invariant: a record stands alone; it is understood without the snapshot or the plan it came from.

import ClusterModel

package struct DecisionRecord: Hashable, Sendable, Codable {
    package enum Outcome: String, Hashable, Sendable, Codable {
        /// An action of the plan.
        case act
        /// Wanted, but later.
        case wait
        /// Wanted, but not possible.
        case refuse
    }

    package var at: Timestamp
    package var outcome: Outcome
    package var rule: DecisionRule
    package var segment: SegmentID?
    package var source: InstanceID?
    package var destination: InstanceID?
    package var move: MoveID?
    package var evidence: Evidence
    /// What was considered instead; the best of them, not all.
    package var alternatives: [Alternative]
    /// The whole in one line for people.
    package var sentence: String
}

/// The rule that decided. A closed set: fit for a metric's label and for a filter.
package enum DecisionRule: String, Hashable, Sendable, Codable, CaseIterable {
    // Relief.
    case overloadForecast, overloadMeasured, notYet, queued, targetArriving, noTarget, noCandidate, partialRelief
    case zoneForbidden
    // Cut-over.
    case confidenceReached, deadlineClose, beforeFreeze, overloadNotNear, targetTooFull, returnSafe
    // Undoing.
    case forecastWithdrawn, targetLost, targetDoubted, homeTooHot, watchRevert, watchKeep
    // The way back.
    case peakOver, peakAhead, notWorthIt, agreementPending, resting, instanceIdle
    // Everywhere.
    case frozen, streamLimit, moveLimit, spendingLimit
}

/// Forecast and measurement behind a decision; what a rule did not look at is nil.
package struct Evidence: Hashable, Sendable, Codable {
    package var capacity: Double?
    /// The load that must not be exceeded.
    package var threshold: Double?
    package var measuredLoad: Double?
    /// The step that decided, and its forecast for the source.
    package var forecastFor: Timestamp?
    package var quantiles: [QuantileValue] = []
    /// The probability that the load exceeds `threshold` then, and what was asked for.
    package var probability: Double?
    package var confidenceNeeded: Double?
    package var overloadAt: Timestamp?
    package var secondsToOverload: Double?
    /// Until the last of the moves that the relief needs is cut over.
    package var secondsToMove: Double?
    package var movesNeeded: Int?
    /// The latest moment at which the moves must begin.
    package var startBy: Timestamp?
    /// The highest load at the planning quantile, over the horizon.
    package var sourcePeakBefore: Double?
    package var sourcePeakAfter: Double?
    package var destinationPeakAfter: Double?
    package var destinationCapacity: Double?
    /// Consecutive plans that agreed, and how many must.
    package var plansAgreed: Int?
    package var plansNeeded: Int?
    package var watch: WatchEvidence?

    package init() {}
}

/// What was not done, and why not.
package struct Alternative: Hashable, Sendable, Codable {
    package var segment: SegmentID?
    package var instance: InstanceID?
    package var rejectedBecause: String

    package init(segment: SegmentID? = nil, instance: InstanceID? = nil, rejectedBecause: String) {
        self.segment = segment
        self.instance = instance
        self.rejectedBecause = rejectedBecause
    }
}
