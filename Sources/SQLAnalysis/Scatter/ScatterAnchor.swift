import CPgQuery
import ClusterModel

// The one table occurrence whose rows decide which instance gives a result row. With the filter on its key every other
// occurrence must be restricted to the same keys: that is the proof of `JoinTree.bindings`, with the owned positions in
// the place of constants. So neither rows that an instance does not own nor rows of other instances can play a part.

/// Names the anchor of a FROM clause, and the columns that are its key on every row.
struct ScatterAnchor {
    let relation: ShardedRelation
    /// By which the statement refers to it.
    let name: String
    private let facts: KeyEqualities
    private let namespace: Namespace

    /// - Throws: why the tables' rows do not live together.
    init(_ select: PgQuery__SelectStmt, schema: ShardedSchema, relationsMax: Int) throws(Refusal) {
        var walk = StatementWalk(schema: schema, relationsMax: relationsMax)
        let level = QueryLevel(outer: nil)
        let items = NodeList(select.n_from_clause, select.from_clause)
        guard let tree = try walk.walkFrom(items, level, [:]) else { throw .unknownConstruct }
        try Self.checkGroups(level)
        guard level.obscureNames.isEmpty else { throw .notMerged("a join with an alias") }
        let namespace = Namespace(level)
        var equalities = KeyEqualities()
        for condition in walk.conditionReader(namespace).conditions(in: select.where_clause) {
            if case .equal = condition { equalities.insert(condition) }
        }
        let joins = tree.withoutConstants
        for relation in joins.preservedRelations {
            guard case .sharded(let sharded) = relation.content else { continue }
            var facts = equalities
            let key = Column(relation: relation.id, name: sharded.keyColumn)
            facts.insert(.among(key, [Self.owned]))
            guard joins.bindings(under: facts).allSatisfy({ $0.keys != nil }) else { continue }
            self.relation = sharded
            name = relation.name
            self.facts = facts.union(joins.facts)
            self.namespace = namespace
            return
        }
        throw .notMerged("a join that is not by equality of the shard keys")
    }

    /// Its value on every row is the anchor's key.
    func isKey(_ node: NodePointer) -> Bool {
        guard node.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF,
            let column = namespace.column(node.pointee.column_ref.pointee)
        else { return false }
        return facts.keys(of: column) != nil
    }

    /// The position of a row, as SQL.
    var position: String {
        let column = "\(quoted(name)).\(quoted(relation.keyColumn))"
        return switch relation.keyType {
        case .integer, .bigint: "pg_catalog.hashint8extended(\(column), 0)"
        case .text, .varchar: "pg_catalog.hashtextextended(\(column), 0)"
        case .uuid: "pg_catalog.uuid_hash_extended(\(column), 0)"
        }
    }

    var isOnlyTable: Bool { namespace.level.relations.count == 1 }

    var tables: Set<TableName> {
        Set(
            namespace.level.relations.compactMap {
                if case .sharded(let table) = $0.content { table.table } else { nil }
            })
    }

    /// Stands for the keys that the instance owns; never written.
    private static let owned = KeySource(expression: .elements(ofParameter: 0), location: -1, hasOuterMinus: false)

    private static func checkGroups(_ level: QueryLevel) throws(Refusal) {
        var group: GroupID?
        for relation in level.relations {
            guard case .sharded(let sharded) = relation.content else {
                throw .notMerged("FROM with anything but tables of one group")
            }
            if let group, group != sharded.group { throw .twoGroups(group, sharded.group) }
            group = sharded.group
        }
    }

    private func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension JoinTree {
    /// The same joins, of whose conditions only equalities of keys are left.
    fileprivate var withoutConstants: JoinTree {
        switch self {
        case .leaf: self
        case .inner(let parts, let on): .inner(parts.map(\.withoutConstants), on: on.filter(\.isEquality))
        case .left(let left, let right, let on):
            .left(left.withoutConstants, right: right.withoutConstants, on: on.filter(\.isEquality))
        case .full(let left, let right): .full(left.withoutConstants, right.withoutConstants)
        }
    }

    /// Those that no outer join extends with NULLs.
    fileprivate var preservedRelations: [Relation] {
        switch self {
        case .leaf(let relation): [relation]
        case .inner(let parts, _): parts.flatMap(\.preservedRelations)
        case .left(let left, _, _): left.preservedRelations
        case .full: []
        }
    }
}

extension KeyCondition {
    fileprivate var isEquality: Bool { if case .equal = self { true } else { false } }
}
