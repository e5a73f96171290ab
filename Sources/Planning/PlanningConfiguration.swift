// Every threshold, limit and patience of the controller, with the reason for its default.
// Invariant of a valid configuration: return < target < overload threshold, drop < prepare <= act confidence; the gaps
// are the hysteresis that keeps noise from moving anything twice.
//
// The confidences are low on purpose: a copy and a change of ownership are cheap and undone in milliseconds, a missed
// peak is not made good. So a copy is prepared at one chance in five, and ownership changes at even odds.

import ClusterModel

/// When the controller acts.
package enum PlanningPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// Never.
    case none
    /// When the measured load crosses the threshold: what others do, kept for comparison.
    case reactive
    /// When the forecast says that it will with enough confidence, and also when it does.
    case threshold
    /// As `threshold`, with as many instances as are worth their price: `Prices` set the limits, segments are gathered on
    /// few instances whenever that pays, and nothing is leased before it must be.
    case horizon

    /// Whether forecasts are looked at.
    var looksAhead: Bool { self == .threshold || self == .horizon }
}

/// What may be done with a plan, the least first.
package enum PlanningMode: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
    /// Nothing: the plan is only shown.
    case observe
    /// What an operator approves.
    case recommend
    /// Everything, at once.
    case auto

    package static func < (a: Self, b: Self) -> Bool {
        switch (a, b) {
        case (.observe, .recommend), (.observe, .auto), (.recommend, .auto): true
        case (.observe, .observe), (.recommend, _), (.auto, _): false
        }
    }
}

package struct PlanningConfiguration: Hashable, Sendable, Codable {
    package var policy = PlanningPolicy.threshold
    package var mode = PlanningMode.observe

    // Shares of an instance's capacity.
    package var overloadThreshold = 0.8
    /// A relieved instance, and one that takes segments, should stay below this.
    package var reliefTarget = 0.7
    /// A home takes a segment back only when it then stays below this.
    package var returnThreshold = 0.6
    /// By how much that limit rises, up to the relief target, once plans have begun to agree: a forecast that trembles
    /// at the limit does not make them begin anew.
    package var returnHysteresis = 0.05

    // Probabilities of exceeding the overload threshold.
    /// From here a copy is prepared. One in five: a copy costs reading the tables once, and dropping it costs no more.
    package var prepareConfidence = 0.2
    /// From here ownership changes without waiting for the deadline. Even odds: it is undone in milliseconds while the
    /// old owner follows, and what changes early is out of the peak's way.
    package var confidenceLevel = 0.5
    /// Below this a prepared copy is dropped. Half the confidence to prepare, so that doubt does not copy twice.
    package var dropConfidence = 0.1

    /// What is planned for: at this quantile sources are relieved and targets fit.
    package var planningQuantile = 0.9
    /// What must hold before a segment goes home.
    package var returnQuantile = 0.9
    /// How alike the surprises of different segments are, 0 (independent) to 1 (one cause), where the forecast of the
    /// instance's sum does not say.
    package var surpriseCorrelation = 0.5

    // The horizon policy.
    package var prices = Prices()
    /// The share of its capacity up to which an instance is filled when segments are gathered on fewer.
    package var gatherLimit = 0.65

    // How many consecutive plans must agree.
    package var returnPlans = 3
    package var dropPlans = 3
    package var idlePlans = 3
    package var measuredPlans = 2

    // Times.
    /// How long before the latest possible start preparations begin.
    package var startSlack = Duration.seconds(10 * 60)
    /// With `confidenceLevel`, ownership changes this long before the overload.
    package var confidentLead = Duration.seconds(15 * 60)
    /// With `prepareConfidence`, it changes this long before: the deadline.
    package var deadlineLead = Duration.seconds(5 * 60)
    /// What one change of ownership takes, with its waits and retries.
    package var cutOverTime = Duration.seconds(30)
    /// How long an overload that no forecast saw is assumed to last.
    package var surpriseHold = Duration.seconds(60 * 60)
    /// How long a segment rests after it changed owner.
    package var coolDown = Duration.seconds(30 * 60)
    /// How long it rests after a preparation was dropped or failed.
    package var dropCoolDown = Duration.seconds(15 * 60)
    /// How long it rests after a revert; doubles with each further one, up to the maximum.
    package var revertCoolDown = Duration.seconds(2 * 60 * 60)
    package var revertCoolDownMax = Duration.seconds(24 * 60 * 60)

    // Limits.
    /// Moves that copy at one time: each reads the source's tables.
    package var movesInFlightPerSourceMax = 2
    package var movesInFlightMax = 4
    /// Changes of ownership at one time. Apart from the copies, so that a copy never makes a ready move late.
    package var cutOversPerSourceMax = 2
    /// All unfinished moves of one source, waiting and watched ones too: each holds a replication slot there and
    /// has its whole write-ahead log decoded.
    package var openStreamsPerSourceMax = 8
    package var reliefsPerSourceMax = 32
    package var alternativesMax = 3
    /// Moves that begin within an hour, those that people ordered included; nil: as many as are useful. Undoing and
    /// changes of ownership are not counted: what was begun is always brought to its end.
    package var movesPerHourMax: Int?
    /// What the contingent instances that are ours may cost together, by `costPerHour`; nil: what is useful.
    package var contingentCostPerHourMax: Double?
    package var antiAffinity = AntiAffinity.prefer

    /// When no move brings an instance under its target: the share of its overload that a move must still take away.
    package var partialReliefMin = 0.2

    package init() {}

    /// The defaults for a policy. `horizon` plans for what is enough three times of four, where the others want nine of
    /// ten, and lets segments move again sooner; chosen by back-tests of two traces (docs/results/backtest.md).
    package init(for policy: PlanningPolicy) {
        self.policy = policy
        guard policy == .horizon else { return }
        overloadThreshold = 0.82
        reliefTarget = 0.72
        planningQuantile = 0.75
        coolDown = .seconds(1500)
    }

    /// What contradicts itself here, in words for the user; empty when nothing does.
    package var problems: [String] {
        let rules: [(Bool, String)] = [
            (
                0 < returnThreshold && returnThreshold < reliefTarget,
                "returnThreshold must lie between 0 and reliefTarget"
            ),
            (reliefTarget < overloadThreshold, "reliefTarget must be below overloadThreshold"),
            (0 <= returnHysteresis, "returnHysteresis must not be negative"),
            (
                0 <= dropConfidence && dropConfidence < prepareConfidence,
                "dropConfidence must be below prepareConfidence"
            ),
            (prepareConfidence <= confidenceLevel, "prepareConfidence must not be above confidenceLevel"),
            (confidenceLevel < 1, "confidenceLevel must be below 1"),
            ((0.5..<1).contains(planningQuantile), "planningQuantile must be at least 0.5 and below 1"),
            ((0.5..<1).contains(returnQuantile), "returnQuantile must be at least 0.5 and below 1"),
            ((0...1).contains(surpriseCorrelation), "surpriseCorrelation must be in 0...1"),
            (min(returnPlans, dropPlans, idlePlans, measuredPlans) >= 1, "a number of consecutive plans is at least 1"),
            (cutOversPerSourceMax >= 1, "cutOversPerSourceMax is at least 1"),
            (movesInFlightPerSourceMax >= 1, "movesInFlightPerSourceMax is at least 1"),
            (movesInFlightMax >= movesInFlightPerSourceMax, "movesInFlightMax is at least movesInFlightPerSourceMax"),
            (
                openStreamsPerSourceMax >= movesInFlightPerSourceMax,
                "openStreamsPerSourceMax is at least movesInFlightPerSourceMax"
            ),
            ((0...1).contains(partialReliefMin), "partialReliefMin must be in 0...1"),
            (movesPerHourMax ?? 1 >= 1, "movesPerHourMax is at least 1; to move nothing, observe"),
            (contingentCostPerHourMax ?? 0 >= 0, "contingentCostPerHourMax must not be negative"),
        ]
        return rules.filter { !$0.0 }.map(\.1)
    }
}
