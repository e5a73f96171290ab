import ClusterModel

/// What happened to a pool member, or what somebody asks of it.
package enum PoolEvent: Hashable, Sendable {
    case provisioningRequested
    case provisioned
    case warmingRequested
    case warmed(at: Endpoint)
    /// It runs again with what it held, perhaps at another address.
    case resumed(at: Endpoint)
    case reserved(for: PoolHolder)
    /// The routing table names it as an owner of segments.
    case activated
    /// The holder, or whoever moved the segments home, needs it no more.
    case givenBack
    /// Nothing on it is needed any more.
    case drained
    case wiped
    /// What the last action asked for failed.
    case operationFailed(reason: String)
    /// It failed as many health checks in a row as the pool forgives.
    case checkFailed(reason: String)
    /// A person looked at it and wants it back in use, emptied.
    case cleared
    case retirementRequested
    /// Somebody else is to have it.
    case lent(LeaseTerms)
    /// The lessee's role and database are there.
    case admitted
    /// The lessee lives, and has the member until then if that is later than agreed.
    case renewed(LeaseEpoch, until: Timestamp?)
    /// A person wants it back, with the notice that was agreed or without.
    case recalled(immediately: Bool)
    /// The service wants it back; it is reserved for that holder as soon as it is warm.
    case needed(by: PoolHolder)
    /// Time has passed: what is due of the lease becomes so. Heartbeats could be heard since `listeningSince`.
    case leaseClock(listeningSince: Timestamp)
    /// The lessee can do nothing any more.
    case lesseeCutOff
    /// It is to be a physical standby of that home.
    case seedingRequested(of: InstanceID)
    /// It is a standby that runs.
    case seeded(at: Endpoint)
    /// As a standby it is of no use any more, for that reason, and the home lives without it.
    case standbyLost(reason: String)
    /// It took over from the server of its home.
    case tookOver
    /// Another server took over from it.
    case superseded(by: String)
    /// The pool's process started again: what was under way is not, and no server of ours runs.
    case recovered
}

extension PoolEvent: CustomStringConvertible {
    package var description: String {
        switch self {
        case .provisioningRequested: "is being made"
        case .provisioned: "was made"
        case .warmingRequested: "is being started and given roles and schema"
        case .warmed: "is warm"
        case .resumed(let endpoint): "runs again at \(endpoint)"
        case .reserved(let holder): "was lent to \(holder)"
        case .activated: "owns segments"
        case .givenBack: "was given back"
        case .drained: "is being emptied: nothing on it is needed"
        case .wiped: "was emptied"
        case .operationFailed(let reason): "failed: \(reason)"
        case .checkFailed(let reason): "is unwell: \(reason)"
        case .cleared: "was cleared for use by a person"
        case .retirementRequested: "was retired"
        case .lent(let terms): "is being lent to \(terms.holder): \(terms.purpose)"
        case .admitted: "was lent: the lessee has its role and database"
        case .renewed(let epoch, _): "had its lease \(epoch) renewed"
        case .recalled(let immediately): "was recalled\(immediately ? " at once" : "")"
        case .needed(let holder): "is needed by \(holder)"
        case .leaseClock: "came to the end of its lease, or of its lessee's heartbeat"
        case .lesseeCutOff: "has no lessee any more: its role is locked, its sessions ended"
        case .seedingRequested(let home): "is being made a standby of \(home)"
        case .seeded: "is a standby"
        case .standbyLost(let reason): "is of no use as a standby: \(reason)"
        case .tookOver: "took over: it is its home's server now"
        case .superseded(let other): "is its home's server no more: \(other) took over"
        case .recovered: "was taken up after a restart"
        }
    }
}

extension PoolEvent {
    /// So frequent that the audit would be full of it, and would say nothing.
    var isRoutine: Bool {
        if case .renewed(_, until: nil) = self { true } else { false }
    }
}

/// What the pool does next for a member, once its state is durable.
package enum PoolAction: Hashable, Sendable {
    case nothing
    /// Make the instance: `provisioned` or `operationFailed` follows.
    case provision
    /// Start it and give it roles and schema: `warmed` or `operationFailed` follows.
    case warm
    /// Start it with whatever it holds, because somebody needs it: `resumed` or `operationFailed` follows.
    case resume
    /// The same, and tell people: what is needed does not answer, or was about to be lost.
    case revive(String)
    /// Find out whether anything on it is still needed: `drained` follows when not; else it is asked again later.
    case drain
    /// Make it a copy of that home and start it: `seeded` or `operationFailed` follows.
    case seed(InstanceID)
    /// Remove everything from it: `wiped` or `operationFailed` follows.
    case wipe
    /// Remove what a half-done provisioning left.
    case discard
    /// Remove the instance for good.
    case retire
    /// Tell the holder that it lost the instance.
    case revoke(PoolHolder)
    /// Tell the lessee that it has until the deadline.
    case announce(Revocation)
    /// Lock the lessee's role and end its sessions: `lesseeCutOff` or `operationFailed` follows.
    case cutOff(Revocation)
    /// The same, but what is on the member is needed after all: start it, and tell people.
    case evict(Lease, String)
    /// Tell people: nothing here can mend it.
    case alarm(String)
}

/// An event that does not fit the member's state.
package struct UnexpectedPoolEvent: Error, Hashable, CustomStringConvertible {
    package let member: InstanceID
    package let state: PoolMemberState
    package let event: PoolEvent

    package var description: String { "\(member) is \(state.kind.rawValue); this cannot follow: it \(event)" }
}
