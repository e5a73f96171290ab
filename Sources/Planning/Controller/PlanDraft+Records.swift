import ClusterModel

extension PlanDraft {
    /// A moment as this plan's sentences name it.
    func clock(_ moment: Timestamp) -> String { Wording.clock(moment, seenAt: now) }

    /// Why a segment stays where it is, and how long.
    func words(for hold: Hold) -> String {
        hold.hasEnd ? "it rests until \(clock(hold.until)): \(hold.reason)" : "it stays: \(hold.reason)"
    }

    func record(
        _ outcome: DecisionRecord.Outcome,
        _ rule: DecisionRule,
        move: MoveInFlight,
        evidence: Evidence,
        sentence: String
    ) -> DecisionRecord {
        DecisionRecord(
            at: now,
            outcome: outcome,
            rule: rule,
            segment: move.segment,
            source: move.source,
            destination: move.target,
            move: move.id,
            evidence: evidence,
            alternatives: [],
            sentence: sentence
        )
    }

    func record(
        _ outcome: DecisionRecord.Outcome,
        _ rule: DecisionRule,
        segment: SegmentID? = nil,
        source: InstanceID? = nil,
        destination: InstanceID? = nil,
        evidence: Evidence,
        alternatives: [Alternative] = [],
        sentence: String
    ) -> DecisionRecord {
        DecisionRecord(
            at: now,
            outcome: outcome,
            rule: rule,
            segment: segment,
            source: source,
            destination: destination,
            move: nil,
            evidence: evidence,
            alternatives: alternatives,
            sentence: sentence
        )
    }

    /// The evidence with the count of plans that agreed.
    func agreement(_ agreed: Int, of needed: Int, evidence: Evidence) -> Evidence {
        var evidence = evidence
        evidence.plansAgreed = agreed
        evidence.plansNeeded = needed
        return evidence
    }
}
