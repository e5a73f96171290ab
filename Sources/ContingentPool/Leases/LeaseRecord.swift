// What lending brought and idling cost. Written in the transaction that ends what is counted, so nothing is counted
// twice and nothing is lost with a crash.
import ClusterModel

/// A lease that is over.
package struct LeaseRecord: Hashable, Sendable {
    package let member: InstanceID
    package let lease: Lease
    package let reason: LeaseEnd
    /// When the end was ordered.
    package let revokedAt: Timestamp
    /// When the holder could do nothing any more.
    package let endedAt: Timestamp

    package init(
        member: InstanceID, lease: Lease, reason: LeaseEnd, revokedAt: Timestamp, endedAt: Timestamp
    ) {
        self.member = member
        self.lease = lease
        self.reason = reason
        self.revokedAt = revokedAt
        self.endedAt = endedAt
    }

    /// In the user's currency.
    package var income: Double { lease.price(until: endedAt) }
    package var length: Duration { endedAt - lease.grantedAt }
    /// From the order to its effect.
    package var revocationLatency: Duration { endedAt - revokedAt }
}

/// A time in which a member stood warm and nobody had it.
package struct IdleRecord: Hashable, Sendable {
    package let member: InstanceID
    package let length: Duration
    /// In the user's currency.
    package let cost: Double

    package init(member: InstanceID, length: Duration, costPerHour: Double) {
        self.member = member
        self.length = length
        cost = length.inSeconds / 3600 * costPerHour
    }
}

/// What is entered into the accounts with a change of a member.
package enum PoolEntry: Hashable, Sendable {
    case lease(LeaseRecord)
    case idle(IdleRecord)
}

/// The sums of all entries.
package struct PoolAccount: Hashable, Sendable {
    /// The newest latencies that are kept at hand.
    package static let latenciesMax = 256

    package var leasesEnded = 0
    /// Leases that ended because the service or a person wanted the member before their expiry.
    package var revocations = 0
    package var income = 0.0
    package var lesseeSeconds = 0.0
    package var idleSeconds = 0.0
    package var idleCost = 0.0
    /// In seconds, from the order to its effect, of the newest leases; ascending.
    package var revocationLatencies: [Double] = []

    package init() {}
}

extension LeaseEnd {
    /// Whether the holder lost what it could have kept.
    package var isRevocation: Bool {
        switch self {
        case .recalled, .needed, .failed: true
        case .expired, .heartbeatMissed, .notGranted: false
        }
    }
}
