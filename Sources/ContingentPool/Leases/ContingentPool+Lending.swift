// Lending to others: the orders that a person or the service may give about leases.
import ClusterModel

/// What a lessee gets. The password is told here and nowhere else.
package struct LeaseGrant: Sendable {
    package let member: InstanceID
    package let lease: Lease
    /// Where the lessee logs in.
    package let endpoint: Endpoint

    /// As libpq takes it, with the password.
    package var connectionString: String {
        let password = endpoint.password.map { ":\($0)" } ?? ""
        return "postgresql://\(endpoint.user)\(password)@\(endpoint.host):\(endpoint.port)/\(endpoint.database)"
    }
}

extension ContingentPool {
    private var lending: LendingRules { configuration.lending }

    /// Lends a warm member to somebody else.
    ///
    /// - Parameter wanted: nil: any that the service can spare.
    /// - Throws: `PoolError` when the rules forbid it, or the lessee could not be let in; then the member is emptied.
    package func lend(_ wanted: InstanceID?, on terms: LeaseTerms) async throws -> LeaseGrant {
        try lending.checkIsOn()
        try lending.check(terms)
        if let hook = terms.hook { _ = try LeaseHook.program(hook, in: lending.hookDirectory) }
        let lendable = allMembers.filter { obstacle(to: $0) == nil }
        if let member = wanted.flatMap({ members[$0] }) ?? (lendable.isEmpty ? allMembers.first : nil) {
            try checkLendable(member)
        }
        let id = try lending.choose(wanted, of: lendable)
        try transition(id, .lent(terms))
        // Nobody else takes it for left undone.
        underWay.insert(id)
        defer { actionEnded(id) }
        kick.yield()
        do {
            return try await admit(id)
        } catch {
            if members[id]?.state.kind == .granting, let order = request(.operationFailed(reason: "\(error)"), of: id) {
                await obey(order.1, for: id, schema: .empty)
            }
            throw error
        }
    }

    private func admit(_ id: InstanceID) async throws -> LeaseGrant {
        guard let member = members[id], case .granting(let lease) = member.state, let endpoint = member.endpoint else {
            throw PoolError(.notRunning, "\(id) has no address yet.")
        }
        try await provider(of: member).check(id, at: endpoint)
        let access = LeaseAccess(to: endpoint, lease: lease, on: id, connectionsMax: lending.connectionsMax)
        let login = try await access.admit()
        try transition(id, .admitted)
        guard case .leased(let granted)? = members[id]?.state, granted.epoch == lease.epoch else {
            throw PoolError(.occupied, "\(id) is needed by the service: it is not lent.")
        }
        notify(.lease(id, "\(lease) until \(lease.expiresAt)"))
        run(LeaseHook(.granted, lease, nil, on: member, within: lending.hookTimeout), of: id)
        return LeaseGrant(member: id, lease: granted, endpoint: login)
    }

    private func obstacle(to member: PoolMember) -> String? {
        guard let provider = try? provider(of: member) else { return "its provider is not configured any more" }
        return provider.lendingObstacle(of: member.id)
    }

    private func checkLendable(_ member: PoolMember) throws(PoolError) {
        guard let obstacle = obstacle(to: member) else { return }
        throw PoolError(.lendingRefused, "\(member.id) cannot be lent: \(obstacle).")
    }

    /// A lessee's sign of life.
    ///
    /// - Parameter term: from now to the new expiry, if that is later than the present one; nil: the expiry stays.
    /// - Throws: `PoolError.notLeased` when the member is not lent by that lease, or the lease is being revoked.
    package func renew(_ id: InstanceID, _ epoch: LeaseEpoch, for term: Duration? = nil) throws -> Lease {
        if let term { try lending.check(term: term) }
        guard let member = members[id] else { throw PoolError(.unknownMember, "there is no pool member \(id).") }
        do {
            try transition(id, .renewed(epoch, until: term.map { clock.now() + $0 }))
        } catch is UnexpectedPoolEvent {
            throw PoolError(.notLeased, "lease \(epoch) of \(id) cannot be renewed: \(standing(of: member)).")
        }
        guard case .leased(let lease)? = members[id]?.state else {
            throw PoolError(.notLeased, "lease \(epoch) of \(id) is over: the service needs the instance.")
        }
        wakeForLeases()
        return lease
    }

    private func standing(of member: PoolMember) -> String {
        switch member.state {
        case .leased(let lease): "\(lease) has it, until \(lease.expiresAt)"
        case .granting(let lease): "\(lease) is being granted"
        case .revoking(let revocation), .ending(let revocation):
            "\(revocation.lease) is being revoked since \(revocation.orderedAt): \(revocation.reason)"
        case .absent, .provisioning, .idleCold, .warming, .warm, .reserved, .active, .draining, .wiping, .seeding,
            .standby, .promoted, .quarantined, .retired:
            "the instance is \(member.state.kind.rawValue)"
        }
    }

    /// Calls a lent member back, with the notice that was agreed or without; returns at once.
    ///
    /// - Returns: when the lessee is cut off.
    package func recall(_ id: InstanceID, immediately: Bool) throws -> Timestamp {
        guard let member = members[id] else { throw PoolError(.unknownMember, "there is no pool member \(id).") }
        let action: PoolAction
        do {
            action = try transition(id, .recalled(immediately: immediately))
        } catch is UnexpectedPoolEvent {
            throw PoolError(.notLeased, "\(id) cannot be recalled: \(standing(of: member)).")
        }
        return carryOutSoon(action, of: id)
    }

    /// Takes back the cheapest of the lent members that would do as well as `wanted`: in its zone, with at least its
    /// capacity, ready in time. It is reserved for `holder` as soon as it is warm; until then it is arriving.
    ///
    /// - Parameters:
    ///   - orLike: false: `wanted` and no other.
    ///   - slack: how much later than `wanted` could be ready is still in time; nil: any time is.
    /// - Returns: the member, and when the lessee is cut off.
    /// - Throws: `PoolError.notLeased` when `wanted` is not lent.
    package func need(
        _ wanted: InstanceID, orLike: Bool = true, slack: Duration? = nil, for holder: PoolHolder
    ) throws -> (InstanceID, Timestamp) {
        guard let member = members[wanted] else {
            throw PoolError(.unknownMember, "there is no pool member \(wanted).")
        }
        if member.claim == holder { return (wanted, deadline(of: member) ?? clock.now()) }
        guard let asked = candidate(member) else {
            throw PoolError(.notLeased, "\(wanted) is not lent: \(standing(of: member)).")
        }
        let patience = slack.map { asked.readyWithin + clock.realTime($0) }
        let others = orLike ? lentMembers(like: member).compactMap(candidate) : []
        let chosen = RevocationChoice.cheapest(of: others + [asked], within: patience)?.member ?? wanted
        return (chosen, carryOutSoon(try transition(chosen, .needed(by: holder)), of: chosen))
    }

    private func lentMembers(like wanted: PoolMember) -> [PoolMember] {
        guard let capacity = terms(of: wanted)?.capacity.activeSessions else { return [] }
        return allMembers.filter { member in
            member.id != wanted.id && member.zone == wanted.zone
                && terms(of: member).map { $0.capacity.activeSessions >= capacity } ?? false
        }
    }

    func terms(of member: PoolMember) -> InstanceTerms? { (try? provider(of: member))?.terms(of: member.id) }

    /// Nil when it is not lent, or claimed already.
    private func candidate(_ member: PoolMember) -> RevocationCandidate? {
        guard member.claim == nil, let lease = member.state.lease, let deadline = deadline(of: member) else {
            return nil
        }
        return RevocationCandidate(
            member: member.id, pricePerHour: lease.terms.pricePerHour,
            noticeLeft: clock.realTime(max(.zero, deadline - clock.now())),
            warmUp: times.returnTime(of: member.provider))
    }

    /// When its lessee is cut off, if it is revoked now at the latest.
    private func deadline(of member: PoolMember) -> Timestamp? {
        switch member.state {
        case .leased(let lease): lease.deadline(revokedAt: clock.now())
        case .revoking(let revocation): revocation.deadline
        case .absent, .provisioning, .idleCold, .warming, .warm, .granting, .ending, .reserved, .active, .draining,
            .wiping, .seeding, .standby, .promoted, .quarantined, .retired:
            nil
        }
    }

    /// The caller does not wait until the lessee is gone.
    private func carryOutSoon(_ action: PoolAction, of id: InstanceID) -> Timestamp {
        switch action {
        case .announce(let revocation):
            announce(action, of: id)
            wakeForLeases()
            return revocation.deadline
        case .cutOff(let revocation):
            // Upkeep would come to it too.
            soon { pool in await pool.finishLease(of: id, action) }
            return revocation.deadline
        default: return members[id].flatMap(deadline) ?? clock.now()
        }
    }
}
