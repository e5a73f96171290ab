// What is shown of leases and of what the pool cost and brought. No password is in any of it but the one in the answer to
// whoever took the lease.
import ClusterModel
import ContingentPool

package struct LeaseView: Codable, Sendable {
    package var epoch: Int64
    package var holder: String
    package var purpose: String
    package var pricePerHour: Double
    package var grantedAt: String
    package var expiresAt: String
    package var noticeSeconds: Double
    /// The holder has to renew within this time; nil: only the expiry ends the lease.
    package var heartbeatSeconds: Double?
    package var renewedAt: String
    /// When the holder is cut off: the expiry, or the deadline of a revocation.
    package var endsAt: String
    package var secondsLeft: Double
    /// Why it ends before its expiry; nil when it does not.
    package var reason: String?
}

/// The answer to whoever took a lease: the only time that the password is told.
package struct LeaseGrantView: Codable, Sendable {
    package var member: String
    package var lease: LeaseView
    package var connection: String
}

package struct PoolAccountView: Codable, Sendable {
    package var leasesRunning: Int
    package var leasesEnded: Int
    package var revocations: Int
    package var lesseeHours: Double
    package var income: Double
    package var idleHours: Double
    package var idleCost: Double
    /// Of the newest revocations, from the order to its effect; nil before the first.
    package var revocationSecondsMedian: Double?
    package var revocationSeconds95: Double?
}

extension LeaseView {
    /// Nil when the member is not lent.
    init?(of member: PoolMember, at now: Timestamp) {
        guard let lease = member.state.lease else { return nil }
        var (end, reason) = (lease.expiresAt, String?.none)
        switch member.state {
        case .revoking(let revocation), .ending(let revocation):
            (end, reason) = (revocation.deadline, "\(revocation.reason)")
        case .absent, .provisioning, .idleCold, .warming, .warm, .granting, .leased, .reserved, .active, .draining,
            .wiping, .seeding, .standby, .promoted, .quarantined, .retired:
            break
        }
        self.init(lease, endsAt: end, reason: reason, at: now)
    }

    init(_ lease: Lease, endsAt end: Timestamp, reason: String?, at now: Timestamp) {
        self.init(
            epoch: lease.epoch.number, holder: lease.terms.holder, purpose: lease.terms.purpose,
            pricePerHour: lease.terms.pricePerHour, grantedAt: lease.grantedAt.description,
            expiresAt: lease.expiresAt.description, noticeSeconds: lease.terms.notice.inSeconds,
            heartbeatSeconds: lease.terms.heartbeat?.inSeconds, renewedAt: lease.renewedAt.description,
            endsAt: end.description, secondsLeft: max(0, (end - now).inSeconds), reason: reason)
    }
}

extension PoolAccountView {
    init(_ account: PoolAccount, leasesRunning: Int) {
        let latencies = account.revocationLatencies
        func quantile(_ level: Double) -> Double? {
            guard !latencies.isEmpty else { return nil }
            return latencies[min(latencies.count, max(1, Int((level * Double(latencies.count)).rounded(.up)))) - 1]
        }
        self.init(
            leasesRunning: leasesRunning, leasesEnded: account.leasesEnded, revocations: account.revocations,
            lesseeHours: account.lesseeSeconds / 3600, income: account.income, idleHours: account.idleSeconds / 3600,
            idleCost: account.idleCost, revocationSecondsMedian: quantile(0.5), revocationSeconds95: quantile(0.95))
    }
}
