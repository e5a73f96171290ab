// The life of one pool member as a value: no clock, no connection, no store.
// An event that does not fit the state changes nothing and throws: it is late, or a caller's mistake, and the driver
// knows which.
//
// Invariant: a member that the catalog needs (`isOccupied`) is never emptied and never out of use. Whatever would make
// it so makes it active instead; `on` is the only place that says so.
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

    /// A new member is absent; a stored one is as it was stored.
    package init(
        id: InstanceID,
        provider: String,
        zone: Zone,
        state: PoolMemberState = .absent,
        endpoint: Endpoint? = nil
    ) {
        self.id = id
        self.provider = provider
        self.zone = zone
        self.state = state
        self.endpoint = endpoint
    }

    /// Takes the event in and says what has to be done once the new state is durable.
    /// - Parameter isOccupied: whether the catalog knows of anything on it that is needed: segments, unfinished moves,
    ///   objects of moves.
    package mutating func on(_ event: PoolEvent, isOccupied: Bool) throws(UnexpectedPoolEvent) -> PoolAction {
        guard var (next, action) = step(event, isOccupied) else {
            throw UnexpectedPoolEvent(member: id, state: state, event: event)
        }
        if isOccupied, !next.mayBeOccupied {
            (next, action) = (.active, .revive("is needed, so it is not \(next.kind.rawValue) but active"))
        }
        state = next
        switch event {
        case .warmed(let endpoint), .resumed(let endpoint): self.endpoint = endpoint
        default: break
        }
        return action
    }

    private typealias Step = (PoolMemberState, PoolAction)

    private func step(_ event: PoolEvent, _ isOccupied: Bool) -> Step? {
        switch (state, event) {
        case (.absent, .provisioningRequested): (.provisioning, .provision)
        case (.provisioning, .provisioned): (.idleCold, .nothing)
        case (.idleCold, .warmingRequested): (.warming, .warm)
        case (.warming, .warmed): (.warm, .nothing)
        case (.warm, .reserved(let holder)): (.reserved(holder), .nothing)
        // Given back too early, set aside, whatever: a segment is here, so it is in use.
        case (_, .activated): (.active, state.shouldAnswer ? .nothing : .revive("owns segments: started"))
        case (.reserved, .givenBack), (.active, .givenBack), (.draining, .givenBack): (.draining, .drain)
        case (.draining, .drained): (.wiping, .wipe)
        case (.wiping, .wiped): (.idleCold, .nothing)
        // A move may have left something on it, so it is drained before it is wiped.
        case (.quarantined, .cleared): (.draining, .drain)
        case (.reserved, .resumed), (.active, .resumed), (.draining, .resumed): (state, .nothing)
        case (_, .operationFailed(let reason)): onOperationFailed(reason)
        case (_, .checkFailed(let reason)): onCheckFailed(reason, isOccupied)
        case (_, .retirementRequested): onRetirementRequested
        case (_, .recovered): onRecovered
        default: nil
        }
    }

    private func onOperationFailed(_ reason: String) -> Step? {
        switch state {
        case .provisioning, .warming, .wiping: (.quarantined(reason: reason), .alarm("is quarantined: \(reason)"))
        // It did not come up again, and holds what nobody else has.
        case .reserved, .active, .draining: (state, .alarm("could not be started: \(reason)"))
        case .absent, .idleCold, .warm, .quarantined, .retired: nil
        }
    }

    private func onCheckFailed(_ reason: String, _ isOccupied: Bool) -> Step? {
        switch state {
        case .warm: (.quarantined(reason: reason), .alarm("is quarantined: \(reason)"))
        case .reserved(let holder) where !isOccupied: (.quarantined(reason: reason), .revoke(holder))
        // Only a move can take away what is on it, so its state stays what it is.
        case .reserved, .active, .draining: (state, .revive("is needed and does not answer: \(reason)"))
        case .absent, .provisioning, .idleCold, .warming, .wiping, .quarantined, .retired: nil
        }
    }

    private var onRetirementRequested: Step? {
        switch state {
        case .absent, .idleCold, .warm, .quarantined: (.retired, .retire)
        case .provisioning, .warming, .reserved, .active, .draining, .wiping, .retired: nil
        }
    }

    /// What is known to be unneeded is made anew; what may be needed is started as it is.
    private var onRecovered: Step? {
        switch state {
        case .provisioning: (.absent, .discard)
        case .warming, .warm, .wiping: (.wiping, .wipe)
        // Whoever still cleans up on a draining member needs it running; upkeep drains it again.
        case .reserved, .active, .draining: (state, .resume)
        case .absent, .idleCold, .quarantined: (state, .nothing)
        case .retired: (state, .retire)
        }
    }
}
