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
        case .recovered: "was taken up after a restart"
        }
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
    /// Remove everything from it: `wiped` or `operationFailed` follows.
    case wipe
    /// Remove what a half-done provisioning left.
    case discard
    /// Remove the instance for good.
    case retire
    /// Tell the holder that it lost the instance.
    case revoke(PoolHolder)
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
