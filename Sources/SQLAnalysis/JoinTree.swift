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

/// A FROM clause as a tree of joins; a comma is an inner join without condition. Inner joins of inner joins are one
/// flat node: a list of many tables is no deep tree, and what is known of them is put together once.
indirect enum JoinTree {
    case leaf(Relation)
    case inner([JoinTree], on: [KeyCondition])
    /// `right` is the side that LEFT extends with NULLs; RIGHT JOINs are stored mirrored.
    case left(JoinTree, right: JoinTree, on: [KeyCondition])
    case full(JoinTree, JoinTree)

    func joined(to right: JoinTree, on: [KeyCondition]) -> JoinTree {
        guard case .inner(let parts, let conditions) = self else { return .inner([self, right], on: on) }
        return .inner(parts + [right], on: conditions + on)
    }

    var relations: Set<RelationID> {
        switch self {
        case .leaf(let relation): [relation.id]
        case .inner(let parts, _): parts.reduce(into: []) { $0.formUnion($1.relations) }
        case .left(let left, let right, _), .full(let left, let right): left.relations.union(right.relations)
        }
    }

    /// What holds on every row of this tree's output.
    var facts: KeyEqualities {
        switch self {
        case .leaf(let relation): return relation.facts
        case .inner(let parts, let on): return KeyEqualities().union(parts).union(on)
        case .left(let left, _, _): return left.facts
        case .full: return KeyEqualities()
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
        case .inner(let parts, let on):
            let all = filters.union(parts).union(on)
            return parts.flatMap { $0.bindings(under: all) }
        case .left(let left, let right, let on) where filters.mentions(right.relations):
            let both = filters.union([left, right]).union(on)
            return left.bindings(under: both) + right.bindings(under: both)
        case .left(let left, let right, let on):
            let leftFilters = filters.union([left])
            return left.bindings(under: leftFilters) + right.bindings(under: leftFilters.union([right]).union(on))
        case .full(let left, let right): return left.bindings(under: filters) + right.bindings(under: filters)
        }
    }
}

extension KeyEqualities {
    fileprivate func union(_ trees: [JoinTree]) -> KeyEqualities {
        var result = self
        for tree in trees { result.formUnion(tree.facts) }
        return result
    }

    fileprivate func union(_ conditions: [KeyCondition]) -> KeyEqualities {
        var result = self
        for condition in conditions { result.insert(condition) }
        return result
    }
}
