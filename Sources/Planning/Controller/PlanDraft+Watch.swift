import ClusterModel

extension PlanDraft {
    /// Ends watched moves as their watch decided. A revert is safety: not even a freeze stops it.
    mutating func obeyWatch() {
        for move in snapshot.moves {
            guard case .probation(let verdict) = move.phase else { continue }
            switch verdict {
            case .waiting: break
            case .keep(let evidence):
                memory.kept(move)
                moves.removeAll { $0.id == move.id }
                order(.keep(move.id), record(move, .watchKeep, evidence, "keep \(move.segment) on \(move.target)"))
            case .revert(let evidence) where wouldHarmMore(move, evidence): noteNoWayBack(move, evidence)
            case .revert(let evidence):
                memory.reverted(move, at: now, reason: evidence.sentence, configuration: configuration)
                undo(move)
                budget.cutOverOrdered(from: move.source)
                let what = "revert \(move.segment) from \(move.target) to \(move.source)"
                order(.revert(move.id), record(move, .watchRevert, evidence, what))
            }
        }
    }

    /// Whether the segment became slower but would be slower still on an instance that is over its threshold with it. Only
    /// where instances are filled so far that a peak shows in latencies; errors and a lost target are other matters.
    private func wouldHarmMore(_ move: MoveInFlight, _ watch: WatchEvidence) -> Bool {
        guard configuration.policy == .horizon, watch.reason == .latency, isReady(move.target) else { return false }
        let soon = horizon.steps(beginningBefore: now + configuration.confidentLead)
        let peak = current[move.source].peak(
            outlook.grid.median, over: soon, changedBy: outlook[move.segment], sign: 1)
        return peak > threshold(of: move.source)
    }

    private mutating func noteNoWayBack(_ move: MoveInFlight, _ watch: WatchEvidence) {
        let sentence =
            "would revert \(move.segment) from \(move.target) to \(move.source), but \(move.source) would be over its "
            + "threshold with it: \(watch.sentence)"
        var evidence = Evidence()
        evidence.watch = watch
        evidence.capacity = capacity(of: move.source)
        evidence.threshold = threshold(of: move.source)
        note(record(.refuse, .targetTooFull, move: move, evidence: evidence, sentence: sentence))
    }

    private func record(
        _ move: MoveInFlight,
        _ rule: DecisionRule,
        _ watch: WatchEvidence,
        _ what: String
    ) -> DecisionRecord {
        var evidence = Evidence()
        evidence.watch = watch
        return record(.act, rule, move: move, evidence: evidence, sentence: "\(what): \(watch.sentence)")
    }
}
