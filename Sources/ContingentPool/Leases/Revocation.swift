// The end of a lease as a value: why, since when, and the moment at which nobody asks the holder any more.
import ClusterModel

/// Why a lease ends.
package enum LeaseEnd: Hashable, Sendable, Codable {
    case expired
    /// The holder did not renew within its heartbeat.
    case heartbeatMissed
    /// A person called it back.
    case recalled
    /// The service needs the member.
    case needed(PoolHolder)
    /// The member failed.
    case failed(String)
    /// The holder was never let in.
    case notGranted(String)
}

extension LeaseEnd: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expired: "it expired"
        case .heartbeatMissed: "its holder did not renew it in time"
        case .recalled: "a person recalled it"
        case .needed(let holder): "\(holder) needs the instance"
        case .failed(let reason), .notGranted(let reason): reason
        }
    }

    /// Of a small set: fit for a filter.
    package var kind: String {
        switch self {
        case .expired: "expired"
        case .heartbeatMissed: "heartbeat_missed"
        case .recalled: "recalled"
        case .needed: "needed"
        case .failed: "failed"
        case .notGranted: "not_granted"
        }
    }
}

/// A lease that is coming to its end.
package struct Revocation: Hashable, Sendable, Codable {
    package let lease: Lease
    package let reason: LeaseEnd
    package let orderedAt: Timestamp
    /// The hard end: from here on the holder is cut off, whatever it does.
    package let deadline: Timestamp

    package init(of lease: Lease, because reason: LeaseEnd, orderedAt: Timestamp, deadline: Timestamp) {
        self.lease = lease
        self.reason = reason
        self.orderedAt = orderedAt
        self.deadline = deadline
    }

    /// With the notice that was agreed.
    init(of lease: Lease, because reason: LeaseEnd, at now: Timestamp) {
        self.init(of: lease, because: reason, orderedAt: now, deadline: lease.deadline(revokedAt: now))
    }

    /// The same, over at `moment` if that is earlier.
    func shortened(to moment: Timestamp, because reason: LeaseEnd) -> Revocation {
        guard moment < deadline else { return self }
        return Revocation(of: lease, because: reason, orderedAt: orderedAt, deadline: moment)
    }
}
