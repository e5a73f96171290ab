import CPgQuery
import ClusterModel

// Names as PostgreSQL resolves them (parse_relation.c): the innermost query level first, and in it only the tables
// that are visible at that place. We do not know all columns of any table, so a name resolves only where it can mean
// nothing else in a valid statement; else it is nobody's, and derives no key.

/// One table occurrence, subquery or function in a FROM clause.
struct Relation {
    enum Content {
        case sharded(ShardedRelation)
        /// A subquery or WITH query; these columns of it equal these constants on every row.
        case derived([String: [KeySource]])
        /// Anything without shard keys: a function, a catalog.
        case opaque
    }

    let id: RelationID
    /// The alias, or else the table's name.
    let name: String
    /// The table's schema, where the table has no alias: `public.orders.id` names it then.
    let schema: String?
    let content: Content

    /// The columns of which something is known.
    var knownColumns: [String] {
        switch content {
        case .sharded(let relation): [relation.keyColumn]
        case .derived(let columns): Array(columns.keys)
        case .opaque: []
        }
    }

    func knows(_ column: String) -> Bool {
        switch content {
        case .sharded(let relation): relation.keyColumn == column
        case .derived(let columns): columns[column] != nil
        case .opaque: false
        }
    }

    /// What holds on every row of this relation.
    var facts: KeyEqualities {
        var facts = KeyEqualities()
        if case .derived(let columns) = content {
            for (name, keys) in columns { facts.insert(.among(Column(relation: id, name: name), keys)) }
        }
        return facts
    }
}

/// A part of a FROM clause that may refer to the level's own tables.
struct DeferredPart {
    enum Content {
        case expression(NodePointer)
        case query(NodePointer)
    }

    let content: Content
    let visible: Set<RelationID>
}

/// One SELECT, UPDATE, DELETE or INSERT: its FROM clause and what is known of its rows.
final class QueryLevel {
    let outer: Namespace?
    var relations: [Relation] = []
    /// Names that PostgreSQL sees at this level and we do not follow: aliases of joins, tables inside such joins.
    var obscureNames: Set<String> = []
    /// Columns that an unqualified name no longer means, because a join merged them into another.
    var mergedAway: Set<Column> = []
    private(set) var deferred: [DeferredPart] = []
    /// Holds on every row that passes this level's FROM and WHERE, and, of the outer levels, on the rows that matter.
    var facts: KeyEqualities

    init(outer: Namespace?) {
        self.outer = outer
        facts = outer?.level.facts ?? KeyEqualities()
    }

    /// `visible` is by default what stands to the left.
    func deferExpression(_ node: NodePointer, visible: Set<RelationID>? = nil) {
        deferred.append(DeferredPart(content: .expression(node), visible: visible ?? relationIDs))
    }

    func deferQuery(_ node: NodePointer) {
        deferred.append(DeferredPart(content: .query(node), visible: relationIDs))
    }

    /// Its columns can only be meant by qualified names from now on.
    func forgetUnqualified(_ relation: Relation) {
        for column in relation.knownColumns { mergedAway.insert(Column(relation: relation.id, name: column)) }
    }

    private var relationIDs: Set<RelationID> { Set(relations.map(\.id)) }
}

/// A query level as one place in it sees it.
final class Namespace {
    let level: QueryLevel
    /// Nil: all relations of the level.
    private let visible: Set<RelationID>?

    init(_ level: QueryLevel, visible: Set<RelationID>? = nil) {
        self.level = level
        self.visible = visible
    }

    /// The key column that a column reference means; nil when it is, or may be, another column.
    func column(_ reference: PgQuery__ColumnRef) -> Column? {
        guard let fields = NodeList(reference.n_fields, reference.fields).names else { return nil }
        switch fields.count {
        case 1: return unqualified(fields[0])
        case 2: return qualified(schema: nil, relation: fields[0], column: fields[1])
        case 3: return qualified(schema: fields[0], relation: fields[1], column: fields[2])
        default: return nil
        }
    }

    func unqualified(_ column: String) -> Column? {
        // A level without tables has no columns; any other may have one of this name that we do not know.
        guard !level.relations.isEmpty else { return level.outer?.unqualified(column) }
        var found: Column?
        for relation in level.relations where relation.knows(column) && isVisible(relation) {
            let candidate = Column(relation: relation.id, name: column)
            guard !level.mergedAway.contains(candidate) else { continue }
            guard found == nil else { return nil }
            found = candidate
        }
        return found
    }

    private func qualified(schema: String?, relation name: String, column: String) -> Column? {
        let named = level.relations.filter { $0.name == name && (schema == nil || $0.schema == schema) }
        let isObscure = level.obscureNames.contains(name)
        guard !named.isEmpty || isObscure else {
            return level.outer?.qualified(schema: schema, relation: name, column: column)
        }
        guard !isObscure, named.count == 1, isVisible(named[0]), named[0].knows(column) else { return nil }
        return Column(relation: named[0].id, name: column)
    }

    private func isVisible(_ relation: Relation) -> Bool { visible?.contains(relation.id) ?? true }
}
