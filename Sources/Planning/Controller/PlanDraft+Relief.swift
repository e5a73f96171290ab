// How an expected overload is met.
//
// 1. An instance exceeds its threshold with `prepareConfidence` at a step that a move started now could still help,
//    with every move in flight counted as done.
// 2. The segments that must leave it are chosen, with their destinations.
//    The policy that weighs prices leaves it at that where the overload costs less than meeting it.
// 3. They are scheduled into the slots: the last must be cut over before the overload, or before a freeze that comes
//    first. While there is time beyond the slack nothing starts, because the forecast gets better.
// 4. Those whose slot is now are prepared; instances they need are leased. The rest is planned anew next time.

import ClusterModel

extension PlanDraft {
    /// The policy that weighs prices makes the reliefs by each preference, when instances have to be opened for them, and
    /// keeps those that cost least.
    mutating func relieve() {
        var best = relieved(by: .fewestMoves)
        if configuration.policy == .horizon, best.reliefAccount.opensInstances {
            for preference in ReliefPreference.allCases where preference != .fewestMoves {
                let other = relieved(by: preference)
                if other.reliefAccount < best.reliefAccount { best = other }
            }
        }
        self = best
    }

    private func relieved(by preference: ReliefPreference) -> PlanDraft {
        var draft = self
        draft.reliefPreference = preference
        draft.relieveAll()
        return draft
    }

    private mutating func relieveAll() {
        let overloads = snapshot.instances.filter(\.isOurs)
            .filter { expectedOverload(of: $0, in: committed, steps: helpfulSteps(for: $0.id)) != nil }
            .compactMap { expectedOverload(of: $0, in: committed, steps: horizon.indices) }
            .filter { configuration.policy.looksAhead || measuredOver.contains($0.instance) }
            .sorted { ($1.priority, $0.instance) < ($0.priority, $1.instance) }
        var schedule = MoveSchedule(now: now, configuration: configuration, busy: busyMoves())
        for overload in overloads { relieve(overload, &schedule) }
    }

    private mutating func relieve(_ overload: ExpectedOverload, _ schedule: inout MoveSchedule) {
        guard let source = instances[overload.instance] else { return }
        let evidence = Evidence(overload, at: now, measuredLoad: source.measuredLoad)
        if let freeze {
            let sentence =
                "would relieve \(overload.instance), but starts are frozen until \(clock(freeze.end)) "
                + "(\(freeze.reason)): \(description(of: overload))"
            return note(record(.refuse, .frozen, source: source.id, evidence: evidence, sentence: sentence))
        }
        let selection = selection(for: source)
        guard !selection.reliefs.isEmpty else { return noteNoRelief(overload, evidence: evidence) }
        if configuration.policy == .horizon, !overload.isMeasured {
            let worth = worth(of: selection, from: source)
            guard worth.pays else { return noteNotWorthIt(worth, overload, evidence) }
        }
        var trial = schedule
        let timing = timing(of: selection.reliefs, overload: overload, &trial)
        let isDue = timing.startBy <= now + configuration.startSlack
        // What is needed soon is not given back meanwhile.
        if isDue { account(for: selection) }
        if isDue || configuration.policy != .horizon { spokenFor.formUnion(selection.reliefs.map(\.destination)) }
        guard isDue else { return noteNotYet(selection.reliefs, overload, timing, evidence) }
        schedule = trial
        start(selection.reliefs, overload, timing, evidence)
        if selection.excess > 0 { notePartial(selection, overload, evidence) }
    }

    /// The steps that end after the quickest move from this instance could be ready.
    func helpfulSteps(for instance: InstanceID) -> Range<Int> {
        let quickest = snapshot.segments.filter { $0.owner == instance }.map(\.timeToMove).min() ?? .zero
        return min(horizon.firstStep(endingAfter: now + quickest), horizon.count - 1)..<horizon.count
    }

    private func busyMoves() -> [(source: InstanceID, until: Timestamp)] {
        moves.filter { $0.phase == .preparing }.map { move in
            let whole = segments[move.segment]?.timeToMove ?? .zero
            // A move that is overdue is assumed to need a tenth of its time more.
            let least = now + .seconds(whole.inSeconds / 10)
            return (move.source, max(least, move.startedAt + whole))
        }
    }

    func selection(for source: InstanceSnapshot) -> ReliefSelection {
        let moving = Set(snapshot.moves.map(\.segment))
        let movable = snapshot.segments.filter { segment in
            segment.owner == source.id && !moving.contains(segment.id) && obstacle(to: segment) == nil
        }
        // What is only shown must not stand in the way of what can be done.
        let most = movable.map { mode(of: $0.id) }.max()
        let candidates = movable.filter { mode(of: $0.id) == most }
        let destinations = undoubted.compactMap { instance -> Destination? in
            guard instance.role == .contingent || configuration.policy == .horizon, instance.id != source.id else {
                return nil
            }
            let isOpen = instance.isOurs || spokenFor.contains(instance.id)
            return Destination(instance, capacity: capacity(of: instance.id), isOpen: isOpen)
        }
        return ReliefSelection(
            source: source,
            capacity: capacity(of: source.id),
            steps: helpfulSteps(for: source.id),
            outlook: outlook,
            configuration: configuration,
            book: committed,
            candidates: candidates,
            destinations: destinations,
            homeZones: instances.mapValues(\.zone),
            preference: reliefPreference
        )
    }

    private mutating func account(for selection: ReliefSelection) {
        let opened = opened(by: selection)
        let hours = (horizon.ends[horizon.count - 1] - now).inSeconds / 3600
        reliefAccount.price += opened.reduce(0) { $0 + (instances[$1]?.costPerHour ?? 0) } * hours
        reliefAccount.price += configuration.prices.perMove * Double(selection.reliefs.count)
        if !opened.isEmpty { reliefAccount.opensInstances = true }
        if !selection.isComplete { reliefAccount.incomplete += 1 }
    }

    struct ReliefTiming {
        /// When each relief's slot begins, in order.
        var starts: [Timestamp] = []
        /// From now until the last is cut over, if the first starts now.
        var needed: Duration
        /// The latest moment at which the first must start.
        var startBy: Timestamp
    }

    private func timing(
        of reliefs: [Relief],
        overload: ExpectedOverload,
        _ schedule: inout MoveSchedule
    ) -> ReliefTiming {
        var timing = ReliefTiming(needed: .zero, startBy: now)
        for relief in reliefs {
            let ready = now + (instances[relief.destination]?.readyWithin ?? .zero)
            let slot = schedule.place(from: overload.instance, lasting: relief.segment.timeToMove, notBefore: ready)
            timing.starts.append(slot.start)
            timing.needed = max(timing.needed, slot.ready - now)
        }
        timing.needed += .seconds(configuration.cutOverTime.inSeconds * Double(reliefs.count))
        timing.startBy = deadline(for: overload, needing: timing.needed) - timing.needed - configuration.deadlineLead
        return timing
    }

    /// The overload, or the beginning of a freeze that leaves too little time before it.
    private func deadline(for overload: ExpectedOverload, needing needed: Duration) -> Timestamp {
        let obstructing = snapshot.freezes.filter {
            $0.start > now && $0.start < overload.at && $0.end + needed + configuration.deadlineLead > overload.at
        }
        return obstructing.map(\.start).min() ?? overload.at
    }

    private mutating func start(
        _ reliefs: [Relief],
        _ overload: ExpectedOverload,
        _ timing: ReliefTiming,
        _ evidence: Evidence
    ) {
        var waiting: [SegmentID] = []
        for (index, relief) in reliefs.enumerated() {
            committed.move(relief.segment.id, to: relief.destination)
            guard timing.starts[index] <= now || !isReady(relief.destination),
                budget.allowsCopy(from: overload.instance)
            else {
                waiting.append(relief.segment.id)
                continue
            }
            guard budget.allowsStream(from: overload.instance) else {
                noteStreamLimit(relief, overload, evidence)
                continue
            }
            guard budget.allowsBeginning else {
                noteHourlyLimit(relief, overload, evidence)
                continue
            }
            let evidence = self.evidence(of: relief, count: reliefs.count, timing: timing, overload, evidence)
            guard leaseIfNeeded(relief.destination, for: relief.segment.id, evidence, overload) else {
                noteSpendingLimit(relief, overload, evidence)
                continue
            }
            guard isReady(relief.destination) else {
                noteArriving(relief, overload, evidence)
                continue
            }
            prepare(relief, rank: index, overload, evidence)
        }
        if !waiting.isEmpty { noteQueued(waiting, overload, evidence) }
    }

    func isReady(_ instance: InstanceID) -> Bool {
        switch instances[instance]?.availability {
        case .active, .warm: true
        case .arriving, .obtainable, .unavailable, nil: false
        }
    }

    /// False when that would cost more than may be spent.
    private mutating func leaseIfNeeded(
        _ id: InstanceID, for segment: SegmentID, _ evidence: Evidence, _ overload: ExpectedOverload
    ) -> Bool {
        guard let instance = instances[id], !instance.isOurs else { return true }
        if let ordered = plan.actions.firstIndex(where: { $0.kind == .lease(id) }) {
            // For another segment, with which less may be done.
            if mode(of: plan.actions[ordered].record.segment) < mode(of: segment) {
                plan.actions[ordered].record.segment = segment
                plan.actions[ordered].authority = plan.actions[ordered].kind.authority(in: mode(of: segment))
            }
            return true
        }
        guard budget.allowsLease(of: instance) else { return false }
        budget.leaseOrdered(of: instance)
        let sentence =
            "lease \(id) in zone \(instance.zone) to relieve \(overload.instance): \(description(of: overload))"
        let rule = overload.isMeasured ? DecisionRule.overloadMeasured : .overloadForecast
        order(
            .lease(id),
            record(
                .act, rule, segment: segment, source: overload.instance, destination: id, evidence: evidence,
                sentence: sentence)
        )
        return true
    }

    private mutating func prepare(_ relief: Relief, rank: Int, _ overload: ExpectedOverload, _ evidence: Evidence) {
        budget.prepareOrdered(from: overload.instance)
        let directive = MigrationDirective(
            segmentID: relief.segment.id,
            destination: relief.destination,
            priority: overload.priority / Double(rank + 1)
        )
        let rule =
            relief.tier == .partial
            ? .partialRelief : overload.isMeasured ? DecisionRule.overloadMeasured : .overloadForecast
        let hot = relief.tier == .partial ? "; everything is hot, this takes away the most overload in total" : ""
        let sentence =
            "prepare \(relief.segment.id) from \(overload.instance) to \(relief.destination): "
            + "\(description(of: overload)); \(Wording.span(overload.at - now)) to overload, "
            + "\(Wording.span(.seconds(evidence.secondsToMove ?? 0))) to move \(evidence.movesNeeded ?? 1); "
            + "then \(overload.instance) peaks at \(Wording.decimal(relief.sourcePeakAfter)) and "
            + "\(relief.destination) at \(Wording.decimal(relief.destinationPeakAfter))\(hot)"
        order(
            .prepare(directive),
            record(
                .act,
                rule,
                segment: relief.segment.id,
                source: overload.instance,
                destination: relief.destination,
                evidence: evidence,
                alternatives: relief.alternatives,
                sentence: sentence
            )
        )
    }

    private func evidence(
        of relief: Relief,
        count: Int,
        timing: ReliefTiming,
        _ overload: ExpectedOverload,
        _ evidence: Evidence
    ) -> Evidence {
        var evidence = evidence
        evidence.confidenceNeeded = configuration.prepareConfidence
        evidence.secondsToMove = timing.needed.inSeconds
        evidence.movesNeeded = count
        evidence.startBy = timing.startBy
        evidence.sourcePeakBefore = overload.peak.quantile(configuration.planningQuantile)
        evidence.sourcePeakAfter = relief.sourcePeakAfter
        evidence.destinationPeakAfter = relief.destinationPeakAfter
        evidence.destinationCapacity = capacity(of: relief.destination)
        return evidence
    }
}
