// The driver: carries out what members ask for, and tells them how it went.
import ClusterModel

extension ContingentPool {
    /// Carries the actions out side by side. Returns when all have ended, well or not.
    /// - Parameter schema: needed by `warm` only.
    func obey(_ actions: [(InstanceID, PoolAction)], schema: InstanceSchema = .empty) async {
        await withDiscardingTaskGroup { group in
            for (id, action) in actions where action != .nothing {
                underWay.insert(id)
                group.addTask {
                    await self.obey(action, for: id, schema: schema)
                    await self.actionEnded(id)
                }
            }
        }
    }

    func actionEnded(_ id: InstanceID) {
        underWay.remove(id)
        if members[id]?.state.lease != nil { wakeForLeases() }
    }

    func obey(_ action: PoolAction, for id: InstanceID, schema: InstanceSchema) async {
        guard let member = members[id] else { preconditionFailure("an action for \(id), which is no member") }
        switch action {
        case .nothing: break
        case .provision:
            await perform(.provisioning, on: member) { provider in
                try await provider.provision(id)
                return .provisioned
            }
        case .warm:
            await perform(.warming, on: member) { provider in
                let endpoint = try await provider.start(id)
                try await schema.apply(to: endpoint)
                return .warmed(at: endpoint)
            }
        case .resume: await resume(member)
        case .revive(let sentence):
            notify(.alarm(id, sentence))
            await resume(member)
        case .drain: await drain(member)
        case .seed(let home): await seed(member, as: home)
        case .wipe: await wipe(member)
        case .discard, .retire: await reportingErrors(of: id) { try await provider(of: member).remove(id) }
        case .announce: announce(action, of: id)
        case .cutOff(let revocation): await cutOff(member, revocation)
        case .evict(let lease, let sentence): await evict(member, lease, sentence)
        case .revoke(let holder): notify(.revoked(id, from: holder))
        case .alarm(let sentence): notify(.alarm(id, sentence))
        }
    }

    func resume(_ member: PoolMember) async {
        await perform(nil, on: member) { .resumed(at: self.address(try await $0.start(member.id), of: member)) }
    }

    private func drain(_ member: PoolMember) async {
        await reportingErrors(of: member.id) {
            guard try store.occupants(of: member.id).isEmpty else { return }
            await obey(try transition(member.id, .drained), for: member.id, schema: .empty)
        }
    }

    private func wipe(_ member: PoolMember) async {
        await perform(.wiping, on: member) { [store] provider in
            try await provider.wipe(member.id)
            try store.forgetContents(of: member.id)
            return .wiped
        }
    }

    /// Runs an operation of the member's provider, and takes its outcome in.
    func perform(
        _ operation: PoolTiming.Operation?,
        on member: PoolMember,
        _ body: @Sendable (any Provider) async throws -> PoolEvent
    ) async {
        await reportingErrors(of: member.id) {
            let begin = ContinuousClock.now
            let outcome: PoolEvent
            do {
                outcome = try await body(provider(of: member))
            } catch {
                // Given up because we are stopping: the store says what was under way, and the next start sees to it.
                guard !Task.isCancelled else { return }
                outcome = .operationFailed(reason: "\(error)")
            }
            let next = try transition(member.id, outcome)
            if let operation, next == .nothing { try record(operation, of: member, since: begin) }
            await obey(next, for: member.id, schema: .empty)
            // What was on its way back may be claimed.
            if operation == .wiping { kick.yield() }
        }
    }

    func record(_ operation: PoolTiming.Operation, of member: PoolMember, since begin: ContinuousClock.Instant)
        throws
    {
        let seconds = (ContinuousClock.now - begin).inSeconds
        let timing = PoolTiming(provider: member.provider, operation: operation, seconds: seconds)
        times.record(timing)
        try store.record(timing)
    }

    func reportingErrors(of id: InstanceID, _ body: () async throws -> Void) async {
        do { try await body() } catch { notify(.alarm(id, "\(error)")) }
    }
}
