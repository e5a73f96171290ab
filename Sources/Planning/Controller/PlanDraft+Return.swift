// The way home after the peak.
//
// A return pays when it empties a contingent instance, so all segments that are left on one go together, or none does.
// They go when each home, with them back, stays under its return threshold at the return quantile for the whole horizon,
// so not shortly before a peak that the forecast sees, and when enough consecutive plans agree. The first plan that
// agrees must find it under that threshold; those after it allow a little more (`returnHysteresis`), never over the
// target.

import ClusterModel

extension PlanDraft {
    mutating func returnHome() {
        for instance in spokenFor { memory.returnAgreed[instance] = nil }
        let contingents = snapshot.instances.filter { $0.role == .contingent && !spokenFor.contains($0.id) }
            .map { (instance: $0, load: committed[$0.id].medians[0]) }
            .sorted { ($0.load, $0.instance.id) < ($1.load, $1.instance.id) }
        for contingent in contingents { empty(contingent.instance) }
    }

    private mutating func empty(_ contingent: InstanceSnapshot) {
        let guests = snapshot.segments.filter {
            committed.locations[$0.id] == contingent.id && $0.home != contingent.id
        }
        guard !guests.isEmpty else {
            memory.returnAgreed[contingent.id] = nil
            return
        }
        let fit = homecoming(of: guests, allowing: returnLimit(isCounting: memory.returnAgreed[contingent.id] != nil))
        let agreed = ControllerMemory.count(fit.isSafe, contingent.id, in: &memory.returnAgreed)
        guard fit.isSafe else { return noteStaying(contingent, guests, fit) }
        let evidence = agreement(agreed, of: configuration.returnPlans, evidence: fit.evidence)
        guard agreed >= configuration.returnPlans else {
            let sentence =
                "\(contingent.id) could be emptied (\(fit.sentence)); \(agreed) of \(configuration.returnPlans) plans agree"
            return note(
                record(.wait, .agreementPending, source: contingent.id, evidence: evidence, sentence: sentence)
            )
        }
        for guest in guests { committed.move(guest.id, to: guest.home) }
        for guest in guests { sendHome(guest, from: contingent, evidence, fit.sentence) }
    }

    /// The share of its capacity that a home may reach with its segments back.
    private func returnLimit(isCounting: Bool) -> Double {
        guard isCounting else { return configuration.returnThreshold }
        return min(configuration.returnThreshold + configuration.returnHysteresis, configuration.reliefTarget)
    }

    private struct Homecoming {
        var isSafe = true
        var home: InstanceID?
        var evidence = Evidence()
        var sentence = ""
    }

    /// Whether every home can take its guests back; the numbers are those of the tightest home.
    private func homecoming(of guests: [SegmentSnapshot], allowing allowed: Double) -> Homecoming {
        var trial = committed
        for guest in guests { trial.move(guest.id, to: guest.home) }
        var tightest: (home: InstanceID, share: Double, peak: Double)?
        for home in Set(guests.map(\.home)).sorted() {
            let peak = trial[home].peak(outlook.grid.returning, over: horizon.indices)
            let share = peak / max(capacity(of: home), 1e-9)
            if share > tightest?.share ?? -1 { tightest = (home, share, peak) }
        }
        guard let tightest else { return Homecoming(isSafe: false) }
        var result = Homecoming(home: tightest.home)
        let limit = allowed * capacity(of: tightest.home)
        result.isSafe = tightest.peak < limit && !isBeingRelieved(guests.map(\.home))
        result.evidence.capacity = capacity(of: tightest.home)
        result.evidence.threshold = limit
        result.evidence.destinationPeakAfter = tightest.peak
        result.sentence =
            "\(tightest.home) would peak at \(Wording.decimal(tightest.peak)) of \(Wording.decimal(limit)) allowed until "
            + clock(horizon.ends[horizon.count - 1])
        return result
    }

    /// Whether anything is leaving one of these homes, or is about to.
    private func isBeingRelieved(_ homes: [InstanceID]) -> Bool {
        homes.contains { home in
            measuredOver.contains(home)
                || moves.contains { $0.source == home && ($0.phase.isBeforeCutOver || $0.phase == .cuttingOver) }
                || plan.directives.contains { segments[$0.segmentID]?.owner == home }
        }
    }

    private mutating func sendHome(
        _ guest: SegmentSnapshot,
        from contingent: InstanceSnapshot,
        _ evidence: Evidence,
        _ reason: String
    ) {
        let what = "return \(guest.id) from \(contingent.id) to \(guest.home)"
        func postpone(_ draft: inout PlanDraft, _ rule: DecisionRule, _ why: String) {
            draft.note(
                draft.record(
                    .wait,
                    rule,
                    segment: guest.id,
                    source: contingent.id,
                    destination: guest.home,
                    evidence: evidence,
                    sentence: "would \(what), but \(why)"
                )
            )
        }
        // Also one that this plan ends: it has to be tidied up first.
        if snapshot.moves.contains(where: { $0.segment == guest.id }) {
            return postpone(&self, .resting, "its last move is not over")
        }
        if let hold = obstacle(to: guest) {
            return postpone(&self, .resting, words(for: hold))
        }
        if let freeze { return postpone(&self, .frozen, "starts are frozen until \(clock(freeze.end))") }
        guard budget.allowsCopy(from: contingent.id), budget.allowsStream(from: contingent.id) else {
            return postpone(&self, .queued, "other moves are at work")
        }
        guard budget.allowsBeginning else { return postpone(&self, .moveLimit, hourlyLimit) }
        budget.prepareOrdered(from: contingent.id)
        let directive = MigrationDirective(segmentID: guest.id, destination: guest.home, priority: 0)
        order(
            .returnHome(directive),
            record(
                .act,
                .peakOver,
                segment: guest.id,
                source: contingent.id,
                destination: guest.home,
                evidence: evidence,
                sentence: "\(what): \(reason)"
            )
        )
    }

    private mutating func noteStaying(_ contingent: InstanceSnapshot, _ guests: [SegmentSnapshot], _ fit: Homecoming) {
        let sentence = "\(contingent.id) keeps \(guests.count) segments: \(fit.sentence)"
        note(
            record(
                .wait,
                .peakAhead,
                source: contingent.id,
                destination: fit.home,
                evidence: fit.evidence,
                sentence: sentence
            )
        )
    }
}
