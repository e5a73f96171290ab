// The moves of the campaign, driven as `MoveRun` and `MoveService` drive them, with waits in place of SQL.

import ClusterModel
import Migration
import Planning
import Simulation

extension CampaignWorld {
    private static let grace = Duration.seconds(900)

    @discardableResult
    mutating func begin(_ segment: SegmentID, to target: InstanceID, byPerson: Bool) -> MoveID? {
        guard let source = owners[segment], source != target, !moves.contains(where: { $0.segment == segment }),
            isHome(target) || members[target]?.state.isLent == true
        else { return nil }
        movesNamed += 1
        let id = MoveID("m\(movesNamed)")
        var move = CampaignMove(
            id: id, segment: segment, source: source, target: target, isByPerson: byPerson, startedAt: seen)
        move.cutsOverWhenReady = byPerson
        moves.append(move)
        outcome.movesBegun += 1
        drive(id, .started)
        return id
    }

    /// Work that has ended, watches, and what is left to be done about moves on which nobody works.
    mutating func tendMoves() {
        for id in moves.map(\.id) {
            guard deadUntil == nil, let index = index(of: id) else { continue }
            if let end = moves[index].workEndsAt {
                guard end <= now else { continue }
                moves[index].workEndsAt = nil
                drive(id, workSucceeds(moves[index]) ? .stepsDone : .stepFailed)
                continue
            }
            switch moves[index].state {
            case .probation, .ready: sample(index)
            case .retained: if (moves[index].retainedUntil ?? seen) <= seen { drive(id, .cleanRequested) }
            case .finished, .aborted: break
            case .planned, .prechecked, .prepared, .streaming, .copied, .fenced, .switchDecided, .revertFenced,
                .revertDecided, .finalizing, .cleaning, .aborting:
                drive(id, .resumed)
            }
        }
        moves.removeAll(where: \.state.isOver)
    }

    func index(of id: MoveID) -> Int? { moves.firstIndex { $0.id == id } }

    /// Takes the move as far as the event leads: to a state in which it rests, or waits for its work.
    mutating func drive(_ id: MoveID, _ event: MoveEvent) {
        guard let index = index(of: id) else { return }
        var decision = MoveStateMachine(moves[index].state).on(event)
        // Decided states are repeated; here they are given up at the first failure, and taken up at the next tick.
        for _ in 0..<64 {
            switch decision {
            case .refuse, .rest: return movePaused(id)
            case .advance(let next):
                advance(index, to: next)
                decision = next.isResting ? .rest : .work
            case .decide(let next):
                decide(index, next)
                decision = .work
            case .undo(let next):
                advance(index, to: next)
                moves[index].isToBeAborted = false
                outcome.movesFailed += 1
                decision = event == .abortRequested ? MoveStateMachine(next).on(event) : .rest
            case .work:
                if happens(day.rates.crashInStep) { return die() }
                if let wait = duration(ofWorkIn: moves[index]) {
                    moves[index].workEndsAt = now + wait
                    return
                }
                let succeeds = workSucceeds(moves[index])
                decision = MoveStateMachine(moves[index].state).on(succeeds ? .stepsDone : .stepFailed)
                if !succeeds, decision == .work { return movePaused(id) }
            }
        }
        broken("move \(id) never comes to rest")
    }

    private mutating func advance(_ index: Int, to next: MoveState) {
        if next == .aborting { outcome.movesFailed += 1 }
        moves[index].state = next
        if next == .retained { moves[index].retainedUntil = seen + Self.grace }
        if next == .probation { moves[index].watch.cutOverCompleted(at: seen) }
    }

    private mutating func decide(_ index: Int, _ next: MoveState) {
        let move = moves[index]
        moves[index].state = next
        let owner = next.owner == .source ? move.source : move.target
        if owners[move.segment] == owner {
            broken("\(move.id) makes \(owner) the owner of \(move.segment), which it is")
        }
        owners[move.segment] = owner
        outcome.changesOfOwner += 1
        if next == .revertDecided { outcome.reverts += 1 }
        if next == .switchDecided, happens(day.rates.sickTargets) { sick.insert(owner) }
        let isByPlan = next == .switchDecided && !move.isByPerson
        changes[move.segment, default: []].append(OwnerChange(at: now, isByPlan: isByPlan))
    }

    private mutating func movePaused(_ id: MoveID) {
        activateOwners()
        guard let index = index(of: id) else { return }
        if moves[index].isToBeAborted, moves[index].state == .ready { return drive(id, .abortRequested) }
        if moves[index].cutsOverWhenReady, moves[index].state == .ready {
            moves[index].cutsOverWhenReady = false
            drive(id, .cutOverRequested)
        }
    }

    /// Nil for work that is done at once.
    private mutating func duration(ofWorkIn move: CampaignMove) -> Duration? {
        if happens(day.rates.slow) { return .seconds(dice.uniform(60...3600)) }
        guard move.state == .streaming else { return nil }
        return .seconds((day.timeToMove[move.segment]?.inSeconds ?? 0) * dice.uniform(0.5...1.1))
    }

    private mutating func workSucceeds(_ move: CampaignMove) -> Bool {
        move.ends.allSatisfy(isUp) && !happens(day.rates.moveStep)
    }

    /// Five intervals of measurements. On a sick instance everything takes five times as long.
    private mutating func sample(_ index: Int) {
        let move = moves[index]
        let owner = owners[move.segment] ?? move.source
        for part in 1...5 {
            let at = seen - CampaignDay.step + .seconds(CampaignDay.step.inSeconds * Double(part) / 5)
            let moved = CohortSample(
                statements: 1000, p99Seconds: (sick.contains(owner) ? 0.1 : 0.02) * dice.uniform(0.9...1.1))
            let unmoved = CohortSample(statements: 1000, p99Seconds: 0.02 * dice.uniform(0.9...1.1))
            _ = moves[index].watch.sampled(WatchSample(at: at, moved: moved, unmoved: unmoved))
        }
    }
}
