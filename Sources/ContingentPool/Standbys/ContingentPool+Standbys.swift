// Members as physical standbys of homes: designated, made, started, given up, promoted.
//
// Invariant: a home has at most one member that is, or is becoming, its standby, and at most one that is its server.
// Copies take as long as a home is large, so they are made beside everything else that the pool does.
import ClusterModel

/// A standby that could not be made.
struct SeedingFailure {
    private static let shortest = Duration.seconds(5)
    private static let longest = Duration.seconds(300)

    let times: Int
    let nextAt: ContinuousClock.Instant

    init(after earlier: SeedingFailure?) {
        times = (earlier?.times ?? 0) + 1
        nextAt = .now + min(Self.longest, Self.shortest * (1 << min(times - 1, 10)))
    }
}

extension ContingentPool {
    /// The member that is, or is becoming, the home's standby.
    package func standby(of home: InstanceID) -> PoolMember? {
        allMembers.first { $0.state == .standby(home) || $0.state == .seeding(home) }
    }

    /// The member that is the home's server.
    package func server(of home: InstanceID) -> PoolMember? { allMembers.first { $0.state == .promoted(home) } }

    /// Sees to it that the home has a standby, which is made in the background.
    ///
    /// - Returns: false while it is too early to try again after a failure.
    /// - Throws: `PoolError.standbyRefused` when the pool has no place for one.
    @discardableResult
    package func designateStandby(of home: Instance, _ rule: StandbyZone) throws -> Bool {
        if standby(of: home.id) != nil { return true }
        if let failure = seedingFailures[home.id], failure.nextAt > .now { return false }
        let existing = members.values.count { $0.state != .retired && $0.state != .absent }
        let place = StandbyPlace.best(
            of: places, homeZone: home.zone, rule, isFull: existing >= configuration.membersMax)
        guard let place else { throw PoolError(.standbyRefused, refusal(of: home, rule)) }
        if members[place.id] == nil, let provider = providers.first(where: { $0.terms(of: place.id) != nil }) {
            add(PoolMember(id: place.id, provider: provider.name, zone: place.zone))
        }
        let action = try transition(place.id, .seedingRequested(of: home.id))
        carryOutBeside(action, of: place.id)
        return true
    }

    /// The standby is of no use and the home lives without it: it is emptied.
    package func giveUpStandby(_ id: InstanceID, because reason: String) throws {
        let action = try transition(id, .standbyLost(reason: reason))
        notify(.alarm(id, "is given up as a standby: \(reason)"))
        carryOutBeside(action, of: id)
    }

    /// The home was taken over; whoever of the pool was its server before is set aside. `storing` gets the members as
    /// they are then, and writes them together with whatever else became true.
    ///
    /// - Parameters:
    ///   - member: who took over; nil when it is not the pool's.
    ///   - name: the new server's, for people.
    package func tookOver(
        _ home: InstanceID, by member: InstanceID?, named name: String,
        storing: @Sendable ([PoolMember]) throws -> Void
    ) throws {
        if let member, members[member]?.state != .standby(home) {
            throw PoolError(.standbyRefused, "\(member) is no standby of \(home).")
        }
        let before = server(of: home).map { ($0.id, PoolEvent.superseded(by: name)) }
        try transition([member.map { ($0, .tookOver) }, before].compactMap(\.self), storing: storing)
        if let before { stopBeside(before.0) }
    }

    /// Whether something is being done with the member, such as starting it.
    package func isAtWork(on id: InstanceID) -> Bool { underWay.contains(id) }

    /// The home is somewhere else, by a server that is not the pool's: what was its server is set aside.
    package func superseded(_ id: InstanceID, by other: String) throws {
        try transition(id, .superseded(by: other))
        stopBeside(id)
    }

    /// A server that another one took over from takes no writes any more, whatever it does otherwise. What it holds stays.
    private func stopBeside(_ id: InstanceID) {
        soon { pool in
            await pool.reportingErrors(of: id) {
                guard let member = await pool.members[id], member.state.kind == .quarantined else { return }
                try await pool.provider(of: member).stop(id)
            }
        }
    }

    /// All that the pool could have.
    package var instanceNames: Set<InstanceID> { Set(providers.flatMap(\.instances)).union(members.keys) }

    private var places: [StandbyPlace] {
        providers.flatMap { provider in
            provider.instances.compactMap { id -> StandbyPlace? in
                guard !underWay.contains(id), members[id]?.claim == nil, let terms = provider.terms(of: id) else {
                    return nil
                }
                return StandbyPlace(
                    id: id, zone: members[id]?.zone ?? terms.zone, state: members[id]?.state.kind ?? .absent)
            }
        }
    }

    private func refusal(of home: Instance, _ rule: StandbyZone) -> String {
        let elsewhere = rule == .requiresAnother ? " outside of zone \(home.zone)" : ""
        let states = allMembers.map { "\($0.id) is \($0.state.kind.rawValue)" }.joined(separator: ", ")
        return "there is no place in the pool\(elsewhere) for a standby of \(home.id): "
            + "\(states.isEmpty ? "it has no instance" : states); pool.instances_max is \(configuration.membersMax)."
    }

    private func carryOutBeside(_ action: PoolAction, of id: InstanceID) {
        guard action != .nothing else { return }
        underWay.insert(id)
        soon { await $0.obey([(id, action)]) }
    }

    /// After a restart nobody waits for standbys: their homes live, or a person looks after them.
    func startStandbysSoon() {
        for member in allMembers {
            guard case .standby = member.state, !underWay.contains(member.id),
                let order = request(.recovered, of: member.id)
            else { continue }
            carryOutBeside(order.1, of: member.id)
        }
    }

    /// A home's server that does not answer is left to its standby. Where it has none, it is all that there is, and nobody
    /// but the pool could start it.
    func restartWithoutSuccessor(_ id: InstanceID) async {
        guard let member = members[id], case .promoted(let home) = member.state, !underWay.contains(id),
            !members.values.contains(where: { $0.state == .standby(home) })
        else { return }
        notify(.alarm(id, "is started again: \(home) has no standby that could take over"))
        await obey([(id, .resume)])
    }

    // MARK: Actions

    func seed(_ member: PoolMember, as home: InstanceID) async {
        await perform(nil, on: member) { provider in
            do {
                guard let primary = self.home(home)?.endpoint else {
                    throw PoolError(.standbyRefused, "there is no home \(home) any more")
                }
                try await provider.seed(member.id, as: StandbyOrder(primary: primary, name: member.id.text))
                let server = try await provider.start(member.id)
                await self.seeded(home)
                return .seeded(at: server.asUser(of: primary))
            } catch {
                if !Task.isCancelled { await self.seedingFailed(home, member.id, error) }
                throw error
            }
        }
    }

    private func seeded(_ home: InstanceID) { seedingFailures[home] = nil }

    private func seedingFailed(_ home: InstanceID, _ id: InstanceID, _ error: any Error) {
        seedingFailures[home] = SeedingFailure(after: seedingFailures[home])
        notify(.alarm(id, "could not be made a standby of \(home): \(error)"))
    }

    /// A copy of a home has the home's users and databases.
    nonisolated func address(_ server: Endpoint, of member: PoolMember) -> Endpoint {
        guard let home = member.state.home else { return server }
        return (self.home(home)?.endpoint ?? member.endpoint).map(server.asUser) ?? server
    }
}

extension Endpoint {
    /// This server, in the database and as the user of another endpoint.
    func asUser(of other: Endpoint) -> Endpoint {
        Endpoint(host: host, port: port, database: other.database, user: other.user, password: other.password)
    }
}
