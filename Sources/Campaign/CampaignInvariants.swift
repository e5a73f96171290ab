// What must hold, whatever fails. Each check is of the world as it is, so that a test can break the world and see it.

import ClusterModel
import ContingentPool
import Migration
import Planning

extension CampaignWorld {
    private static let brokenMax = 3

    mutating func broken(_ what: String) {
        guard outcome.broken.count < Self.brokenMax else { return }
        outcome.broken.append("seed \(day.seed), \(now): \(what)")
    }

    /// After every tick, also while Foreshard is dead.
    mutating func check() {
        checkOwners()
        checkMoves()
        checkMembers()
        checkOscillation()
    }

    private mutating func checkOwners() {
        for (segment, owner) in owners.sorted(by: { $0.key < $1.key }) where !isHome(owner) {
            // A dead Foreshard has decided and not yet told the pool: then the instance is reserved for it.
            guard members[owner]?.state.isLent == true else {
                return broken("\(segment) is on \(owner), which is \(members[owner]?.state.kind.rawValue ?? "unknown")")
            }
        }
    }

    private mutating func checkMoves() {
        var moving: Set<SegmentID> = []
        for move in moves where !move.state.isOver {
            if !moving.insert(move.segment).inserted { broken("\(move.segment) is in two moves") }
            let owner = move.state.owner == .source ? move.source : move.target
            if owners[move.segment] != owner {
                broken(
                    "\(move.id) is \(move.state), and \(move.segment) is on \(owners[move.segment]?.text ?? "nothing")")
            }
            for end in move.ends where !isHome(end) && members[end]?.state.mayBeOccupied != true {
                broken("\(move.id) needs \(end), which is \(members[end]?.state.kind.rawValue ?? "unknown")")
            }
        }
    }

    private mutating func checkMembers() {
        let existing = members.values.count { $0.state != .absent && $0.state != .retired }
        if existing > day.contingents.count { broken("\(existing) members of \(day.contingents.count)") }
        for (id, member) in members where member.state.lease != nil && isOccupied(id) {
            broken("\(id) is lent to others and holds something of ours")
        }
    }

    /// A lease has an epoch of its own; one holder at a time.
    mutating func checkTransition(from before: PoolMember, to after: PoolMember) {
        if after.leaseEpoch < before.leaseEpoch { broken("\(after.id) goes back to lease \(after.leaseEpoch)") }
        if let lease = after.state.lease, before.state.lease == nil, lease.epoch <= before.leaseEpoch {
            broken("\(after.id) gives lease \(lease.epoch) out again")
        }
        if let old = before.state.lease, let new = after.state.lease, old.epoch != new.epoch {
            broken("\(after.id) goes from lease \(old.epoch) to \(new.epoch)")
        }
        let leavesLessee = before.state.lease != nil && after.state.lease == nil
        if leavesLessee, ![.wiping, .active].contains(after.state.kind) {
            broken("\(after.id) is \(after.state.kind.rawValue) with a lessee's data on it")
        }
    }

    /// Nothing that is needed is emptied or removed.
    mutating func checkEmptying(_ action: PoolAction, _ id: InstanceID) {
        switch action {
        case .wipe, .retire, .discard, .provision, .seed, .warm:
            if isOccupied(id) { broken("\(id) is needed, and the pool orders \(action)") }
        case .nothing, .resume, .revive, .drain, .revoke, .announce, .cutOff, .evict, .alarm: break
        }
    }

    /// At most twice within an hour: out, and home again. A revert and what a person ordered are no plan's wish, but the
    /// plan's changes around them count.
    private mutating func checkOscillation() {
        let hour = Duration.seconds(3600)
        for (segment, all) in changes {
            guard let last = all.last, last.at == now else { continue }
            // A clock that jumps ends cool-downs: by that clock it was long ago.
            if jumpedAt.contains(where: { now - $0 < hour }) { continue }
            let recent = all.filter { now - $0.at < hour && $0.isByPlan }.count
            outcome.changesPerHourMax = max(outcome.changesPerHourMax, recent)
            if recent > 2 { broken("\(segment) changed owner \(recent) times within an hour") }
        }
    }

    // MARK: Plans

    mutating func check(_ plan: Plan, of snapshot: ClusterSnapshot) {
        for action in plan.actions {
            if action.record.sentence.isEmpty { broken("\(action.kind) without a reason") }
            checkZone(action)
            checkPossible(action)
            guard case .prepare = action.kind, action.record.rule != .partialRelief,
                action.record.rule != .peakOver, let peak = action.record.evidence.destinationPeakAfter,
                let capacity = action.record.evidence.destinationCapacity
            else { continue }
            if peak > plan.overloadThreshold * capacity * 1.000001 { broken("overfilled: \(action.record.sentence)") }
        }
        checkInFlight(plan, snapshot)
        if snapshot.freezes.contains(where: { $0.covers(snapshot.now) }) { checkFrozen(plan) }
    }

    /// No plan orders what the mover must refuse: a move of a segment whose last one is not over, or one to where it is.
    private mutating func checkPossible(_ action: PlannedAction) {
        guard let directive = action.directive else { return }
        if moves.contains(where: { $0.segment == directive.segmentID && !$0.state.isOver }) {
            broken("the last move of \(directive.segmentID) is not over, and yet: \(action.record.sentence)")
        }
        if owners[directive.segmentID] == directive.destination { broken("in vain: \(action.record.sentence)") }
    }

    /// Where another zone is required, nothing goes to a contingent instance in the zone of its home.
    private mutating func checkZone(_ action: PlannedAction) {
        guard day.planning.antiAffinity == .require, let directive = action.directive,
            let target = day.contingents.first(where: { $0.id == directive.destination }),
            let home = day.homes.first(where: { $0.id == day.homeOf[directive.segmentID] })
        else { return }
        if target.zone == home.zone { broken("the same zone: \(action.record.sentence)") }
    }

    /// Orders keep to the limits, unless what people ordered is over them already: then there is none.
    private mutating func checkInFlight(_ plan: Plan, _ snapshot: ClusterSnapshot) {
        let limits = day.planning
        var copies: [InstanceID: Int] = [:]
        var streams: [InstanceID: Int] = [:]
        for move in snapshot.moves {
            streams[move.source, default: 0] += 1
            if move.phase == .preparing { copies[move.source, default: 0] += 1 }
        }
        for directive in plan.directives {
            guard let source = owners[directive.segmentID] else { continue }
            copies[source, default: 0] += 1
            streams[source, default: 0] += 1
            let all = copies.values.reduce(0, +)
            if copies[source, default: 0] > limits.movesInFlightPerSourceMax {
                broken("too many copies from \(source)")
            }
            if all > limits.movesInFlightMax { broken("\(all) copies at once") }
            if streams[source, default: 0] > limits.openStreamsPerSourceMax { broken("too many streams of \(source)") }
        }
    }

    private mutating func checkFrozen(_ plan: Plan) {
        for action in plan.actions {
            switch action.kind {
            case .prepare, .returnHome, .cutOver: broken("frozen, and yet: \(action.record.sentence)")
            case .lease, .revert, .keep, .abort, .giveBack: break
            }
        }
    }

    /// By the clock that the controller sees.
    mutating func checkMovesPerHour() {
        if let most = day.planning.movesPerHourMax, begunByPlans.count > most {
            broken("\(begunByPlans.count) moves within an hour, \(most) allowed")
        }
    }

    /// A plan that leases keeps to the limit with everything that is ours.
    mutating func checkSpending(after plan: Plan) {
        let leased = plan.actions.filter { if case .lease = $0.kind { true } else { false } }
        guard !leased.isEmpty, let most = day.planning.contingentCostPerHourMax else { return }
        let cost = day.contingents.reduce(0) { sum, instance in
            guard let member = members[instance.id] else { return sum }
            return sum + (member.state.isLent || member.claim != nil ? instance.costPerHour : 0)
        }
        if cost > most * 1.000001 { broken("\(cost) an hour are leased, \(most) are allowed") }
    }

    // MARK: Rest

    /// Home, given back, nothing under way, as many warm as wanted.
    var isAtRest: Bool { whatDoesNotRest == nil }

    var whatDoesNotRest: String? {
        if deadUntil != nil { return "Foreshard is dead" }
        if let away = owners.first(where: { day.homeOf[$0.key] != $0.value }) {
            return "\(away.key) is on \(away.value)"
        }
        if let move = moves.first { return "\(move.id) is \(move.state)" }
        let busy = members.values.first {
            ![.absent, .idleCold, .warm, .quarantined, .retired].contains($0.state.kind)
        }
        if let busy { return "\(busy.id) is \(busy.state.kind.rawValue)" }
        if !replenishment.isEmpty { return "too few are warm" }
        return nil
    }

    mutating func checkRest() {
        guard let what = whatDoesNotRest else { return }
        let why = lastPlan?.notes.map(\.sentence).joined(separator: "; ") ?? "there was no plan"
        broken("not at rest \(CampaignDay.quietHoursMax) hours after the day: \(what): \(why)")
    }
}
