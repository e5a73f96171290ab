// The pool for people and programs: what is lent to whom, and the orders about it.
import Catalog
import ClusterModel
import ContingentPool

extension Coordinator {
    package func pool() async -> [PoolMemberView] {
        let now = parts.clock.now()
        return await parts.pool.allMembers.map { member in
            PoolMemberView(
                id: member.id.text, provider: member.provider, zone: member.zone.text,
                state: member.state.kind.rawValue, reason: reason(of: member),
                endpoint: member.endpoint?.description, lease: LeaseView(of: member, at: now))
        }
    }

    private func reason(of member: PoolMember) -> String? {
        if let claim = member.claim { return "then for \(claim)" }
        switch member.state {
        case .quarantined(let reason): return reason
        case .reserved(let holder): return "for \(holder)"
        case .seeding(let home), .standby(let home): return "standby of \(home)"
        case .promoted(let home): return "is \(home)"
        case .absent, .provisioning, .idleCold, .warming, .warm, .granting, .leased, .revoking, .ending, .active,
            .draining, .wiping, .retired:
            return nil
        }
    }

    package func poolAccount() async throws -> PoolAccountView {
        let running = await parts.pool.allMembers.count { $0.state.lease != nil }
        return PoolAccountView(try await parts.pool.account(), leasesRunning: running)
    }

    /// Lends an instance to somebody else.
    ///
    /// - Parameter member: nil: any that can be spared.
    package func orderLend(_ member: InstanceID?, on terms: LeaseTerms) async throws -> LeaseGrantView {
        audit(
            "order",
            "a person ordered \(member?.text ?? "an instance") lent to \(terms.holder) for \(terms.term.inSeconds) s: "
                + terms.purpose,
            String?.none, instance: member)
        let grant = try await parts.pool.lend(member, on: terms)
        return LeaseGrantView(
            member: grant.member.text,
            lease: LeaseView(grant.lease, endsAt: grant.lease.expiresAt, reason: nil, at: parts.clock.now()),
            connection: grant.connectionString)
    }

    package func orderRenew(
        _ member: InstanceID, _ epoch: LeaseEpoch, for term: Duration?
    ) async throws -> LeaseView {
        let lease = try await parts.pool.renew(member, epoch, for: term)
        return LeaseView(lease, endsAt: lease.expiresAt, reason: nil, at: parts.clock.now())
    }

    package func orderRecall(_ member: InstanceID, immediately: Bool) async throws -> OrderView {
        audit(
            "order", "a person recalled \(member) from its lessee\(immediately ? " at once" : "")", String?.none,
            instance: member)
        let deadline = try await parts.pool.recall(member, immediately: immediately)
        return OrderView(
            move: nil,
            message: immediately
                ? "\(member) is being taken back; its lessee is cut off"
                : "\(member) is called back; its lessee is cut off at \(deadline)")
    }

    /// A person looked at an instance that was set aside, and wants it emptied and used again.
    package func orderClear(_ member: InstanceID) async throws -> OrderView {
        guard let state = await parts.pool.allMembers.first(where: { $0.id == member })?.state else {
            throw OrderRefusal("there is no instance \(member) in the pool.")
        }
        guard case .quarantined = state else {
            throw OrderRefusal("\(member) is \(state.kind.rawValue): only what is quarantined is cleared.")
        }
        audit("order", "a person ordered \(member) emptied and used again", String?.none, instance: member)
        try await parts.pool.clear(member)
        return OrderView(move: nil, message: "\(member) is emptied as soon as nothing on it is needed, and used again")
    }
}
