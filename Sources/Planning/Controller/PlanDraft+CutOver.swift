// When a ready move changes owner.
//
// Ownership changes as late as is safe: until then a wrong forecast costs a dropped copy and no more. It is due
// 1. when the source exceeds its threshold soon with `confidenceLevel`,
// 2. when it does so very soon with `prepareConfidence`: the deadline, when doubt is no reason to wait any more,
// 3. when a freeze begins before that deadline and the overload falls into it.
// "Soon" grows by the time of a change of ownership for each move that is ready: the last must be through in time.
// Once due, moves go on until the source is under its target for that time.

import ClusterModel

extension PlanDraft {
    mutating func cutOverReady() {
        for instance in snapshot.instances {
            let ready = moves.filter { $0.source == instance.id && $0.phase == .ready }
            for move in ready where isReturn(move) { cutOverReturn(move) }
            cutOverReliefs(of: instance, ready.filter { !isReturn($0) })
        }
    }

    /// What survived `dropUnneeded` would not overload its home; it waits while the home is over its target.
    private mutating func cutOverReturn(_ move: MoveInFlight) {
        let peak = committed[move.target].peak(outlook.grid.returning, over: horizon.indices)
        let target = configuration.reliefTarget * capacity(of: move.target)
        var evidence = Evidence()
        evidence.capacity = capacity(of: move.target)
        evidence.threshold = target
        evidence.destinationPeakAfter = peak
        let reason =
            "\(move.target) then peaks at \(Wording.decimal(peak)), with a target of \(Wording.decimal(target))"
        guard peak <= target else {
            let sentence = "\(move.segment) is ready to return and waits: \(reason)"
            return note(record(.wait, .peakAhead, move: move, evidence: evidence, sentence: sentence))
        }
        cutOver(move, .returnSafe, evidence, reason)
    }

    private mutating func cutOverReliefs(of source: InstanceSnapshot, _ ready: [MoveInFlight]) {
        let hottestFirst = ready.sorted { a, b in
            (outlook[b.segment].medians.max() ?? 0, a.id) < (outlook[a.segment].medians.max() ?? 0, b.id)
        }
        var isDue = false
        for (index, move) in hottestFirst.enumerated() {
            let pending = hottestFirst.count - index
            guard let due = cutOverReason(source, pending: pending, isDue: isDue) else {
                noteNotDue(move, source: source)
                return
            }
            isDue = true
            guard fits(move) else {
                noteTargetTooFull(move)
                continue
            }
            cutOver(move, due.rule, due.evidence, due.reason)
        }
    }

    private mutating func cutOver(_ move: MoveInFlight, _ rule: DecisionRule, _ evidence: Evidence, _ reason: String) {
        let what = "cut \(move.segment) over from \(move.source) to \(move.target)"
        if let freeze {
            let sentence = "would \(what), but changes are frozen until \(clock(freeze.end)): \(freeze.reason)"
            return note(record(.refuse, .frozen, move: move, evidence: evidence, sentence: sentence))
        }
        guard budget.allowsCutOver(from: move.source) else {
            let sentence = "would \(what), but \(move.source) is switching others: \(reason)"
            return note(record(.wait, .queued, move: move, evidence: evidence, sentence: sentence))
        }
        budget.cutOverOrdered(from: move.source)
        current.move(move.segment, to: move.target)
        order(.cutOver(move.id), record(.act, rule, move: move, evidence: evidence, sentence: "\(what): \(reason)"))
    }

    private struct Due {
        let rule: DecisionRule
        let evidence: Evidence
        let reason: String
    }

    private func cutOverReason(_ source: InstanceSnapshot, pending: Int, isDue: Bool) -> Due? {
        let queue = Duration.seconds(configuration.cutOverTime.inSeconds * Double(pending))
        let soon = horizon.steps(beginningBefore: now + configuration.confidentLead + queue)
        let verySoon = horizon.steps(beginningBefore: now + configuration.deadlineLead + queue)
        if let due = due(source, .confidenceReached, configuration.confidenceLevel, in: soon) { return due }  // 1.
        if let due = due(source, .deadlineClose, configuration.prepareConfidence, in: verySoon) { return due }  // 2.
        if let freeze = snapshot.freezes.first(where: {
            $0.start > now && $0.start <= now + configuration.deadlineLead + queue
        }) {
            let frozen = horizon.indices.filter { horizon.start(of: $0) < freeze.end }.count  // 3.
            if let due = due(source, .beforeFreeze, configuration.prepareConfidence, in: 0..<max(1, frozen)) {
                return due
            }
        }
        let target = configuration.reliefTarget * capacity(of: source.id)
        guard isDue, current[source.id].peak(outlook.grid.planning, over: soon) > target else { return nil }
        var evidence = Evidence()
        evidence.capacity = capacity(of: source.id)
        evidence.sourcePeakBefore = current[source.id].peak(outlook.grid.planning, over: soon)
        return Due(
            rule: .confidenceReached,
            evidence: evidence,
            reason: "\(source.id) is not under its target of \(Wording.decimal(target)) yet"
        )
    }

    private func due(_ source: InstanceSnapshot, _ rule: DecisionRule, _ confidence: Double, in steps: Range<Int>)
        -> Due?
    {
        let aggregate = current[source.id]
        guard
            let crossing = aggregate.crossing(of: threshold(of: source.id), confidence: confidence, in: steps),
            let overload = expectedOverload(of: source, in: current, steps: crossing.step..<crossing.step + 1)
        else { return nil }
        var evidence = Evidence(overload, at: now, measuredLoad: source.measuredLoad)
        evidence.confidenceNeeded = confidence
        let needed = "needed \(Wording.percent(confidence))"
        return Due(
            rule: rule,
            evidence: evidence,
            reason: "\(description(of: overload)), \(needed); \(Wording.span(overload.at - now)) to overload"
        )
    }

    /// The target stays under its threshold, or at least less overload is left in total.
    private func fits(_ move: MoveInFlight) -> Bool {
        let (level, steps, segment) = (outlook.grid.planning, horizon.indices, outlook[move.segment])
        let (source, target) = (current[move.source], current[move.target])
        let limit = threshold(of: move.target)
        if target.peak(level, over: steps, changedBy: segment, sign: 1) <= limit { return true }
        let before =
            source.pain(over: threshold(of: move.source), steps: steps) + target.pain(over: limit, steps: steps)
        let after =
            source.pain(over: threshold(of: move.source), steps: steps, changedBy: segment, sign: -1)
            + target.pain(over: limit, steps: steps, changedBy: segment, sign: 1)
        return after < before
    }

    private mutating func noteTargetTooFull(_ move: MoveInFlight) {
        var evidence = Evidence()
        evidence.destinationCapacity = capacity(of: move.target)
        evidence.threshold = threshold(of: move.target)
        let peak = current[move.target].peak(
            outlook.grid.planning,
            over: horizon.indices,
            changedBy: outlook[move.segment],
            sign: 1
        )
        evidence.destinationPeakAfter = peak
        let sentence =
            "would cut \(move.segment) over, but \(move.target) would reach \(Wording.decimal(peak)), over "
            + "\(Wording.decimal(threshold(of: move.target))), without less overload in total"
        note(record(.refuse, .targetTooFull, move: move, evidence: evidence, sentence: sentence))
    }

    private mutating func noteNotDue(_ move: MoveInFlight, source: InstanceSnapshot) {
        var evidence = Evidence()
        evidence.measuredLoad = source.measuredLoad
        evidence.confidenceNeeded = configuration.confidenceLevel
        var reason = "no overload of \(source.id) is expected any more"
        if let overload = expectedOverload(of: source, in: current, steps: horizon.indices) {
            evidence = Evidence(overload, at: now, measuredLoad: source.measuredLoad)
            evidence.confidenceNeeded = configuration.confidenceLevel
            reason = "\(description(of: overload)), which is \(Wording.span(overload.at - now)) away"
        }
        let sentence = "\(move.segment) is ready on \(move.target) and waits: \(reason)"
        note(record(.wait, .overloadNotNear, move: move, evidence: evidence, sentence: sentence))
    }
}
