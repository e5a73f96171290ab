// The probation after a cut-over: did the move harm the segment that moved?
//
// Difference in differences of log p99: (moved after - moved before) - (unmoved after - unmoved before). What slows all
// alike, such as the peak itself, cancels; what remains is the new instance. A revert needs three things at once: the
// effect is beyond the tolerance with its error margin, the moved segment did become slower in itself, and it misses
// its objective (where there is one): a relieved control must not make a good move look bad.
//
// Without a control, as with one home and one contingent instance, the moved segment's own change stands in for the
// difference. The peak is then part of it, so there must be an objective for it to miss, and what little there may be
// of a control must keep that objective.
//
// baseline --cutOverCompleted--> probation --sampled / timePassed--> decided (final)

import ClusterModel

package struct MoveWatch: Hashable, Sendable, Codable {
    package struct Configuration: Hashable, Sendable, Codable {
        /// Latencies needed on each side of the cut-over, of each cohort, before latency decides.
        package var samplesMin = 5
        /// Statements after the cut-over before errors decide.
        package var statementsMin = 200
        /// No `keep` earlier than this.
        package var watchMin = Duration.seconds(3 * 60)
        /// No `waiting` later than this: what was not proven harmful by then is kept.
        package var watchMax = Duration.seconds(15 * 60)
        /// How much slower, as a share, a moved segment may become.
        package var latencyTolerance = 0.25
        /// By how much the share of failed statements may rise.
        package var errorTolerance = 0.01
        /// Standard errors of margin.
        package var margin = 2.0
        /// The p99 that is good enough whatever it was before; nil when there is no objective.
        package var objectiveSeconds: Double?

        package init() {}
    }

    package enum State: Hashable, Sendable, Codable {
        /// The source owns the segment; samples are of the time before. To `probation`.
        case baseline
        /// The target owns it; samples are of the time after. To `decided`.
        case probation(since: Timestamp)
        /// Final; samples are ignored.
        case decided(WatchVerdict)
    }

    package let configuration: Configuration
    package private(set) var state = State.baseline
    private var movedBefore = CohortRecord()
    private var movedAfter = CohortRecord()
    private var unmovedBefore = CohortRecord()
    private var unmovedAfter = CohortRecord()

    package init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    package var verdict: WatchVerdict {
        if case .decided(let verdict) = state { verdict } else { .waiting }
    }

    /// The target owns the segment now. Only the first call counts.
    package mutating func cutOverCompleted(at moment: Timestamp) {
        if state == .baseline { state = .probation(since: moment) }
    }

    /// One more interval. A sample from before the cut-over that arrives after it is ignored.
    package mutating func sampled(_ sample: WatchSample) -> WatchVerdict {
        switch state {
        case .baseline:
            movedBefore.add(sample.moved)
            unmovedBefore.add(sample.unmoved)
        case .probation(let since):
            guard sample.at > since else { break }
            movedAfter.add(sample.moved)
            unmovedAfter.add(sample.unmoved)
            return timePassed(to: sample.at)
        case .decided: break
        }
        return verdict
    }

    /// Decides with what has been seen, also when no sample comes any more.
    package mutating func timePassed(to now: Timestamp) -> WatchVerdict {
        guard case .probation(let since) = state else { return verdict }
        let verdict = judged(after: now - since)
        if verdict != .waiting { state = .decided(verdict) }
        return verdict
    }

    private func judged(after elapsed: Duration) -> WatchVerdict {
        if failsMore { return .revert(evidence(.errors)) }
        if isSlower { return .revert(evidence(.latency)) }
        if elapsed >= configuration.watchMax { return .keep(evidence(.deadline)) }
        if elapsed >= configuration.watchMin, isHarmless { return .keep(evidence(.harmless)) }
        return .waiting
    }
}

extension MoveWatch {
    /// The share of failures rose by more than the tolerance, more than the control's, and by more than chance.
    private var failsMore: Bool {
        guard movedAfter.statements >= configuration.statementsMin else { return false }
        let rise = movedAfter.errorRate - movedBefore.errorRate
        let controlRise = max(0, unmovedAfter.errorRate - unmovedBefore.errorRate)
        let rate = movedAfter.errorRate
        let chance = (rate * (1 - rate) / Double(movedAfter.statements)).squareRoot()
        return rise - controlRise - configuration.margin * chance > configuration.errorTolerance
    }

    private var isSlower: Bool {
        guard movedAfter.logLatencies.count >= configuration.samplesMin, let after = movedAfter.center else {
            return false
        }
        if let objective = configuration.objectiveSeconds, after.value <= Logarithm.natural(objective) { return false }
        if let effect, let change { return effect.lower > tolerated && change.value > tolerated }
        guard let objective = configuration.objectiveSeconds.map(Logarithm.natural) else { return false }
        let controlKeepsObjective = unmovedAfter.center.map { $0.value <= objective }
        if let change { return change.lower > tolerated && controlKeepsObjective ?? true }
        // Without a baseline only the objective can speak, and only when there is a control that keeps it.
        return after.value > objective + tolerated && controlKeepsObjective ?? false
    }

    private var isHarmless: Bool {
        guard movedAfter.logLatencies.count >= configuration.samplesMin, let after = movedAfter.center else {
            return false
        }
        if let objective = configuration.objectiveSeconds, after.value <= Logarithm.natural(objective) { return true }
        return (effect ?? change).map { $0.upper < tolerated } ?? false
    }

    private var tolerated: Double { Logarithm.natural(1 + configuration.latencyTolerance) }

    private typealias Estimate = (value: Double, lower: Double, upper: Double)

    /// The difference in differences of log p99 with its margin; nil until all four records have enough samples.
    private var effect: Estimate? {
        difference(plus: [movedAfter, unmovedBefore], minus: [movedBefore, unmovedAfter])
    }

    /// The moved segments' own difference of log p99; nil until both their records have enough samples.
    private var change: Estimate? { difference(plus: [movedAfter], minus: [movedBefore]) }

    private func difference(plus: [CohortRecord], minus: [CohortRecord]) -> Estimate? {
        guard (plus + minus).allSatisfy({ $0.logLatencies.count >= configuration.samplesMin }) else { return nil }
        let (added, taken) = (plus.compactMap(\.center), minus.compactMap(\.center))
        let value = added.reduce(0) { $0 + $1.value } - taken.reduce(0) { $0 + $1.value }
        let error = (added + taken).reduce(0) { $0 + $1.standardError * $1.standardError }.squareRoot()
        return (value, value - configuration.margin * error, value + configuration.margin * error)
    }

    private func evidence(_ reason: WatchEvidence.Reason) -> WatchEvidence {
        func seconds(_ record: CohortRecord) -> Double? { record.center.map { Logarithm.exponential($0.value) } }
        let effect = effect
        return WatchEvidence(
            reason: reason,
            samplesBefore: movedBefore.logLatencies.count,
            samplesAfter: movedAfter.logLatencies.count,
            statementsAfter: movedAfter.statements,
            movedBefore: seconds(movedBefore),
            movedAfter: seconds(movedAfter),
            unmovedBefore: seconds(unmovedBefore),
            unmovedAfter: seconds(unmovedAfter),
            effect: effect.map { Logarithm.exponential($0.value) },
            effectLower: effect.map { Logarithm.exponential($0.lower) },
            effectUpper: effect.map { Logarithm.exponential($0.upper) },
            errorRateBefore: movedBefore.errorRate,
            errorRateAfter: movedAfter.errorRate,
            loadMoved: movedAfter.load
        )
    }
}
