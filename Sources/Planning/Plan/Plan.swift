// A plan is data: printed, executed or simulated. Its actions are in the order in which they must be started.

import ClusterModel

package struct Plan: Hashable, Sendable, Codable {
    package var at: Timestamp
    package var policy: PlanningPolicy
    package var mode: PlanningMode
    /// The share of its capacity above which an instance counted as overloaded: as configured, or more when all
    /// instances together are hot.
    package var overloadThreshold: Double
    package var actions: [PlannedAction] = []
    /// What was wanted and is not done now: waits and refusals.
    package var notes: [DecisionRecord] = []
    /// The instances that are expected over their threshold, most urgent first, before this plan's actions.
    package var overloads: [ExpectedOverload] = []

    package init(at: Timestamp, policy: PlanningPolicy, mode: PlanningMode, overloadThreshold: Double) {
        self.at = at
        self.policy = policy
        self.mode = mode
        self.overloadThreshold = overloadThreshold
    }

    /// The moves that this plan starts.
    package var directives: [MigrationDirective] { actions.compactMap(\.directive) }

    /// Every decision, done or not.
    package var records: [DecisionRecord] { actions.map(\.record) + notes }
}

package struct PlannedAction: Hashable, Sendable, Codable {
    package enum Kind: Hashable, Sendable, Codable {
        /// Take the instance from the pool, revoking what it is lent for.
        case lease(InstanceID)
        /// Start copying; ownership stays.
        case prepare(MigrationDirective)
        /// Start copying back to the segment's home; ownership stays.
        case returnHome(MigrationDirective)
        /// Make the target of a ready move the owner.
        case cutOver(MoveID)
        /// Make the source of a watched move the owner again, and forget the move.
        case revert(MoveID)
        /// End the watch over a move that did no harm.
        case keep(MoveID)
        /// Forget a move that was not cut over.
        case abort(MoveID)
        /// Give an empty instance back to the pool.
        case giveBack(InstanceID)
    }

    package var kind: Kind
    /// Whether a driver may act on it: at once, once approved, or not at all.
    package var authority: Authority
    package var record: DecisionRecord

    package enum Authority: String, Hashable, Sendable, Codable {
        case none, afterApproval, immediate
    }

    package var isExecutable: Bool { authority == .immediate }

    package var directive: MigrationDirective? {
        switch kind {
        case .prepare(let directive), .returnHome(let directive): directive
        case .lease, .cutOver, .revert, .keep, .abort, .giveBack: nil
        }
    }
}

extension PlannedAction.Kind {
    /// What a driver may do with the action. To give an empty instance back moves nothing, and whoever had it lent, by an
    /// order or in another mode, is done with it: allowed in every mode.
    package func authority(in mode: PlanningMode) -> PlannedAction.Authority {
        switch (self, mode) {
        case (.giveBack, _), (_, .auto): .immediate
        case (_, .observe): .none
        case (_, .recommend): .afterApproval
        }
    }
}

/// An instance over its threshold at some step of the horizon, with the moves in flight counted as done.
package struct ExpectedOverload: Hashable, Sendable, Codable {
    package var instance: InstanceID
    package var capacity: Double
    package var threshold: Double
    /// The beginning of the first step that is likely enough to be over.
    package var at: Timestamp
    /// The probability of exceeding the threshold in that step.
    package var probability: Double
    /// The highest probability at any step.
    package var highestProbability: Double
    /// The forecast of the step with the highest load.
    package var peakAt: Timestamp
    package var peak: LoadDistribution
    /// Expected load-hours over the threshold, divided by one plus the hours until they begin.
    package var priority: Double
    /// Whether it was measured rather than forecast.
    package var isMeasured: Bool
}
