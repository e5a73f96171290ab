// From an order of the plan to the part that carries it out. A refusal is written down and costs nothing else: the next
// plan sees the world as it is and decides anew.
import Catalog
import ClusterModel
import ContingentPool
import Migration
import Planning
import Proxy

extension Coordinator {
    func carryOut(_ action: PlannedAction) async {
        do {
            try await perform(action)
        } catch {
            refused(action, error)
        }
    }

    /// - Returns: the move that it began, if it did.
    @discardableResult
    func perform(_ action: PlannedAction) async throws -> MoveID? {
        switch action.kind {
        case .lease(let instance): try await lease(instance, action.record)
        case .prepare(let directive), .returnHome(let directive):
            return try await prepare(directive, record: action.record)
        case .cutOver(let id): try await moves?.cutOver(id)
        case .revert(let id): try await moves?.revert(id)
        case .keep(let id): try await moves?.keep(id)
        case .abort(let id): try await moves?.abort(id)
        case .giveBack(let instance): try await giveBack(instance)
        }
        return nil
    }

    /// An instance that is lent to others is called back; one that is still being made ready is leased by a later plan.
    private func lease(_ instance: InstanceID, _ record: DecisionRecord) async throws {
        guard let member = await parts.pool.allMembers.first(where: { $0.id == instance }) else { return }
        switch member.state {
        case .warm:
            _ = try await parts.pool.lease(instance, for: .controller)
            await tellRouterOfInstances()
        case .leased, .revoking: try await callBack(instance, slack: record.evidence.startBy.map { $0 - record.at })
        case .absent, .provisioning, .idleCold, .warming, .granting, .ending, .reserved, .active, .draining, .wiping,
            .seeding, .standby, .promoted, .quarantined, .retired:
            break
        }
    }

    /// Takes an instance, or with `orLike` one that is as good and costs less to take, away from its lessee.
    ///
    /// - Parameter slack: how much later than `instance` the other may be ready; nil: any time.
    /// - Returns: the instance, and when the lessee is cut off.
    @discardableResult
    func callBack(
        _ instance: InstanceID, orLike: Bool = true, slack: Duration? = nil
    ) async throws -> (InstanceID, Timestamp) {
        let (taken, deadline) = try await parts.pool.need(instance, orLike: orLike, slack: slack, for: .controller)
        let place = taken == instance ? "" : " in place of \(instance), which would cost more"
        audit(
            "lease", "\(taken) is called back from its lessee\(place), who has until \(deadline)", String?.none,
            instance: taken)
        return (taken, deadline)
    }

    /// The router learns of an instance before a segment can be there, forgets it when it was given back, and hears of
    /// a new address when it was started again.
    func tellRouterOfInstances() async {
        await proxy?.setInstances(await routedInstances())
    }

    func routedInstances() async -> [RoutedInstance] {
        let contingents = await contingentsInUse()
        return (parts.homes + contingents).map(parts.routed)
    }

    private func prepare(_ directive: MigrationDirective, record: DecisionRecord) async throws -> MoveID {
        try await startMove(of: directive.segmentID, to: directive.destination, thenCutOver: false) { id in
            audit(
                "plan", record.sentence, record, move: id, segment: directive.segmentID, instance: directive.destination
            )
        }
    }

    /// Starts a move of a segment from where it is now.
    /// - Parameter write: called with the move's id when nothing speaks against it, before it is begun.
    @discardableResult
    func startMove(
        of segmentID: SegmentID, to target: InstanceID, thenCutOver: Bool, writing write: (MoveID) -> Void
    ) async throws -> MoveID {
        try await alone(with: target) {
            try await checkCanReceive(target)
            guard let segment = table.segments.first(where: { $0.id == segmentID }) else {
                throw OrderRefusal("there is no segment \(segmentID).")
            }
            guard let group = table.groups.first(where: { $0.id == segment.group }),
                let epoch = try parts.catalog.routing()?.segmentEpochs[segmentID]
            else { throw OrderRefusal("segment \(segmentID) is not in the catalog.") }
            let source = table.owner(of: segment)
            guard source != target else { throw OrderRefusal("segment \(segmentID) is on \(target) already.") }
            guard let moves else { throw OrderRefusal("moves are not ready yet.") }
            let id = try parts.catalog.nextMoveID()
            let order = MoveOrder(id: id, group: group, segment: segment, source: source, target: target)
            write(id)
            try await moves.prepare(order, epoch: epoch, thenCutOver: thenCutOver)
            return id
        }
    }

    /// A move goes to a home, or to an instance that the pool has lent: any other may be emptied at any time.
    private func checkCanReceive(_ target: InstanceID) async throws {
        if parts.homes.contains(where: { $0.id == target }) { return }
        guard let member = await parts.pool.allMembers.first(where: { $0.id == target }) else {
            throw OrderRefusal("there is no instance \(target).")
        }
        guard member.state.isLent else {
            throw OrderRefusal("\(target) cannot take a segment: it is \(member.state.kind.rawValue).")
        }
    }

    /// An instance that a move in flight names is needed. What is tidied up after a move is no reason to keep it: the
    /// pool empties it only when that is done.
    private func giveBack(_ instance: InstanceID) async throws {
        try await alone(with: instance) {
            if let move = await moves?.inFlight.first(where: { $0.source == instance || $0.target == instance }) {
                throw OrderRefusal("\(instance) is in move \(move.id).")
            }
            guard table.segments(on: instance).isEmpty else { throw OrderRefusal("\(instance) owns segments.") }
            try await parts.pool.giveBack(instance)
        }
        await tellRouterOfInstances()
    }

    /// One order at a time about an instance: what was checked of it holds until the order is carried out.
    private func alone<Outcome>(with instance: InstanceID, _ body: () async throws -> Outcome) async throws -> Outcome {
        guard instancesInOrders.insert(instance).inserted else {
            throw OrderRefusal("another order about \(instance) is being carried out: try again.")
        }
        defer { instancesInOrders.remove(instance) }
        return try await body()
    }

    /// Whatever the catalog names as an owner is active in the pool, so that it is neither set aside nor emptied.
    func activateOwners() async {
        var owners = Set(placement.keys)
        do {
            // Ahead of our table when a cut-over was decided and could not be published.
            if let stored = try parts.catalog.routing() { owners = Set(stored.locations.values) }
        } catch {
            parts.logger.error("cannot read the routing table", metadata: ["error": "\(error)"])
        }
        await parts.pool.activate(owners: owners.subtracting(parts.homes.map(\.id)))
    }

    /// What became of a move's work: for the audit, and for the pool, since ownership may have changed.
    func moveEnded(_ outcome: MoveOutcome) async {
        let order = outcome.record.order
        let state = outcome.record.state
        await activateOwners()
        if outcome.record.state.isOver { approvedMoves.remove(order.id) }
        let what = "move \(order.id) of \(order.segment.id) from \(order.source) to \(order.target)"
        let sentence = outcome.failure.map { "\(what) failed: \($0)" } ?? "\(what) is \(state.rawValue)"
        audit(
            "move", sentence, outcome.record.report, move: order.id, segment: order.segment.id, instance: order.target)
    }

    private func refused(_ action: PlannedAction, _ error: any Error) {
        parts.logger.warning(
            "an order could not be carried out",
            metadata: ["plan.rule": "\(action.record.rule.rawValue)", "error": "\(error)"])
        audit(
            "refusal", "not done: \(action.record.sentence): \(error)", action.record, segment: action.record.segment,
            instance: action.record.destination)
    }
}

extension PoolHolder {
    /// The adaptive sharding controller.
    static let controller = PoolHolder.named("controller")
}
