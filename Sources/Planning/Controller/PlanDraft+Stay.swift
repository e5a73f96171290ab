// Why a segment is left where it is, for someone who asks: the numbers that would have to be others.

import ClusterModel

extension ShardingController {
    /// One sentence; nil for a segment that is not in the snapshot.
    package func reasonToStay(of segment: SegmentID, in snapshot: ClusterSnapshot) -> String? {
        PlanDraft(snapshot, configuration: configuration, memory: memory).reasonToStay(of: segment)
    }
}

extension PlanDraft {
    fileprivate func reasonToStay(of id: SegmentID) -> String? {
        guard let segment = segments[id] else { return nil }
        if let move = snapshot.moves.first(where: { $0.segment == id }) {
            return "\(id) is in move \(move.id) from \(move.source) to \(move.target)"
        }
        let owner = segment.owner
        let probability = current[owner].highestProbability(exceeding: threshold(of: owner), in: horizon.indices)
        let until = clock(horizon.ends[horizon.count - 1])
        let chance =
            "\(owner) exceeds \(Wording.decimal(threshold(of: owner))) (capacity \(Wording.decimal(capacity(of: owner)))) "
            + "with probability \(Wording.percent(probability)) at most until \(until), and a copy is prepared from "
            + Wording.percent(configuration.prepareConfidence)
        let rest = obstacle(to: segment).map { "; \(words(for: $0))" } ?? ""
        let stillness = freeze.map { "; all moves are frozen until \(clock($0.end)): \($0.reason)" } ?? ""
        let mode = mode(of: id) < configuration.mode ? "; its group is in mode \(mode(of: id).rawValue)" : ""
        return "\(id) stays on \(owner): \(chance); to move it takes \(Wording.span(segment.timeToMove)) and is put at "
            + "\(Wording.decimal(configuration.prices.perMove))\(rest)\(stillness)\(mode)"
    }
}
