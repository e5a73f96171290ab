// What a person orders. An order is written down like a decision of the controller's.
import ClusterModel
import Migration
import Planning

extension Coordinator {
    /// Moves a segment; ownership changes as soon as the copy is ready. A contingent target is taken from the pool.
    package func orderMove(of segment: SegmentID, to target: InstanceID) async throws -> OrderView {
        try await obtain(target)
        let id = try await startMove(of: segment, to: target, thenCutOver: true) { id in
            let sentence = "a person ordered segment \(segment) to \(target)"
            audit("order", sentence, String?.none, move: id, segment: segment, instance: target)
        }
        return OrderView(move: id.text, message: "move \(id): segment \(segment) is being copied to \(target)")
    }

    private func obtain(_ target: InstanceID) async throws {
        if parts.homes.contains(where: { $0.id == target }) { return }
        guard let member = await parts.pool.allMembers.first(where: { $0.id == target }) else {
            let known = parts.homes.map(\.id.text) + (await parts.pool.allMembers.map(\.id.text))
            throw OrderRefusal("there is no instance \(target). Known: \(known.joined(separator: ", ")).")
        }
        if member.state.isLent { return }
        if let lease = member.state.lease {
            let (_, deadline) = try await callBack(target, orLike: false)
            throw OrderRefusal(
                """
                \(target) is lent to \(lease.terms.holder), who has to leave it by \(deadline). It is being called back \
                for the service: give the order again when `foreshard pool` shows it as reserved.
                """)
        }
        _ = try await parts.pool.lease(target, for: .controller)
        await tellRouterOfInstances()
    }

    /// Gives the segment back to where it was: at once over the reverse stream, or by dropping the preparation.
    package func orderRevert(of id: MoveID) async throws -> OrderView {
        guard let moves else { throw OrderRefusal("moves are not ready yet.") }
        guard let move = await moves.tracked[id] else {
            throw OrderRefusal(
                "move \(id) is not under way. If it is final, move the segment back: foreshard move SEGMENT --to INSTANCE."
            )
        }
        audit("order", "a person ordered move \(id) undone", String?.none, move: id)
        if move.record.state == .probation {
            try await moves.revert(id)
        } else {
            try await moves.abort(id)
        }
        return OrderView(move: id.text, message: "move \(id) is being undone")
    }

    /// Changes what the controller may do, until the next start.
    package func setMode(_ mode: PlanningMode) -> OrderView {
        controller.configuration.mode = mode
        audit("order", "a person set the mode to \(mode.rawValue)", String?.none)
        return OrderView(move: nil, message: "mode is \(mode.rawValue) until the next start")
    }
}
