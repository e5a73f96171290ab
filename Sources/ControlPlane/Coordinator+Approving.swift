// Mode `recommend`: the controller proposes, a person approves.
//
// A proposal is an action of the latest plan. Approving one that begins a move approves the whole move: the instance that
// it needs is leased, and its change of ownership, its revert and its end come without asking again.
import ClusterModel
import Planning

extension Coordinator {
    /// Carries out proposals of the latest plan.
    ///
    /// - Parameter ids: as `foreshard plan` shows them; empty: all.
    /// - Throws: `OrderRefusal` when there is no such proposal, and what speaks against the first that cannot be done.
    package func orderApproval(of ids: [String]) async throws -> OrderView {
        let modes = [controller.configuration.mode] + parts.terms.modes.values
        guard controller.configuration.mode != .observe, modes.contains(.recommend) else {
            throw OrderRefusal(
                "there is nothing to approve in mode \(controller.configuration.mode.rawValue): see `foreshard mode`.")
        }
        let proposals = plan?.actions.filter { $0.authority == .afterApproval && !isApproved($0) } ?? []
        if let unknown = ids.first(where: { id in !proposals.contains { $0.kind.proposalID == id } }) {
            throw OrderRefusal("the latest plan has no proposal \(unknown): see `foreshard plan`.")
        }
        let approved = ids.isEmpty ? proposals : proposals.filter { ids.contains($0.kind.proposalID) }
        guard !approved.isEmpty else { throw OrderRefusal("the latest plan proposes nothing.") }
        for action in approved { try await approve(action, of: proposals) }
        return OrderView(
            move: nil, message: approved.map { "approved: \($0.record.sentence)" }.joined(separator: "\n"))
    }

    /// What belongs to a move that a person approved needs no further word.
    func isApproved(_ action: PlannedAction) -> Bool {
        guard action.authority == .afterApproval, let move = action.record.move else { return false }
        return approvedMoves.contains(move)
    }

    private func approve(_ action: PlannedAction, of proposals: [PlannedAction]) async throws {
        audit(
            "order", "a person approved: \(action.record.sentence)", action.record, move: action.record.move,
            segment: action.record.segment, instance: action.record.destination)
        if let target = action.directive?.destination,
            let lease = proposals.first(where: { $0.kind == .lease(target) })
        {
            try await perform(lease)
        }
        if let begun = try await perform(action) { approvedMoves.insert(begun) }
        // A move that was begun before a restart, or in another mode.
        if let move = action.record.move { approvedMoves.insert(move) }
    }
}

extension PlannedAction.Kind {
    /// Four hexadecimal digits that stay the same from plan to plan.
    var proposalID: String {
        let subject =
            switch self {
            case .lease(let instance), .giveBack(let instance): instance.text
            case .prepare(let directive), .returnHome(let directive):
                "\(directive.segmentID) \(directive.destination)"
            case .cutOver(let move), .revert(let move), .keep(let move), .abort(let move): move.text
            }
        // FNV-1a, folded to 16 bits.
        let hash = "\(verb) \(subject)".utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String((hash >> 16) ^ (hash & 0xffff), radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
