// A batch for several instances becomes one batch for each run of statements that go to the same one.
import NIOCore

extension BatchPlan {
    /// The plans of the legs. Each asks for its own ReadyForQuery; the client sees the last one's.
    /// - Parameter isImplicit: the last one's is not the client's either, because a commit follows.
    func split(into legs: [Destination.Leg], isImplicit: Bool) -> [BatchPlan] {
        let isLastSeen = !isImplicit && end != .flush
        return legs.indices.map { index in
            let end = index + 1 < legs.count ? legs[index + 1].firstStep : steps.count
            var part = BatchPlan()
            part.steps = Array(steps[(index == 0 ? 0 : legs[index].firstStep)..<end])
            part.end = index + 1 == legs.count && isLastSeen ? self.end : .leg
            part.statementCount = routes.count { $0.step >= legs[index].firstStep && $0.step < end }
            part.executes = true
            part.needsInstance = true
            part.bytes = bytes / legs.count
            return part
        }
    }

    /// Parses of the client's that were not sent.
    var parses: [(PreparedStatement, clientName: String?)] {
        steps.compactMap { if case .parse(let statement, let name) = $0 { (statement, name) } else { nil } }
    }
}
