// From an order of the plan to the part that carries it out. A refusal is written down and costs nothing else: the next
// plan sees the world as it is and decides anew.
import Catalog
import ClusterModel
import ContingentPool
import Migration
import Planning

extension Coordinator {
    func carryOut(_ action: PlannedAction) async {
        do {
            switch action.kind {
            case .lease(let instance): try await lease(instance)
            case .prepare(let directive), .returnHome(let directive):
                try await prepare(directive, record: action.record)
            case .cutOver(let id): try await moves?.cutOver(id)
            case .revert(let id): try await moves?.revert(id)
            case .keep(let id): try await moves?.keep(id)
            case .abort(let id): try await moves?.abort(id)
            case .giveBack(let instance): try await giveBack(instance)
            }
        } catch {
            refused(action, error)
        }
    }

    /// An instance that is still being made ready is leased by a later plan.
    private func lease(_ instance: InstanceID) async throws {
        guard await parts.pool.allMembers.first(where: { $0.id == instance })?.state == .warm else { return }
        _ = try await parts.pool.lease(instance, for: .controller)
        leased.insert(instance)
        await tellRouterOfInstances()
    }

    /// The router learns of an instance before a segment can be there, and forgets it when it was given back.
    func tellRouterOfInstances() async {
        await proxy?.setInstances((parts.homes + (await contingentsInUse())).map(parts.routed))
    }

    private func prepare(_ directive: MigrationDirective, record: DecisionRecord) async throws {
        let id = try await startMove(of: directive.segmentID, to: directive.destination, thenCutOver: false)
        audit("plan", record.sentence, record, move: id, segment: directive.segmentID, instance: directive.destination)
    }

    /// Starts a move of a segment from where it is now.
    func startMove(
        of segmentID: SegmentID, to target: InstanceID, thenCutOver: Bool
    ) async throws -> MoveID {
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
        try await moves.prepare(order, epoch: epoch, thenCutOver: thenCutOver)
        return id
    }

    private func giveBack(_ instance: InstanceID) async throws {
        try await parts.pool.giveBack(instance)
        leased.remove(instance)
        await tellRouterOfInstances()
    }

    /// What became of a move's work: for the audit, and for the pool when ownership changed.
    func moveEnded(_ outcome: MoveOutcome) async {
        let order = outcome.record.order
        let state = outcome.record.state
        if state == .probation, outcome.failure == nil, leased.contains(order.target) {
            try? await parts.pool.activate(order.target, by: .controller)
        }
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
