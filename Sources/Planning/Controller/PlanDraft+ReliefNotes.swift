// The waits and refusals of the relief rule: one record for each instance and reason, however many segments it concerns.

import ClusterModel

extension PlanDraft {
    /// Nothing can leave the instance: because nothing may, or because nothing could take it.
    mutating func noteNoRelief(_ overload: ExpectedOverload, evidence: Evidence) {
        let owned = snapshot.segments.filter { $0.owner == overload.instance }
        let moving = Set(snapshot.moves.map(\.segment))
        let held = owned.compactMap { segment -> Alternative? in
            if moving.contains(segment.id) {
                return Alternative(segment: segment.id, rejectedBecause: "is already moving")
            }
            guard let hold = obstacle(to: segment) else { return nil }
            return Alternative(
                segment: segment.id,
                rejectedBecause: words(for: hold)
            )
        }
        let free = owned.count - held.count
        let hottest = owned.filter { segment in !held.contains { $0.segment == segment.id } }
            .max { $0.measuredLoad < $1.measuredLoad }
        let pool = poolObstacles(for: owned)
        let zone = antiAffinityObstacle(for: owned)
        let (rule, reason) =
            free == 0
            ? (DecisionRule.noCandidate, "none of its \(owned.count) segments may move now")
            : zone.map { (.zoneForbidden, $0) } ?? (
                .noTarget,
                pool.isUsable ? "no instance of the pool could take any without more harm" : "the pool is empty"
            )
        let what =
            hottest.map { "would move \($0.id) off \(overload.instance)" } ?? "would relieve \(overload.instance)"
        note(
            record(
                .refuse,
                rule,
                segment: hottest?.id,
                source: overload.instance,
                evidence: evidence,
                alternatives: Array((held + pool.alternatives).prefix(configuration.alternativesMax)),
                sentence: "\(what), but \(reason): \(description(of: overload))"
            )
        )
    }

    /// When every instance that could be had is in the zone of the segments' homes, and none there is allowed.
    private func antiAffinityObstacle(for segments: [SegmentSnapshot]) -> String? {
        let pool = snapshot.instances.filter { $0.role == .contingent && $0.readyWithin != nil }
        guard !pool.isEmpty, !pool.contains(where: { one in segments.contains { isAllowed(one, for: $0) } }) else {
            return nil
        }
        let zones = Set(pool.map(\.zone)).sorted().map(\.text).joined(separator: ", ")
        return "no instance of the pool is in another zone than the homes (\(zones)), and pool.anti_affinity is require"
    }

    /// The contingent instances, each with why it is no help.
    private func poolObstacles(for segments: [SegmentSnapshot]) -> (isUsable: Bool, alternatives: [Alternative]) {
        let pool = snapshot.instances.filter { $0.role == .contingent }
        let alternatives = pool.map { instance in
            if case .unavailable(let reason) = instance.availability {
                return Alternative(instance: instance.id, rejectedBecause: "unavailable: \(reason)")
            }
            if let doubt = doubt(about: instance.id) {
                return Alternative(
                    instance: instance.id, rejectedBecause: "gets none until \(clock(doubt.until)): \(doubt.reason)")
            }
            if !instance.isOurs, !budget.allowsLease(of: instance) {
                return Alternative(instance: instance.id, rejectedBecause: spendingLimit(with: instance))
            }
            if let same = segments.first(where: { !isAllowed(instance, for: $0) }) {
                return Alternative(
                    segment: same.id, instance: instance.id,
                    rejectedBecause:
                        "is in zone \(instance.zone) as the segment's home is (pool.anti_affinity: require)")
            }
            let peak = committed[instance.id].peak(outlook.grid.planning, over: horizon.indices)
            return Alternative(
                instance: instance.id,
                rejectedBecause:
                    "peaks at \(Wording.decimal(peak)) of \(Wording.decimal(capacity(of: instance.id))) already"
            )
        }
        return (pool.contains { $0.readyWithin != nil }, alternatives)
    }

    mutating func noteNotYet(
        _ reliefs: [Relief],
        _ overload: ExpectedOverload,
        _ timing: ReliefTiming,
        _ evidence: Evidence
    ) {
        var evidence = evidence
        evidence.secondsToMove = timing.needed.inSeconds
        evidence.movesNeeded = reliefs.count
        evidence.startBy = timing.startBy
        let sentence =
            "will prepare \(names(reliefs.map(\.segment.id))) by \(clock(timing.startBy)): "
            + "\(description(of: overload)); "
            + "\(Wording.span(overload.at - now)) to overload, \(Wording.span(timing.needed)) to move \(reliefs.count)"
        note(
            record(
                .wait,
                .notYet,
                segment: reliefs.first?.segment.id,
                source: overload.instance,
                destination: reliefs.first?.destination,
                evidence: evidence,
                sentence: sentence
            )
        )
    }

    mutating func noteQueued(_ waiting: [SegmentID], _ overload: ExpectedOverload, _ evidence: Evidence) {
        let limits = "\(configuration.movesInFlightPerSourceMax) at a time, \(configuration.movesInFlightMax) in total"
        let sentence =
            "\(names(waiting)) of \(overload.instance) wait for a slot (\(limits)): \(description(of: overload))"
        note(
            record(
                .wait,
                .queued,
                segment: waiting.first,
                source: overload.instance,
                evidence: evidence,
                sentence: sentence
            )
        )
    }

    mutating func noteStreamLimit(_ relief: Relief, _ overload: ExpectedOverload, _ evidence: Evidence) {
        let sentence =
            "would prepare \(relief.segment.id), but \(overload.instance) already feeds "
            + "\(configuration.openStreamsPerSourceMax) streams: \(description(of: overload))"
        note(
            record(
                .refuse,
                .streamLimit,
                segment: relief.segment.id,
                source: overload.instance,
                destination: relief.destination,
                evidence: evidence,
                sentence: sentence
            )
        )
    }

    mutating func noteHourlyLimit(_ relief: Relief, _ overload: ExpectedOverload, _ evidence: Evidence) {
        let sentence =
            "would prepare \(relief.segment.id), but \(hourlyLimit): \(description(of: overload))"
        note(
            record(
                .refuse, .moveLimit, segment: relief.segment.id, source: overload.instance,
                destination: relief.destination, evidence: evidence, sentence: sentence))
    }

    mutating func noteSpendingLimit(_ relief: Relief, _ overload: ExpectedOverload, _ evidence: Evidence) {
        guard let instance = instances[relief.destination] else { return }
        let sentence =
            "would lease \(instance.id) for \(relief.segment.id), but \(spendingLimit(with: instance)): "
            + description(of: overload)
        note(
            record(
                .refuse, .spendingLimit, segment: relief.segment.id, source: overload.instance,
                destination: relief.destination, evidence: evidence, sentence: sentence))
    }

    var hourlyLimit: String { "\(configuration.movesPerHourMax ?? 0) moves began within the last hour, the limit" }

    /// `costs 1.00 an hour more; 2.00 of 2.50 are spent`
    private func spendingLimit(with instance: InstanceSnapshot) -> String {
        "it costs \(Wording.decimal(instance.costPerHour)) an hour more; \(Wording.decimal(budget.costPerHour)) of "
            + "\(Wording.decimal(configuration.contingentCostPerHourMax ?? 0)) are spent"
    }

    mutating func noteArriving(_ relief: Relief, _ overload: ExpectedOverload, _ evidence: Evidence) {
        let within = Wording.span(instances[relief.destination]?.readyWithin ?? .zero)
        let sentence =
            "\(relief.segment.id) waits for \(relief.destination), which is ready within \(within): "
            + description(of: overload)
        note(
            record(
                .wait,
                .targetArriving,
                segment: relief.segment.id,
                source: overload.instance,
                destination: relief.destination,
                evidence: evidence,
                sentence: sentence
            )
        )
    }

    mutating func notePartial(_ selection: ReliefSelection, _ overload: ExpectedOverload, _ evidence: Evidence) {
        var evidence = evidence
        let peak = selection.excess + configuration.reliefTarget * overload.capacity
        evidence.sourcePeakAfter = peak
        let sentence =
            "everything is hot: after \(selection.reliefs.count) moves \(overload.instance) still peaks at "
            + "\(Wording.decimal(peak)) of \(Wording.decimal(overload.capacity)), over its target of "
            + "\(Wording.percent(configuration.reliefTarget))"
        note(record(.refuse, .partialRelief, source: overload.instance, evidence: evidence, sentence: sentence))
    }

    /// `s-1, s-2 and 3 more`
    private func names(_ segments: [SegmentID]) -> String {
        let named = segments.prefix(3).map(\.text).joined(separator: ", ")
        return segments.count > 3 ? "\(named) and \(segments.count - 3) more" : named
    }
}
