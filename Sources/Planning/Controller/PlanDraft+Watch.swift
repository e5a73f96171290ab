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
            case .revert(let evidence):
                memory.reverted(move, at: now, reason: evidence.sentence, configuration: configuration)
                undo(move)
                budget.cutOverOrdered(from: move.source)
                let what = "revert \(move.segment) from \(move.target) to \(move.source)"
                order(.revert(move.id), record(move, .watchRevert, evidence, what))
            }
        }
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
