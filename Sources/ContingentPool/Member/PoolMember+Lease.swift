// What happens to a member that is lent to others. A lessee leaves in one way only: ending, where it is cut off, then
// wiping. So nothing of it is there when somebody else gets the member.
import ClusterModel

extension PoolMember {
    func onLease(_ event: PoolEvent, _ now: Timestamp) -> Step? {
        switch (state, event) {
        case (.warm, .lent(let terms)):
            (.granting(Lease(epoch: leaseEpoch.next, terms: terms, grantedAt: now)), .nothing)
        case (.granting(let lease), .admitted): (.leased(lease), .nothing)
        case (.leased(let lease), .renewed(let epoch, let end)): renewed(lease, epoch, until: end, at: now)
        case (.leased(let lease), .recalled(true)): ended(lease, because: .recalled, at: now)
        case (.leased(let lease), .recalled(false)): revoking(Revocation(of: lease, because: .recalled, at: now))
        case (.revoking(let revocation), .recalled(true)): ended(revocation.shortened(to: now, because: .recalled))
        case (.revoking, .recalled(false)): (state, .nothing)
        case (.leased(let lease), .needed(let holder)):
            revoking(Revocation(of: lease, because: .needed(holder), at: now))
        case (_, .needed(let holder)) where state.canBeClaimed && (claim ?? holder) == holder: (state, .nothing)
        case (.leased(let lease), .leaseClock(let start)): clock(lease, at: now, listeningSince: start)
        case (.revoking(let revocation), .leaseClock):
            now >= revocation.deadline ? ended(revocation) : (state, .nothing)
        case (.ending, .lesseeCutOff): (.wiping, .wipe)
        default: nil
        }
    }

    private func renewed(_ lease: Lease, _ epoch: LeaseEpoch, until end: Timestamp?, at now: Timestamp) -> Step? {
        guard epoch == lease.epoch, now < lease.expiresAt else { return nil }
        var renewed = lease
        renewed.renew(at: now, until: end)
        return (.leased(renewed), .nothing)
    }

    private func clock(_ lease: Lease, at now: Timestamp, listeningSince start: Timestamp) -> Step {
        if now >= lease.expiresAt { return ended(lease, because: .expired, at: now) }
        if let due = lease.heartbeatDue(listeningSince: start), now >= due {
            return ended(lease, because: .heartbeatMissed, at: now)
        }
        guard now >= lease.noticeAt else { return (state, .nothing) }
        return revoking(Revocation(of: lease, because: .expired, at: now))
    }

    private func revoking(_ revocation: Revocation) -> Step { (.revoking(revocation), .announce(revocation)) }

    func ended(_ revocation: Revocation) -> Step { (.ending(revocation), .cutOff(revocation)) }

    /// Without notice.
    func ended(_ lease: Lease, because reason: LeaseEnd, at now: Timestamp) -> Step {
        ended(Revocation(of: lease, because: reason, orderedAt: now, deadline: now))
    }
}

extension PoolMember {
    /// When something of its lease is due next if nobody does anything; nil when nothing is.
    package func leaseDue(listeningSince start: Timestamp) -> Timestamp? {
        switch state {
        case .leased(let lease):
            [lease.noticeAt, lease.heartbeatDue(listeningSince: start)].compactMap(\.self).min()
        case .revoking(let revocation): revocation.deadline
        case .absent, .provisioning, .idleCold, .warming, .warm, .granting, .ending, .reserved, .active, .draining,
            .wiping, .seeding, .standby, .promoted, .quarantined, .retired:
            nil
        }
    }
}
