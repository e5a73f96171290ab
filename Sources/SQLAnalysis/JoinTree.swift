import CPgQuery
import ClusterModel

// Which table occurrences of a FROM clause are restricted to known keys: the heart of "exact or refused".
//
// An occurrence t is *bound* to keys K when replacing it by its rows with keys in K cannot change the result. Two facts
// carry the proof; conditions are equalities, which no NULL satisfies.
//  (1) A condition that filters the output of a (sub)tree binds every occurrence under it that it restricts, also
//      through outer joins: a row of t with another key never reaches an output row that passes, and a row that is
//      null-extended because such a t row is missing has a NULL key and does not pass either.
//  (2) The ON of a LEFT JOIN restricts only its right side, and there together with what is known of the left rows
//      that can pass. What is known from above may be used for the right side only when it does not speak of it; when
//      it does, no null-extended row passes and the join is an inner one.
// Of a FULL JOIN, the ON restricts neither side.

/// One sharded table occurrence and the keys that it is bound to; nil when it is not.
struct Binding {
    let column: Column
    let name: String
    let relation: ShardedRelation
    let keys: [KeySource]?
}

/// A FROM clause as a tree of joins; a comma is an inner join without condition.
indirect enum JoinTree {
    enum Kind { case inner, left, full }

    case leaf(Relation)
    /// `right` is the side that LEFT extends with NULLs; RIGHT JOINs are stored mirrored.
    case join(Kind, left: JoinTree, right: JoinTree, on: [KeyCondition])

    var relations: Set<RelationID> {
        switch self {
        case .leaf(let relation): [relation.id]
        case .join(_, let left, let right, _): left.relations.union(right.relations)
        }
    }

    /// What holds on every row of this tree's output.
    var facts: KeyEqualities {
        switch self {
        case .leaf(let relation): return relation.facts
        case .join(.inner, let left, let right, let on):
            var facts = left.facts.union(right.facts)
            for condition in on { facts.insert(condition) }
            return facts
        case .join(.left, let left, _, _): return left.facts
        case .join(.full, _, _, _): return KeyEqualities()
        }
    }

    /// Every sharded occurrence, in the order of the text.
    /// - Parameter filters: what holds on every output row of this tree that matters.
    func bindings(under filters: KeyEqualities) -> [Binding] {
        switch self {
        case .leaf(let relation):
            guard case .sharded(let sharded) = relation.content else { return [] }
            let column = Column(relation: relation.id, name: sharded.keyColumn)
            return [Binding(column: column, name: relation.name, relation: sharded, keys: filters.keys(of: column))]
        case .join(let kind, let left, let right, let on):
            let (leftFilters, rightFilters) = pushDown(filters, kind, left, right, on)
            return left.bindings(under: leftFilters) + right.bindings(under: rightFilters)
        }
    }

    private func pushDown(
        _ filters: KeyEqualities,
        _ kind: Kind,
        _ left: JoinTree,
        _ right: JoinTree,
        _ on: [KeyCondition]
    ) -> (left: KeyEqualities, right: KeyEqualities) {
        let rejectsNullExtended = kind == .left && filters.mentions(right.relations)
        switch kind {
        case .full: return (filters, filters)
        case .left where !rejectsNullExtended:
            let leftFilters = filters.union(left.facts)
            return (leftFilters, leftFilters.union(right.facts).union(on))
        case .inner, .left:
            let both = filters.union(left.facts).union(right.facts).union(on)
            return (both, both)
        }
    }
}

extension KeyEqualities {
    fileprivate func union(_ conditions: [KeyCondition]) -> KeyEqualities {
        var result = self
        for condition in conditions { result.insert(condition) }
        return result
    }
}
