// The way back of the horizon policy: fewer instances whenever that pays.
//
// A contingent instance is emptied when all its segments have room elsewhere, at home first, else with others, to the end
// of the horizon; and when the hours of it that this saves cost more than the moves, there and back again. A calm that
// lasts to the end of the horizon is expected to go on for as long again, or for as long as it has lasted: without that
// an instance with many guests would be kept for ever.

import ClusterModel

extension PlanDraft {
    mutating func gather() {
        for instance in spokenFor { memory.noCalm(on: instance) }
        let contingents = snapshot.instances.filter {
            $0.role == .contingent && $0.isOurs && !spokenFor.contains($0.id)
        }
        .map { (instance: $0, load: committed[$0.id].medians[0]) }
        .sorted { ($0.load, $0.instance.id) < ($1.load, $1.instance.id) }
        for contingent in contingents where !isTaking(contingent.instance.id) { gather(from: contingent.instance) }
    }

    /// Whether a move brings it a segment: it was chosen to take, so it is not emptied meanwhile.
    private func isTaking(_ instance: InstanceID) -> Bool {
        moves.contains { $0.target == instance && ($0.phase.isBeforeCutOver || $0.phase == .cuttingOver) }
            || plan.directives.contains { $0.destination == instance } || gatheredOn.contains(instance)
    }

    /// Whether it will not be moved for good, so that the others would leave for nothing.
    private func isFixed(_ guest: SegmentSnapshot) -> Bool {
        guest.hold?.hasEnd == false || mode(of: guest.id) < configuration.mode
    }

    private struct Gathering {
        var targets: [(guest: SegmentSnapshot, target: InstanceID)] = []
        /// The first segment that has no room elsewhere.
        var stuck: SegmentID?
        /// The fullest of those that take them, with them.
        var evidence = Evidence()
        var hoursSaved = 0.0
        var price = 0.0
    }

    private mutating func gather(from contingent: InstanceSnapshot) {
        let guests = snapshot.segments.filter { committed.locations[$0.id] == contingent.id }
        guard !guests.isEmpty else { return memory.noCalm(on: contingent.id) }
        if let fixed = guests.first(where: isFixed) {
            memory.noCalm(on: contingent.id)
            let why = fixed.hold?.reason ?? "its group is in mode \(mode(of: fixed.id).rawValue)"
            let sentence = "\(contingent.id) keeps \(guests.count) segments: \(fixed.id) stays, \(why)"
            return note(
                record(
                    .wait, .resting, segment: fixed.id, source: contingent.id, evidence: Evidence(), sentence: sentence)
            )
        }
        let isCounting = memory.returnAgreed[contingent.id] != nil
        let limit = min(
            configuration.gatherLimit + (isCounting ? configuration.returnHysteresis : 0),
            configuration.overloadThreshold)
        let gathering = gathering(guests, from: contingent, limit: limit)
        memory.calmSince[contingent.id] = gathering.stuck == nil ? memory.calmSince[contingent.id] ?? now : nil
        let pays = gathering.hoursSaved * contingent.costPerHour > gathering.price
        let agreed = ControllerMemory.count(
            gathering.stuck == nil && pays, contingent.id, in: &memory.returnAgreed)
        var evidence = agreement(agreed, of: configuration.returnPlans, evidence: gathering.evidence)
        evidence.capacity = capacity(of: contingent.id)
        evidence.movesNeeded = guests.count
        if let stuck = gathering.stuck {
            let sentence =
                "\(contingent.id) keeps \(guests.count) segments: no other instance stays under "
                + "\(Wording.percent(limit)) of its capacity with \(stuck)"
            return note(
                record(.wait, .peakAhead, segment: stuck, source: contingent.id, evidence: evidence, sentence: sentence)
            )
        }
        let account =
            "\(Wording.decimal(gathering.hoursSaved)) hours of \(contingent.id) are worth "
            + "\(Wording.decimal(gathering.hoursSaved * contingent.costPerHour)), \(guests.count) moves there and back cost "
            + Wording.decimal(gathering.price)
        guard pays else {
            let sentence = "\(contingent.id) keeps \(guests.count) segments: \(account)"
            return note(record(.wait, .notWorthIt, source: contingent.id, evidence: evidence, sentence: sentence))
        }
        guard agreed >= configuration.returnPlans else {
            let sentence =
                "\(contingent.id) could be emptied (\(account)); \(agreed) of \(configuration.returnPlans) plans agree"
            return note(record(.wait, .agreementPending, source: contingent.id, evidence: evidence, sentence: sentence))
        }
        for (guest, target) in gathering.targets {
            committed.move(guest.id, to: target)
            gatheredOn.insert(target)
        }
        for (guest, target) in gathering.targets { send(guest, from: contingent, to: target, evidence, account) }
    }

    /// Hottest first, each to its home or else to the fullest instance that has room for it.
    private func gathering(
        _ guests: [SegmentSnapshot], from contingent: InstanceSnapshot, limit: Double
    ) -> Gathering {
        var gathering = Gathering()
        var trial = committed
        let takers = snapshot.instances.filter { other in
            other.isOurs && other.id != contingent.id && !measuredOver.contains(other.id) && isReady(other.id)
                && (other.role == .home || trial.isUsed(other.id)) && doubt(about: other.id) == nil
        }
        let hottestFirst = guests.sorted {
            (outlook[$1.id].medians[0], $0.id) < (outlook[$0.id].medians[0], $1.id)
        }
        var fullest: (peak: Double, capacity: Double)?
        for guest in hottestFirst {
            let room = takers.filter { $0.role == .contingent || $0.id == guest.home }
                .filter { isAllowed($0, for: guest) }
                .compactMap { taker -> (id: InstanceID, isHome: Bool, left: Double)? in
                    let left = limit * capacity(of: taker.id) - highest(trial[taker.id], with: outlook[guest.id])
                    return left >= 0 ? (taker.id, taker.id == guest.home, left) : nil
                }
            guard let best = room.min(by: { ($1.isHome ? 1 : 0, $0.left, $0.id) < ($0.isHome ? 1 : 0, $1.left, $1.id) })
            else {
                gathering.stuck = guest.id
                return gathering
            }
            trial.move(guest.id, to: best.id)
            let peak = limit * capacity(of: best.id) - best.left
            if peak / capacity(of: best.id) > fullest.map({ $0.peak / $0.capacity }) ?? 0 {
                fullest = (peak, capacity(of: best.id))
            }
            gathering.targets.append((guest, best.id))
        }
        let ahead = horizon.ends[horizon.count - 1] - now
        let calm = ahead + max(ahead, memory.calmSince[contingent.id].map { now - $0 } ?? .zero)
        gathering.hoursSaved = max(0, (calm - movingTime(of: guests)).inSeconds / 3600)
        gathering.evidence.destinationPeakAfter = fullest?.peak
        gathering.evidence.destinationCapacity = fullest?.capacity
        gathering.price = 2 * configuration.prices.perMove * Double(guests.count)
        return gathering
    }

    /// At the return quantile, nearly certain: segments that were gathered too early leave again in the worst moment.
    private func highest(_ taker: LoadAggregate, with guest: SegmentOutlook) -> Double {
        taker.peak(outlook.grid.returning, over: horizon.indices, changedBy: guest, sign: 1)
    }

    /// Until all of these are elsewhere, side by side as far as the limits let them.
    private func movingTime(of guests: [SegmentSnapshot]) -> Duration {
        let sum = guests.reduce(0) { $0 + $1.timeToMove.inSeconds }
        let longest = guests.map(\.timeToMove.inSeconds).max() ?? 0
        return .seconds(max(longest, sum / Double(configuration.movesInFlightPerSourceMax)))
    }

    private mutating func send(
        _ guest: SegmentSnapshot, from contingent: InstanceSnapshot, to target: InstanceID, _ evidence: Evidence,
        _ reason: String
    ) {
        let what = "move \(guest.id) from \(contingent.id) to \(target), to give \(contingent.id) back"
        func postpone(_ draft: inout PlanDraft, _ rule: DecisionRule, _ why: String) {
            draft.note(
                draft.record(
                    .wait, rule, segment: guest.id, source: contingent.id, destination: target, evidence: evidence,
                    sentence: "would \(what), but \(why)"))
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
        memory.gathered[guest.id] = target
        let directive = MigrationDirective(segmentID: guest.id, destination: target, priority: 0)
        order(
            target == guest.home ? .returnHome(directive) : .prepare(directive),
            record(
                .act, .peakOver, segment: guest.id, source: contingent.id, destination: target, evidence: evidence,
                sentence: "\(what): \(reason)"))
    }
}
