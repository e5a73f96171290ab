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
            case .revert(let evidence) where evidence.reason == .latency && !hasRoom(move.source, for: move.segment):
                noteNoWayBack(move, evidence)
            case .revert(let evidence):
                memory.reverted(move, at: now, reason: evidence.sentence, configuration: configuration)
                undo(move)
                budget.cutOverOrdered(from: move.source)
                let what = "revert \(move.segment) from \(move.target) to \(move.source)"
                order(.revert(move.id), record(move, .watchRevert, evidence, what))
            }
        }
    }

    /// Whether the instance stays under its threshold in the next steps with one more segment.
    private func hasRoom(_ instance: InstanceID, for segment: SegmentID) -> Bool {
        let soon = horizon.steps(beginningBefore: now + configuration.confidentLead)
        let peak = current[instance].peak(outlook.grid.median, over: soon, changedBy: outlook[segment], sign: 1)
        return peak <= threshold(of: instance)
    }

    /// A segment that became slower would be slower still where it came from. Errors are another matter.
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
