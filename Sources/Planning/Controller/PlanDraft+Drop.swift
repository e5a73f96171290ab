import ClusterModel

extension PlanDraft {
    /// Forgets prepared moves that lost their reason: nothing has changed owner yet, so it costs only the copy.
    mutating func dropUnneeded() {
        for move in moves where move.phase.isBeforeCutOver { dropIfTargetLost(move) }
        for move in moves where move.phase.isBeforeCutOver && memory.wasReverted(move.id) {
            drop(move, .watchRevert, Evidence(), "it was reverted, and its end came to nothing")
        }
        for instance in snapshot.instances {
            dropReturns(to: instance)
            dropReliefs(of: instance)
        }
    }

    private mutating func dropIfTargetLost(_ move: MoveInFlight) {
        guard let target = instances[move.target] else { return drop(move, .targetLost, Evidence(), "it is gone") }
        if case .unavailable(let reason) = target.availability { return drop(move, .targetLost, Evidence(), reason) }
        if let doubt = doubt(about: target.id) {
            drop(move, .targetDoubted, Evidence(), doubt.reason)
        }
    }

    /// A home that is now expected to overload takes nothing back; the coolest returns may stay in hand.
    private mutating func dropReturns(to home: InstanceSnapshot) {
        let returns = moves.filter { $0.target == home.id && $0.phase.isBeforeCutOver && isReturn($0) }
            .sorted { outlook[$0.segment].medians[0] > outlook[$1.segment].medians[0] }
        for move in returns {
            guard let overload = expectedOverload(of: home, in: committed, steps: horizon.indices) else { return }
            let evidence = Evidence(overload, at: now, measuredLoad: home.measuredLoad)
            drop(move, .homeTooHot, evidence, description(of: overload))
        }
    }

    /// The source would stay under its threshold without any of its moves, and several plans agree on it.
    private mutating func dropReliefs(of source: InstanceSnapshot) {
        let reliefs = moves.filter { $0.source == source.id && $0.phase.isBeforeCutOver && !isReturn($0) }
        let probability = current[source.id].highestProbability(
            exceeding: threshold(of: source.id),
            in: horizon.indices
        )
        let calm = probability < configuration.dropConfidence && !measuredOver.contains(source.id)
        let agreed = ControllerMemory.count(!reliefs.isEmpty && calm, source.id, in: &memory.dropAgreed)
        guard agreed >= configuration.dropPlans else { return }
        var evidence = agreement(agreed, of: configuration.dropPlans, evidence: Evidence())
        evidence.capacity = capacity(of: source.id)
        evidence.threshold = threshold(of: source.id)
        evidence.measuredLoad = source.measuredLoad
        evidence.probability = probability
        evidence.confidenceNeeded = configuration.dropConfidence
        let reason =
            "\(source.id) exceeds \(Wording.decimal(threshold(of: source.id))) with probability \(Wording.percent(probability)) "
            + "at most, under \(Wording.percent(configuration.dropConfidence)) in \(agreed) plans"
        for move in reliefs { drop(move, .forecastWithdrawn, evidence, reason) }
    }

    private mutating func drop(_ move: MoveInFlight, _ rule: DecisionRule, _ evidence: Evidence, _ reason: String) {
        undo(move)
        let sentence = "drop the move of \(move.segment) to \(move.target): \(reason)"
        order(.abort(move.id), record(.act, rule, move: move, evidence: evidence, sentence: sentence))
    }
}
