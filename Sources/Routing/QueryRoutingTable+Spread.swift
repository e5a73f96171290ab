import ClusterModel
import SQLAnalysis

// Where the rows of a statement lie, whether or not one segment answers it: what a database that is not sharded yet
// runs gladly, a router has to refuse, and its load is no less for that.

/// The segments that a statement's keys lie in.
package enum SegmentSpread: Sendable, Equatable {
    case one(SegmentID)
    /// At least two, each once, in the order of the keys.
    case several([SegmentID])
    /// No table of a group, or no row of one.
    case none
    /// Why its segments cannot be told.
    indirect case unknown(Refusal)
}

extension QueryRoutingTable {
    /// The same keys, places and refusals as `route`, but for several segments, which are no refusal here.
    package func spread(_ statement: AnalyzedStatement, parameters: [ParameterValue] = []) -> SegmentSpread {
        switch statement.target {
        case .anywhere, .unsharded: return .none
        case .refused(let refusal): return .unknown(refusal)
        case .scattered(let plan):
            guard let ring = rings.first(where: { $0.group.id == plan.group }) else {
                return .unknown(.unknownGroup(plan.group))
            }
            return ring.segments.count == 1 ? .one(ring.segments[0].id) : .several(ring.segments.map(\.id))
        case .keyed(let group, let keys):
            do throws(Refusal) {
                return try spread(statement, keys, in: group, parameters)
            } catch {
                return .unknown(error)
            }
        }
    }

    private func spread(
        _ statement: AnalyzedStatement, _ keys: [KeyExpression], in group: GroupID, _ parameters: [ParameterValue]
    ) throws(Refusal) -> SegmentSpread {
        guard let ring = rings.first(where: { $0.group.id == group }) else { throw .unknownGroup(group) }
        try checkTypes(statement.looselyTypedParameters, ring.group.keyType, parameters)
        var first: Int?
        var others: [Int] = []
        try forEachIndex(of: keys, in: ring, statement, parameters) { index in
            if first == nil { first = index } else if index != first, !others.contains(index) { others.append(index) }
        }
        guard let first else { return .none }
        guard !others.isEmpty else { return .one(ring.segments[first].id) }
        return .several([ring.segments[first].id] + others.map { ring.segments[$0].id })
    }
}
