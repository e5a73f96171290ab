// How leases come to their end: by the clock, and by what members ask for then.
//
// Invariant: nothing that a lessee or its hook does delays a deadline. Hooks run beside the pool, and the clock of leases
// waits for neither upkeep nor health checks.
import ClusterModel

extension ContingentPool {
    /// Does what is due of leases now; returns when it is done.
    package func tendLeases() async {
        let start = listeningSince
        let due = allMembers.filter { member in
            guard !underWay.contains(member.id), let moment = member.leaseDue(listeningSince: start) else {
                return false
            }
            return moment <= clock.now()
        }
        let orders = due.compactMap { request(.leaseClock(listeningSince: start), of: $0.id) }
        wakeForLeases()
        await obey(orders)
    }

    /// Sees to it that leases are looked at when the next of them is due.
    func wakeForLeases() {
        let start = listeningSince
        let waiting = allMembers.filter { !underWay.contains($0.id) }
        guard let next = waiting.compactMap({ $0.leaseDue(listeningSince: start) }).min() else { return }
        if let nextWake, nextWake <= next { return }
        nextWake = next
        soon { pool in await pool.wake(at: next) }
    }

    private func wake(at moment: Timestamp) async {
        // A cancelled sleep is the end of the pool: the next start sees to what is due.
        guard (try? await Task.sleep(for: clock.realTime(max(.zero, moment - clock.now())))) != nil else { return }
        // An earlier wake-up may have been ordered meanwhile; it looks after the rest.
        if nextWake == moment { nextWake = nil }
        await tendLeases()
        wakeForLeases()
    }

    // MARK: Beside the pool

    func soon(_ body: @escaping @Sendable (ContingentPool) async -> Void) {
        job.yield { [self] in await body(self) }
    }

    func runJobs() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
        }
    }

    func run(_ hook: LeaseHook?, of id: InstanceID) {
        guard let hook else { return }
        let directory = configuration.lending.hookDirectory
        soon { pool in
            do { try await hook.run(in: directory) } catch {
                pool.notify(.lease(id, "the hook failed: \(error)"))
            }
        }
    }

    // MARK: Actions

    /// Tells the lessee, through its hook, that it has until the deadline.
    func announce(_ action: PoolAction, of id: InstanceID) {
        guard case .announce(let revocation) = action, let member = members[id] else { return }
        notify(.lease(id, "\(revocation.lease) ends at \(revocation.deadline): \(revocation.reason)"))
        let left = clock.realTime(revocation.deadline - clock.now())
        run(
            LeaseHook(
                .revoking, revocation.lease, revocation, on: member,
                within: max(configuration.lending.hookTimeout, left)),
            of: id)
    }

    /// An end that was ordered and is not waited for, unless somebody sees to it already.
    func finishLease(of id: InstanceID, _ action: PoolAction) async {
        guard case .ending? = members[id]?.state, !underWay.contains(id) else { return }
        await obey([(id, action)])
    }

    func cutOff(_ member: PoolMember, _ revocation: Revocation) async {
        await reportingErrors(of: member.id) {
            let begin = ContinuousClock.now
            var outcome = PoolEvent.lesseeCutOff
            do { try await access(to: member, revocation.lease).cutOff() } catch {
                guard !Task.isCancelled else { return }
                notify(.lease(member.id, "\(revocation.lease) is ended by emptying the instance: \(error)"))
                outcome = .operationFailed(reason: "\(error)")
            }
            let next = try transition(member.id, outcome)
            if outcome == .lesseeCutOff { try record(.cuttingOff, of: member, since: begin) }
            notify(.lease(member.id, "\(revocation.lease) is over: \(revocation.reason)"))
            run(
                LeaseHook(
                    .ended, revocation.lease, revocation, on: member, within: configuration.lending.hookTimeout),
                of: member.id)
            await obey(next, for: member.id, schema: .empty)
        }
    }

    /// A lessee on a member that the catalog needs: nothing is emptied, so the lock on its role has to do.
    func evict(_ member: PoolMember, _ lease: Lease, _ sentence: String) async {
        notify(.alarm(member.id, "\(sentence); \(lease) is cut off"))
        await resume(member)
        await reportingErrors(of: member.id) {
            let access = try access(to: members[member.id] ?? member, lease)
            try await access.cutOff()
            try await access.reopen()
        }
    }

    private func access(to member: PoolMember, _ lease: Lease) throws -> LeaseAccess {
        guard let endpoint = member.endpoint else { throw PoolError(.notRunning, "\(member.id) has no address yet") }
        return LeaseAccess(
            to: endpoint, lease: lease, on: member.id, connectionsMax: configuration.lending.connectionsMax)
    }

    // MARK: Accounts

    /// What a change of a member enters into the accounts.
    func entries(from old: PoolMember, to new: PoolMember, at now: Timestamp) -> [PoolEntry] {
        var entries: [PoolEntry] = []
        if old.state == .warm, new.state != .warm, let since = old.since {
            let cost = terms(of: old)?.costPerHour ?? 0
            entries.append(.idle(IdleRecord(member: old.id, length: max(.zero, now - since), costPerHour: cost)))
        }
        if let lease = old.state.lease, new.state.lease == nil {
            if case .ending(let revocation) = old.state, case .notGranted = revocation.reason { return entries }
            let (reason, revokedAt) =
                switch old.state {
                case .revoking(let revocation), .ending(let revocation): (revocation.reason, revocation.orderedAt)
                default: (LeaseEnd.failed("the service needs the instance"), now)
                }
            entries.append(
                .lease(LeaseRecord(member: old.id, lease: lease, reason: reason, revokedAt: revokedAt, endedAt: now)))
        }
        return entries
    }

    /// The accounts, with what idles and is lent now.
    package func account() throws -> PoolAccount {
        var account = try store.account()
        let now = clock.now()
        for member in allMembers {
            if member.state == .warm, let since = member.since, now > since {
                let cost = terms(of: member)?.costPerHour ?? 0
                let idle = IdleRecord(member: member.id, length: now - since, costPerHour: cost)
                account.idleSeconds += idle.length.inSeconds
                account.idleCost += idle.cost
            }
            if let lease = member.state.lease {
                account.income += lease.price(until: now)
                account.lesseeSeconds += max(0, (now - lease.grantedAt).inSeconds)
            }
        }
        return account
    }
}
