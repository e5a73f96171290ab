// The pool of the campaign, driven as `ContingentPool` drives it: transitions at once, actions after a wait.

import ClusterModel
import ContingentPool
import Migration
import Planning
import Simulation

/// An action that a provider carries out.
struct PoolWork: Sendable {
    let action: PoolAction
    let endsAt: Timestamp
}

extension CampaignWorld {
    static let endpoint = Endpoint(host: "127.0.0.1", port: 5432, database: "app", user: "app", password: nil)

    /// Whether anything on it is needed: segments, unfinished moves.
    func isOccupied(_ id: InstanceID) -> Bool {
        owners.values.contains(id) || moves.contains { !$0.state.isOver && $0.ends.contains(id) }
    }

    /// Whatever the event leads to is carried out. An event that does not fit is late, and nothing happens.
    @discardableResult
    mutating func send(_ event: PoolEvent, to id: InstanceID) -> Bool {
        guard var member = members[id] else { return false }
        let before = member
        let action: PoolAction
        do { action = try member.on(event, isOccupied: isOccupied(id), at: seen) } catch { return false }
        members[id] = member
        checkTransition(from: before, to: member)
        if case .quarantined = member.state { if before.state != member.state { outcome.quarantines += 1 } }
        obey(action, id)
        return true
    }

    private mutating func obey(_ action: PoolAction, _ id: InstanceID) {
        switch action {
        case .nothing, .revoke, .alarm, .announce: break
        case .drain: if !isOccupied(id) { send(.drained, to: id) }
        case .provision, .warm, .resume, .revive, .seed, .wipe, .discard, .retire, .cutOff, .evict:
            checkEmptying(action, id)
            let slow = happens(day.rates.slow)
            let span: Double = slow ? dice.uniform(600...7200) : dice.uniform(5...120)
            underWay[id] = PoolWork(action: action, endsAt: now + .seconds(span))
        }
    }

    mutating func tendPool() {
        endWork()
        tendLeases()
        checkHealth()
        for id in members.keys.sorted() where underWay[id] == nil {
            switch members[id]?.state.kind {
            case .provisioning, .warming, .wiping, .granting, .ending: send(.recovered, to: id)
            case .draining: send(.givenBack, to: id)
            default: break
            }
        }
        replenish()
        lendAndRenew()
    }

    private mutating func endWork() {
        for (id, work) in underWay.sorted(by: { $0.key < $1.key }) where work.endsAt <= now {
            underWay[id] = nil
            checkEmptying(work.action, id)
            if happens(day.rates.poolOperation) {
                outcome.poolFailures += 1
                send(.operationFailed(reason: "the provider failed"), to: id)
                continue
            }
            switch work.action {
            case .provision: send(.provisioned, to: id)
            case .warm:
                down[id] = nil
                send(.warmed(at: Self.endpoint), to: id)
            case .resume, .revive, .evict:
                down[id] = nil
                send(.resumed(at: Self.endpoint), to: id)
            case .wipe:
                sick.remove(id)
                send(.wiped, to: id)
            case .seed: send(.seeded(at: Self.endpoint), to: id)
            case .cutOff: send(.lesseeCutOff, to: id)
            case .nothing, .drain, .discard, .retire, .revoke, .alarm, .announce: break
            }
        }
    }

    private mutating func tendLeases() {
        for id in members.keys.sorted() {
            guard let due = members[id]?.leaseDue(listeningSince: listeningSince), due <= seen else { continue }
            send(.leaseClock(listeningSince: listeningSince), to: id)
        }
    }

    private mutating func checkHealth() {
        for id in members.keys.sorted()
        where members[id]?.state.shouldAnswer == true && underWay[id] == nil && !isUp(id) {
            send(.checkFailed(reason: "it does not answer"), to: id)
        }
    }

    var replenishment: Replenishment {
        let unmade = day.contingents.filter { (members[$0.id]?.state ?? .absent) == .absent }
        return Replenishment(
            of: members.values.sorted { $0.id < $1.id }, floor: day.warm,
            unmade: Dictionary(unmade.map { ($0.zone, 1) }, uniquingKeysWith: +), membersMax: day.contingents.count)
    }

    private mutating func replenish() {
        let plan = replenishment
        for id in plan.toWarm where underWay[id] == nil { send(.warmingRequested, to: id) }
        for zone in plan.toProvision {
            let made = day.contingents.first { instance in
                (members[instance.id]?.state ?? .absent) == .absent && (zone == nil || instance.zone == zone)
                    && underWay[instance.id] == nil
            }
            guard let made else { continue }
            if members[made.id] == nil {
                members[made.id] = PoolMember(id: made.id, provider: "campaign", zone: made.zone)
            }
            send(.provisioningRequested, to: made.id)
        }
    }

    /// The last warm one stays.
    private mutating func lendAndRenew() {
        if happens(day.rates.loans * CampaignDay.step.inSeconds / 3600) {
            let warm = members.values.filter { $0.state == .warm && isUp($0.id) }.map(\.id).sorted()
            if warm.count > 1 {
                let terms = LeaseTerms(
                    holder: "tenant", purpose: "test", pricePerHour: 1, term: .seconds(dice.uniform(600...20_000)),
                    notice: .seconds(dice.uniform(0...900)),
                    heartbeat: dice.uniform(0...1) < 0.5 ? .seconds(900) : nil)
                send(.lent(terms), to: warm[0])
                send(happens(day.rates.poolOperation) ? .operationFailed(reason: "no role") : .admitted, to: warm[0])
                outcome.loans += 1
            }
        }
        for id in members.keys.sorted() {
            // Some lessees forget it.
            if case .leased(let lease)? = members[id]?.state, !happens(0.05) {
                send(.renewed(lease.epoch, until: nil), to: id)
            }
        }
    }

    /// The routing table names these as owners: whatever they were, they are active.
    mutating func activateOwners() {
        for id in Set(owners.values).sorted() where !isHome(id) && members[id]?.state != .active {
            send(.activated, to: id)
        }
    }

    func availability(of member: PoolMember) -> Availability {
        let span = Duration.seconds(120)
        func onItsWay(_ span: Duration) -> Availability {
            member.claim == nil ? .obtainable(within: span) : .arriving(within: span)
        }
        switch member.state {
        case .warm: return .warm
        case .reserved, .active: return .active
        case .leased(let lease): return onItsWay(max(.zero, lease.deadline(revokedAt: seen) - seen) + span)
        case .revoking(let revocation): return onItsWay(max(.zero, revocation.deadline - seen) + span)
        case .granting, .ending, .draining, .wiping, .idleCold, .warming, .provisioning, .absent: return onItsWay(span)
        case .seeding(let home), .standby(let home), .promoted(let home):
            return .unavailable(reason: "a server of \(home)")
        case .quarantined(let reason): return .unavailable(reason: reason)
        case .retired: return .unavailable(reason: "retired")
        }
    }
}
