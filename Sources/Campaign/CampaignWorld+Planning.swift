// What the controller sees, and how it is obeyed: as `Coordinator` does it.

import ClusterModel
import ContingentPool
import Migration
import Planning
import Simulation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The last forecast, or none.
struct CampaignForecasts: Sendable {
    var issuedAt: Timestamp?
    var steps: [Timestamp] = []
    var segments: [SegmentID: [LoadDistribution]] = [:]
}

extension CampaignWorld {
    private static let holder = PoolHolder.named("controller")
    private static let forecastEvery = Duration.seconds(1800)
    private static let forecastSteps = 12
    private static let normal: [(level: Double, z: Double)] = [
        (0.05, -1.645), (0.25, -0.674), (0.5, 0), (0.75, 0.674), (0.95, 1.645), (0.99, 2.326),
    ]

    mutating func plan() {
        forecast()
        let snapshot = snapshot()
        let plan = controller.plan(snapshot)
        // Written down before it is obeyed.
        memory = controller.memory
        outcome.plans += 1
        lastPlan = plan
        let seen = seen
        begunByPlans.removeAll { seen - $0 >= .seconds(3600) }
        check(plan, of: snapshot)
        for action in plan.actions where action.isExecutable {
            guard deadUntil == nil else { return }
            obey(action)
        }
        checkSpending(after: plan)
    }

    private mutating func obey(_ action: PlannedAction) {
        switch action.kind {
        case .lease(let id): lease(id)
        case .prepare(let directive), .returnHome(let directive):
            guard begin(directive.segmentID, to: directive.destination, byPerson: false) != nil else { return }
            begunByPlans.append(seen)
            checkMovesPerHour()
        case .cutOver(let id): if rests(id, in: .ready) { drive(id, .cutOverRequested) }
        case .revert(let id):
            guard rests(id, in: .probation), let index = index(of: id) else { return }
            moves[index].isToBeAborted = true
            drive(id, .revertRequested)
            if let index = self.index(of: id), moves[index].state == .probation { moves[index].isToBeAborted = false }
        case .keep(let id): if rests(id, in: .probation) { drive(id, .finalizeRequested) }
        case .abort(let id):
            guard let index = index(of: id), moves[index].phase == .preparing || moves[index].phase == .ready else {
                return
            }
            moves[index].workEndsAt = nil
            drive(id, .abortRequested)
        case .giveBack(let id):
            guard !owners.values.contains(id), !moves.contains(where: { $0.phase != nil && $0.ends.contains(id) })
            else {
                return
            }
            if send(.givenBack, to: id) { outcome.givenBack += 1 }
        }
    }

    private func rests(_ id: MoveID, in state: MoveState) -> Bool {
        moves.contains { $0.id == id && $0.state == state && $0.workEndsAt == nil }
    }

    /// A warm one that answers; one that is lent is called back.
    mutating func lease(_ id: InstanceID) {
        switch members[id]?.state {
        case .warm:
            send(.reserved(for: Self.holder), to: id)
            outcome.leases += 1
            if !isUp(id) { send(.checkFailed(reason: "did not answer when it was to be lent"), to: id) }
        case .leased, .revoking:
            send(.needed(by: Self.holder), to: id)
            outcome.recalls += 1
        default: break
        }
    }

    // MARK: People

    mutating func letPeopleOrder() {
        guard happens(day.rates.orders * CampaignDay.step.inSeconds / 3600) else { return }
        outcome.ordersByPeople += 1
        let all = members.keys.sorted()
        let member = all.isEmpty ? nil : all[Int(dice.uniform(0...Double(all.count) - 0.01))]
        switch Int(dice.uniform(0...4.99)) {
        case 0, 1:
            let segments = day.truth.segments
            let segment = segments[Int(dice.uniform(0...Double(segments.count) - 0.01))]
            let target = dice.uniform(0...1) < 0.5 ? day.homeOf[segment] : member
            guard let target else { return }
            if members[target]?.state == .warm { lease(target) }
            begin(segment, to: target, byPerson: true)
        case 2: if let member { send(.recalled(immediately: dice.uniform(0...1) < 0.5), to: member) }
        case 3: if let member { send(.cleared, to: member) }
        default:
            let unwell = members.values.filter { $0.state.kind == .quarantined }.map(\.id).sorted().first
            if let unwell, !isOccupied(unwell) { send(.retirementRequested, to: unwell) }
        }
    }

    // MARK: Seeing

    private mutating func forecast() {
        if let issued = forecasts.issuedAt, now - issued < Self.forecastEvery { return }
        if happens(day.forecast.missing) {
            outcome.forecastsMissing += 1
            // Two intervals late it counts no more.
            if let issued = forecasts.issuedAt, now - issued >= Self.forecastEvery * 2 {
                forecasts = CampaignForecasts()
            }
            return
        }
        forecasts = CampaignForecasts(issuedAt: now)
        let width = Duration.seconds(600)
        forecasts.steps = (1...Self.forecastSteps).map { seen + .seconds(width.inSeconds * Double($0)) }
        let wrong = isStormy ? day.forecast : ForecastFaults()
        for segment in day.truth.segments {
            let error = exp(wrong.sigma * 0.5 * dice.normal()) * wrong.factor
            forecasts.segments[segment] = (0..<Self.forecastSteps).compactMap { step in
                let at = now + .seconds(width.inSeconds * (Double(step) + 0.5)) - wrong.delay
                var mean = day.truth.load(of: segment, at: at) * error
                if let phantom = wrong.phantom, width * step >= phantom.lead { mean *= phantom.factor }
                let spread = wrong.sigma * (Double(step + 1) / Double(Self.forecastSteps)).squareRoot()
                return LoadDistribution(
                    Self.normal.map { QuantileValue(level: $0.level, value: mean * max(0, 1 + spread * $0.z)) })
            }
        }
    }

    func snapshot() -> ClusterSnapshot {
        var loads: [InstanceID: Double] = [:]
        let segments = day.truth.segments.map { id in
            let owner = owners[id] ?? ""
            let load = isUp(owner) ? day.truth.load(of: id, at: now) : 0
            loads[owner, default: 0] += load
            return SegmentSnapshot(
                id: id, home: day.homeOf[id] ?? "", owner: owner, measuredLoad: load,
                forecast: forecasts.segments[id] ?? [], timeToMove: day.timeToMove[id] ?? .zero, hold: hold(on: id))
        }
        let homes = day.homes.map { home in
            var home = home
            home.measuredLoad = loads[home.id] ?? 0
            return home
        }
        let contingents = day.contingents.compactMap { instance -> InstanceSnapshot? in
            guard let member = members[instance.id], member.endpoint != nil else { return nil }
            var contingent = instance
            contingent.availability = availability(of: member)
            contingent.measuredLoad = loads[instance.id] ?? 0
            return contingent
        }
        let inFlight = moves.compactMap { move in
            move.phase.map {
                MoveInFlight(
                    id: move.id, segment: move.segment, source: move.source, target: move.target, phase: $0,
                    startedAt: move.startedAt)
            }
        }
        return ClusterSnapshot(
            now: seen, steps: forecasts.steps, instances: homes + contingents, segments: segments, moves: inFlight,
            freezes: freezes)
    }

    /// Another move would be in the way of the last one, which is being tidied up.
    private func hold(on segment: SegmentID) -> Hold? {
        moves.first { $0.segment == segment && $0.phase == nil }.map { move in
            Hold(until: max(move.retainedUntil ?? seen, seen) + .seconds(60), reason: "\(move.id) is being tidied up")
        }
    }
}
