// What happens to a member that is the physical standby of a home, or became the home's server.
//
// Invariant: a standby that is needed, because a takeover by it is not done, stays what it is; and nothing but a takeover
// by somebody else changes a promoted member. Neither is ever active, drained, lent or retired: the segments on a promoted
// member are the home's, under the home's id.
import ClusterModel

extension PoolMember {
    /// Of a member in one of these states, whatever the event; of any other, the events about standbys.
    func onStandby(_ event: PoolEvent, _ isOccupied: Bool) -> Step? {
        switch state {
        case .seeding(let home): onSeeding(event, home)
        case .standby(let home): onFollowing(event, home, isOccupied)
        case .promoted(let home): onPromoted(event, home)
        // What is warm holds no row.
        case .absent, .idleCold, .warm:
            if case .seedingRequested(let home) = event { (.seeding(home), .seed(home)) } else { nil }
        case .provisioning, .warming, .granting, .leased, .revoking, .ending, .reserved, .active, .draining,
            .wiping, .quarantined, .retired:
            nil
        }
    }

    private func onSeeding(_ event: PoolEvent, _ home: InstanceID) -> Step? {
        switch event {
        case .seeded: (.standby(home), .nothing)
        // Tried again from the beginning: the home may just not have answered.
        case .operationFailed, .standbyLost, .recovered: (.wiping, .wipe)
        default: nil
        }
    }

    private func onFollowing(_ event: PoolEvent, _ home: InstanceID, _ isOccupied: Bool) -> Step? {
        switch event {
        case .resumed: (state, .nothing)
        case .tookOver: (.promoted(home), .nothing)
        case .standbyLost where !isOccupied: (.wiping, .wipe)
        // It may be all that is left of its home, so it is started as it is. Whoever sees the home alive says that it is lost.
        case .checkFailed(let reason): (state, .revive("is the standby of \(home) and does not answer: \(reason)"))
        case .operationFailed(let reason):
            (state, .alarm("is the standby of \(home) and could not be started: \(reason)"))
        case .activated: (state, .alarm("is said to own segments, and is the standby of \(home)"))
        case .recovered: (state, .resume)
        default: nil
        }
    }

    private func onPromoted(_ event: PoolEvent, _ home: InstanceID) -> Step? {
        switch event {
        case .resumed: (state, .nothing)
        case .superseded(let other):
            (.quarantined(reason: "was the server of \(home) until \(other) took over"), .nothing)
        // Its standby takes over: two that mend it at once would make two primaries. The pool knows whether there is one.
        case .checkFailed(let reason): (state, .alarm("is the server of \(home) and does not answer: \(reason)"))
        case .operationFailed(let reason):
            (state, .alarm("is the server of \(home) and could not be started: \(reason)"))
        case .activated: (state, .nothing)
        case .recovered: (state, .resume)
        default: nil
        }
    }
}
