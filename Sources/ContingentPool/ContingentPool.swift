// The pool: keeps enough members warm, lends them, takes them back, empties them, sets unwell ones aside.
//
// Invariant: a transition is decided, stored and published in one step of the actor (`transition`), and only then acted
// on. So the world is never behind the store by more than one action for each member, and never ahead of it;
// `PoolEvent.recovered` knows what to do about each action that was ordered and perhaps not done.
import ClusterModel

/// The contingent instances and what is done with them. The order of calls: `recover`, then `run`.
package actor ContingentPool {
    package nonisolated let configuration: PoolConfiguration
    let providers: [any Provider]
    let schema: @Sendable () async throws -> InstanceSchema
    let store: any PoolStore
    let notify: @Sendable (PoolNotice) -> Void
    let clock: PoolClock
    /// A home as it is now; nil when there is none of that name.
    let home: @Sendable (InstanceID) -> Instance?

    private(set) var members: [InstanceID: PoolMember] = [:]
    var times = ReadinessTimes()
    /// Health checks that each member failed in a row.
    var failedChecks: [InstanceID: Int] = [:]
    /// What is still to be done about members that were retired under an earlier process.
    var retirements: [(InstanceID, PoolAction)] = []
    /// Homes whose last standby could not be made: how often, and when it is tried again.
    var seedingFailures: [InstanceID: SeedingFailure] = [:]
    /// Members for which an action is being carried out.
    var underWay: Set<InstanceID> = []
    /// Since when heartbeats of lessees can be heard.
    private(set) var listeningSince: Timestamp
    /// The earliest time at which leases are looked at anyway.
    var nextWake: Timestamp?
    /// Hooks, and waiting for what is due of leases; run beside everything else.
    let (jobs, job) = AsyncStream.makeStream(
        of: (@Sendable () async -> Void).self, bufferingPolicy: .bufferingOldest(ContingentPool.jobsMax))
    private static let jobsMax = 1024
    let (kicks, kick) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - providers: in the order of preference for new members; their names differ.
    ///   - schema: asked before instances are warmed, so that they have the homes' schema of that time.
    ///   - clock: by which leases begin and end.
    ///   - home: asked when a standby is made of one, and when one is started.
    ///   - notify: called at once, from the pool; must not block.
    package init(
        configuration: PoolConfiguration,
        providers: [any Provider],
        store: any PoolStore,
        schema: @escaping @Sendable () async throws -> InstanceSchema,
        clock: PoolClock = .wall,
        home: @escaping @Sendable (InstanceID) -> Instance? = { _ in nil },
        notify: @escaping @Sendable (PoolNotice) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.providers = providers
        self.schema = schema
        self.store = store
        self.clock = clock
        self.home = home
        self.notify = notify
        listeningSince = clock.now()
    }

    // MARK: Life

    /// Takes up what an earlier process left. Returns when the members that are needed run again, or cannot. All others
    /// are left to upkeep: emptying or removing them can take minutes, and the router waits for us.
    package func recover() async throws {
        precondition(members.isEmpty, "a pool recovers once, before anything else")
        times = ReadinessTimes(try store.timings())
        for member in try store.poolMembers() { members[member.id] = member }
        listeningSince = clock.now()
        let orders = try allMembers.filter { try !isLeftToUpkeep($0) }.map { ($0.id, try recovery(of: $0.id)) }
        // Upkeep sees by itself that a member has to be wiped; not that a retired one may still be there.
        retirements = orders.filter { $0.1 == .retire }
        await obey(orders.filter { $0.1 != .retire && $0.1 != .wipe })
        startStandbysSoon()
    }

    /// What ran out while nobody looked goes on to its end at once.
    private func recovery(of id: InstanceID) throws -> PoolAction {
        let action = try transition(id, .recovered)
        guard let due = members[id]?.leaseDue(listeningSince: listeningSince), due <= clock.now() else { return action }
        let next = try transition(id, .leaseClock(listeningSince: listeningSince))
        if case .announce = next {
            announce(next, of: id)
            return action
        }
        return next == .nothing ? action : next
    }

    /// Whether upkeep finds it as it is: in the middle of something that nobody waits for.
    private func isLeftToUpkeep(_ member: PoolMember) throws -> Bool {
        switch member.state {
        case .provisioning, .warming, .wiping, .standby: try store.occupants(of: member.id).isEmpty
        case .absent, .idleCold, .warm, .granting, .leased, .revoking, .ending, .reserved, .active, .draining,
            .seeding, .promoted, .quarantined, .retired:
            false
        }
    }

    /// Upkeep and, beside it, health checks until the task is cancelled; then the servers that the pool runs are stopped.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.regularly { self.kick.yield() } }
            // A provider may take minutes to make a member; the others must not stay unwatched meanwhile.
            group.addTask { await self.regularly { await self.checkHealth() } }
            group.addTask { await self.runJobs() }
            wakeForLeases()
            for await _ in kicks {
                await tendLeases()
                await upkeep()
            }
        }
        await stopServers()
    }

    /// What they hold stays.
    package func stopServers() async {
        await withDiscardingTaskGroup { group in
            for member in allMembers where member.state != .absent && member.state != .retired {
                group.addTask { await self.stop(member) }
            }
        }
    }

    private func regularly(_ body: () async -> Void) async {
        repeat { await body() } while (try? await Task.sleep(for: configuration.upkeepInterval)) != nil
    }

    private func stop(_ member: PoolMember) async {
        await reportingErrors(of: member.id) { try await provider(of: member).stop(member.id) }
    }

    // MARK: Looking

    package var allMembers: [PoolMember] { members.values.sorted { $0.id < $1.id } }

    package var readiness: ReadinessTimes { times }

    /// The member as an instance that can carry segments; nil before it first ran.
    package func instance(_ id: InstanceID) -> Instance? {
        guard let member = members[id], let endpoint = member.endpoint, let provider = try? provider(of: member),
            let terms = provider.terms(of: id)
        else { return nil }
        return Instance(
            id: id,
            role: .contingent,
            zone: member.zone,
            endpoint: endpoint,
            capacity: terms.capacity,
            costPerHour: terms.costPerHour
        )
    }

    // MARK: Reserving

    /// Lends a warm member that answers, from the first of `zones` that has one, else from any.
    package func lease(for holder: PoolHolder, preferring zones: [Zone] = []) async throws -> Instance {
        while let member = bestWarm(zones) {
            if let instance = try await lend(member, to: holder) { return instance }
        }
        throw PoolError(.noneWarm, "no contingent instance is warm: \(summary).")
    }

    /// Lends that member, which has to be warm.
    package func lease(_ id: InstanceID, for holder: PoolHolder) async throws -> Instance {
        guard let member = members[id], member.state == .warm, let instance = try await lend(member, to: holder) else {
            throw PoolError(.noneWarm, "\(id) is not to be had: \(summary).")
        }
        return instance
    }

    /// Nil when the member turned out to be unwell.
    private func lend(_ member: PoolMember, to holder: PoolHolder) async throws -> Instance? {
        try transition(member.id, .reserved(for: holder))
        kick.yield()
        guard let instance = instance(member.id) else {
            await failed(member.id, reason: "the configuration does not know it any more")
            return nil
        }
        do {
            try await provider(of: member).check(member.id, at: instance.endpoint)
        } catch {
            await failed(member.id, reason: "did not answer when it was to be lent: \(error)")
        }
        return members[member.id]?.state == .reserved(holder) ? instance : nil
    }

    /// The routing table names these as owners of segments: whatever they were, they are active, and started unless
    /// they run. What cannot be done is an alarm.
    package func activate(owners: Set<InstanceID>) async {
        await obey(owners.sorted().compactMap { request(.activated, of: $0) })
    }

    /// Takes a lent member back. It is emptied as soon as nothing on it is needed: now, or in a later upkeep.
    package func giveBack(_ id: InstanceID) throws {
        try transition(id, .givenBack)
        kick.yield()
    }

    /// Puts a quarantined member to use again, emptied.
    package func clear(_ id: InstanceID) throws {
        try transition(id, .cleared)
        kick.yield()
    }

    /// Gives a member up for good.
    package func retire(_ id: InstanceID) async throws {
        let occupants = try store.occupants(of: id)
        guard occupants.isEmpty else {
            throw PoolError(.occupied, "\(id) cannot be retired: it holds \(occupants.joined(separator: ", ")).")
        }
        await obey([(id, try transition(id, .retirementRequested))])
    }

    private func bestWarm(_ zones: [Zone]) -> PoolMember? {
        let warm = allMembers.filter { $0.state == .warm }
        for zone in zones {
            if let found = warm.first(where: { $0.zone == zone }) { return found }
        }
        return warm.first
    }

    private var summary: String {
        guard !members.isEmpty else { return "the pool is empty" }
        return allMembers.map { "\($0.id) is \($0.state.kind.rawValue)" }.joined(separator: ", ")
    }

    // MARK: Transitions

    /// Decides, stores and publishes in one step: nothing in here waits, so what the catalog says of the member's
    /// occupants holds when its state changes.
    @discardableResult
    func transition(_ id: InstanceID, _ event: PoolEvent) throws -> PoolAction {
        guard let present = members[id] else { throw PoolError(.unknownMember, "there is no pool member \(id).") }
        var member = present
        let now = clock.now()
        let action = try member.on(event, isOccupied: try !store.occupants(of: id).isEmpty, at: now)
        if member != present {
            try store.save(
                member, sentence: event.isRoutine ? nil : "\(id) \(event)",
                entries: entries(from: present, to: member, at: now))
            members[id] = member
        }
        return action
    }

    /// The same for several members in one transaction of the caller's, who sees to it that they are stored or throws.
    func transition(_ changes: [(InstanceID, PoolEvent)], storing: ([PoolMember]) throws -> Void) throws {
        var changed: [PoolMember] = []
        for (id, event) in changes {
            guard var member = members[id] else { throw PoolError(.unknownMember, "there is no pool member \(id).") }
            _ = try member.on(event, isOccupied: try !store.occupants(of: id).isEmpty, at: clock.now())
            changed.append(member)
        }
        try storing(changed)
        for member in changed { members[member.id] = member }
    }

    /// A member that has no state in the store yet.
    func add(_ member: PoolMember) {
        precondition(member.state == .absent, "\(member.id) joins the pool as \(member.state)")
        members[member.id] = member
    }

    func provider(of member: PoolMember) throws -> any Provider {
        guard let provider = providers.first(where: { $0.name == member.provider }) else {
            throw PoolError(.unknownMember, "no provider '\(member.provider)' is configured")
        }
        return provider
    }
}
