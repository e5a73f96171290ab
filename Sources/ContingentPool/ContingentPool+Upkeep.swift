// What the pool does by itself: finish what was left, have enough members warm, notice unwell ones.
import ClusterModel

extension ContingentPool {
    /// Empties what was given back; makes and warms members until enough are warm, or nothing more can be done now.
    package func upkeep() async {
        await obey(leftUndone() + takeRetirements())
        guard !replenishment.isEmpty, let schema = await currentSchema() else { return }
        while !Task.isCancelled {
            let actions = replenish()
            guard !actions.isEmpty else { return }
            await obey(actions, schema: schema)
        }
    }

    /// Nothing can be warmed without it, and that is no member's fault.
    private func currentSchema() async -> InstanceSchema? {
        do { return try await schema() } catch {
            guard !Task.isCancelled else { return nil }
            notify(.alarm(nil, "no contingent instance can be warmed: \(error)"))
            return nil
        }
    }

    /// Members that the configuration does not name any more take nobody's place.
    private var replenishment: Replenishment {
        let named = allMembers.filter { (try? provider(of: $0))?.terms(of: $0.id) != nil }
        let lent = named.count { $0.state.lease != nil }
        return Replenishment(
            of: named, floor: configuration.lending.floor(over: configuration.warmFloor, lent: lent),
            unmade: unmade, membersMax: configuration.membersMax)
    }

    private var unmade: [Zone: Int] {
        let terms = providers.flatMap { provider in
            provider.instances.filter { (members[$0]?.state ?? .absent) == .absent }.compactMap(provider.terms)
        }
        return Dictionary(terms.map { ($0.zone, 1) }, uniquingKeysWith: +)
    }

    /// What is still draining; and what was ordered but has no outcome, because the store did not take it.
    private func leftUndone() -> [(InstanceID, PoolAction)] {
        allMembers.filter { !underWay.contains($0.id) }.compactMap { member in
            switch member.state {
            case .provisioning, .warming, .wiping, .granting, .ending, .seeding: request(.recovered, of: member.id)
            case .draining: request(.givenBack, of: member.id)
            case .absent, .idleCold, .warm, .leased, .revoking, .reserved, .active, .standby, .promoted,
                .quarantined, .retired:
                nil
            }
        }
    }

    private func takeRetirements() -> [(InstanceID, PoolAction)] {
        defer { retirements = [] }
        return retirements
    }

    private func replenish() -> [(InstanceID, PoolAction)] {
        let plan = replenishment
        let warming = plan.toWarm.compactMap { request(.warmingRequested, of: $0) }
        let new = plan.toProvision.compactMap { zone in
            newMember(in: zone).flatMap { request(.provisioningRequested, of: $0) }
        }
        return warming + new
    }

    /// - Parameter zone: nil: any.
    private func newMember(in zone: Zone?) -> InstanceID? {
        let absent = allMembers.first { $0.state == .absent && (zone == nil || $0.zone == zone) }
        if let absent { return absent.id }
        for provider in providers {
            if let id = provider.candidate(besides: Set(members.keys), in: zone), let terms = provider.terms(of: id) {
                add(PoolMember(id: id, provider: provider.name, zone: terms.zone))
                return id
            }
        }
        return nil
    }

    func request(_ event: PoolEvent, of id: InstanceID) -> (InstanceID, PoolAction)? {
        do { return (id, try transition(id, event)) } catch {
            notify(.alarm(id, "\(error)"))
            return nil
        }
    }

    // MARK: Health

    /// Checks every member that should answer.
    package func checkHealth() async {
        await withDiscardingTaskGroup { group in
            for member in allMembers where member.state.shouldAnswer && !underWay.contains(member.id) {
                group.addTask { await self.checkHealth(of: member) }
            }
        }
    }

    private func checkHealth(of member: PoolMember) async {
        do {
            guard let endpoint = member.endpoint else {
                throw PoolError(.notRunning, "\(member.id) has no address yet")
            }
            try await check(member, at: endpoint)
            failedChecks[member.id] = nil
        } catch {
            // It may have been lent or emptied meanwhile: then the answer is about an earlier life of it.
            guard !Task.isCancelled, members[member.id] == member else { return }
            let failures = failedChecks[member.id, default: 0] + 1
            failedChecks[member.id] = failures < configuration.failedChecksMax ? failures : nil
            if failures >= configuration.failedChecksMax {
                await failed(member.id, reason: "failed \(failures) health checks in a row: \(error)")
            }
        }
    }

    private func check(_ member: PoolMember, at endpoint: Endpoint) async throws {
        let provider = try provider(of: member)
        if case .standby = member.state { return try await provider.checkStandby(member.id, at: endpoint) }
        try await provider.check(member.id, at: endpoint)
    }

    func failed(_ id: InstanceID, reason: String) async {
        if let order = request(.checkFailed(reason: reason), of: id) { await obey([order]) }
        await restartWithoutSuccessor(id)
        kick.yield()
    }
}
