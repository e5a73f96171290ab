// The life of one pool member as a value: no clock, no connection, no store.
// An event that does not fit the state changes nothing and throws: it is late, or a caller's mistake, and the driver
// knows which.
//
// Invariant: a member that the catalog needs (`isOccupied`) is never emptied and never out of use. Whatever would make
// it so makes it active instead; `on` is the only place that says so. Standbys of homes, and homes' servers, are apart:
// PoolMember+Standby.
import ClusterModel

/// One instance of the pool.
package struct PoolMember: Hashable, Sendable {
    package let id: InstanceID
    /// The provider's name.
    package let provider: String
    package let zone: Zone
    package private(set) var state: PoolMemberState
    /// Where it listens; nil before it first ran.
    package private(set) var endpoint: Endpoint?
    /// That of the last lease; grows with each and never returns.
    package private(set) var leaseEpoch: LeaseEpoch
    /// Who gets it as soon as it is warm again.
    package private(set) var claim: PoolHolder?
    /// When it came into its state; nil when nobody said.
    package private(set) var since: Timestamp?

    /// A new member is absent; a stored one is as it was stored.
    package init(
        id: InstanceID,
        provider: String,
        zone: Zone,
        state: PoolMemberState = .absent,
        endpoint: Endpoint? = nil,
        leaseEpoch: LeaseEpoch = .none,
        claim: PoolHolder? = nil,
        since: Timestamp? = nil
    ) {
        self.id = id
        self.provider = provider
        self.zone = zone
        self.state = state
        self.endpoint = endpoint
        self.leaseEpoch = max(leaseEpoch, state.lease?.epoch ?? .none)
        self.claim = claim
        self.since = since
    }

    /// Takes the event in and says what has to be done once the new state is durable.
    /// - Parameter isOccupied: whether the catalog knows of anything on it that is needed: segments, unfinished moves,
    ///   objects of moves.
    /// - Parameter now: the time of the new state, and by which leases begin and end.
    package mutating func on(
        _ event: PoolEvent, isOccupied: Bool, at now: Timestamp = Timestamp(milliseconds: 0)
    ) throws(UnexpectedPoolEvent) -> PoolAction {
        guard var (next, action) = step(event, isOccupied, now) else {
            throw UnexpectedPoolEvent(member: id, state: state, event: event)
        }
        if isOccupied, !next.mayBeOccupied {
            let sentence = "is needed, so it is not \(next.kind.rawValue) but active"
            (next, action) = (.active, state.lease.map { .evict($0, sentence) } ?? .revive(sentence))
        }
        claim = claim(after: event, next)
        if next.kind != state.kind { since = now }
        leaseEpoch = max(leaseEpoch, next.lease?.epoch ?? .none)
        state = next
        switch event {
        case .warmed(let endpoint), .resumed(let endpoint), .seeded(let endpoint): self.endpoint = endpoint
        default: break
        }
        return action
    }

    typealias Step = (PoolMemberState, PoolAction)

    private func step(_ event: PoolEvent, _ isOccupied: Bool, _ now: Timestamp) -> Step? {
        if state.home != nil { return onStandby(event, isOccupied) }
        return switch (state, event) {
        case (.absent, .provisioningRequested): (.provisioning, .provision)
        case (.provisioning, .provisioned): (.idleCold, .nothing)
        case (.idleCold, .warmingRequested): (.warming, .warm)
        case (.warming, .warmed): (claim.map { .reserved($0) } ?? .warm, .nothing)
        case (.warm, .reserved(let holder)): (.reserved(holder), .nothing)
        // Given back too early, set aside, whatever: a segment is here, so it is in use.
        case (_, .activated): (.active, activation)
        case (_, .givenBack) where claim != nil: (state, .nothing)
        case (.reserved, .givenBack), (.active, .givenBack), (.draining, .givenBack): (.draining, .drain)
        case (.draining, .drained): (.wiping, .wipe)
        case (.wiping, .wiped): (.idleCold, .nothing)
        // A move may have left something on it, so it is drained before it is wiped.
        case (.quarantined, .cleared): (.draining, .drain)
        case (.reserved, .resumed), (.active, .resumed), (.draining, .resumed): (state, .nothing)
        case (_, .operationFailed(let reason)): onOperationFailed(reason, now)
        case (_, .checkFailed(let reason)): onCheckFailed(reason, isOccupied, now)
        case (_, .retirementRequested): onRetirementRequested
        case (_, .recovered): onRecovered(now)
        case (_, .lent), (_, .admitted), (_, .renewed), (_, .recalled), (_, .needed), (_, .leaseClock),
            (_, .lesseeCutOff):
            onLease(event, now)
        case (.leased, .resumed), (.revoking, .resumed): (state, .nothing)
        case (_, .seedingRequested): claim == nil ? onStandby(event, isOccupied) : nil
        default: nil
        }
    }

    /// A lessee who is still on a member that is needed has to leave first.
    private var activation: PoolAction {
        if let lease = state.lease { return .evict(lease, "owns segments") }
        return state.shouldAnswer ? .nothing : .revive("owns segments: started")
    }

    private func claim(after event: PoolEvent, _ next: PoolMemberState) -> PoolHolder? {
        guard next.canBeClaimed else { return nil }
        switch event {
        case .needed(let holder): return holder
        case .givenBack: return nil
        default: return claim
        }
    }

    private func onOperationFailed(_ reason: String, _ now: Timestamp) -> Step? {
        switch state {
        case .provisioning, .warming, .wiping: (.quarantined(reason: reason), .alarm("is quarantined: \(reason)"))
        // It did not come up again, and holds what nobody else has.
        case .reserved, .active, .draining: (state, .alarm("could not be started: \(reason)"))
        case .granting(let lease): ended(lease, because: .notGranted(reason), at: now)
        case .leased(let lease): ended(lease, because: .failed(reason), at: now)
        case .revoking(let revocation): ended(revocation)
        // Emptying removes what cutting off could not.
        case .ending: (.wiping, .wipe)
        case .absent, .idleCold, .warm, .quarantined, .retired, .seeding, .standby, .promoted: nil
        }
    }

    private func onCheckFailed(_ reason: String, _ isOccupied: Bool, _ now: Timestamp) -> Step? {
        switch state {
        case .warm: (.quarantined(reason: reason), .alarm("is quarantined: \(reason)"))
        case .reserved(let holder) where !isOccupied: (.quarantined(reason: reason), .revoke(holder))
        // Only a move can take away what is on it, so its state stays what it is.
        case .reserved, .active, .draining: (state, .revive("is needed and does not answer: \(reason)"))
        case .leased(let lease): ended(lease, because: .failed(reason), at: now)
        case .revoking(let revocation): ended(revocation)
        case .absent, .provisioning, .idleCold, .warming, .granting, .ending, .wiping, .quarantined, .retired,
            .seeding, .standby, .promoted:
            nil
        }
    }

    private var onRetirementRequested: Step? {
        switch state {
        case .absent, .idleCold, .warm, .quarantined: (.retired, .retire)
        case .provisioning, .warming, .granting, .leased, .revoking, .ending, .reserved, .active, .draining, .wiping,
            .seeding, .standby, .promoted, .retired:
            nil
        }
    }

    /// What is known to be unneeded is made anew; what may be needed is started as it is.
    private func onRecovered(_ now: Timestamp) -> Step? {
        switch state {
        case .provisioning: (.absent, .discard)
        case .warming, .warm, .wiping: (.wiping, .wipe)
        // Whoever still cleans up on a draining member needs it running; upkeep drains it again.
        case .reserved, .active, .draining, .leased, .revoking: (state, .resume)
        case .granting(let lease):
            ended(lease, because: .notGranted("the pool stopped before its holder was let in"), at: now)
        case .ending(let revocation): (state, .cutOff(revocation))
        case .absent, .idleCold, .quarantined: (state, .nothing)
        case .seeding, .standby, .promoted: nil
        case .retired: (state, .retire)
        }
    }
}
