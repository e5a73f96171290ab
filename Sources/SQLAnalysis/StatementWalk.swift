import CPgQuery
import ClusterModel

// The walk over one statement. It finds every table occurrence, proves each sharded one bound to keys, and stops at
// the first thing that it cannot prove. Subqueries are walked where they stand, each as its own query level: an
// occurrence inside must be bound there, by a constant or by a column of an outer level that is.

/// What WITH names mean at one place; the innermost definition is the last.
typealias WithQueries = [String: [String: [KeySource]]]

/// One walk; everything it learns is in its properties.
struct StatementWalk {
    let schema: ShardedSchema
    private(set) var group: ShardedRelation?
    /// The first table of no group.
    private(set) var unshardedTable: TableName?
    private(set) var keys: [KeySource] = []
    private var keysSeen: Set<KeyExpression> = []
    private let parameterUses = KeyParameterUses()
    private(set) var tables: Set<TableName> = []
    private var accountedTables = 0
    var writesRows = false
    var insertsRows = false
    /// A literal was looked at other than as a key: statements of one shape may differ in what they are.
    var readsLiterals = false
    /// Refused because a table's rows are not restricted to known keys.
    private(set) var isUnbound = false
    /// Of the last INSERT of VALUES: the key of each row.
    var insertedRows: [KeySource]?
    private var keyTypes: [RelationID: ShardKeyType] = [:]
    private var relationCount = 0
    private let relationsMax: Int

    init(schema: ShardedSchema, relationsMax: Int) {
        self.schema = schema
        self.relationsMax = relationsMax
    }

    /// Where the statement must go, once it has been walked through.
    func target(accountingFor census: TreeCensus) -> StatementTarget {
        guard accountedTables == census.tables.count else { return .refused(.unknownConstruct) }
        if let group { return .keyed(group.group, keys.map(\.expression)) }
        if unshardedTable != nil, let home = schema.unsharded?.instance { return .unsharded(on: home) }
        return .anywhere
    }

    // MARK: What is found

    /// One of the census's tables was understood: `table`, or a WITH query when nil.
    mutating func account(for table: TableName?) {
        accountedTables += 1
        if let table { tables.insert(table) }
    }

    /// The number of the next table, subquery or function in FROM, or query in WITH.
    mutating func makeID(_ keyType: ShardKeyType? = nil) throws(Refusal) -> RelationID {
        guard relationCount < relationsMax else { throw .tooManyTables(relationsMax) }
        relationCount += 1
        keyTypes[relationCount] = keyType
        return relationCount
    }

    /// The statement touches only rows of `relation` with these keys.
    mutating func touch(_ relation: ShardedRelation, _ sources: [KeySource]) throws(Refusal) {
        try join(relation)
        parameterUses.note(sources)
        for source in sources where keysSeen.insert(source.identity).inserted { keys.append(source) }
    }

    /// The names of the statement told it all.
    mutating func noteUnsharded(_ table: TableName) { tables.insert(table) }

    /// The statement touches a table of no group.
    mutating func touch(_ table: TableName) throws(Refusal) {
        guard let unsharded = schema.unsharded else { throw .unshardedTable(table) }
        if let reason = unsharded.entangled[table] { throw .entangled(table, reason) }
        if let group { throw .unshardedTable(table, beside: group) }
        unshardedTable = unshardedTable ?? table
    }

    private mutating func join(_ relation: ShardedRelation) throws(Refusal) {
        if let unshardedTable { throw .unshardedTable(unshardedTable, beside: relation) }
        if let group, group.group != relation.group { throw .twoGroups(group.group, relation.group) }
        group = group ?? relation
    }

    /// Settles a level: what holds on its rows, and that its tables are bound.
    mutating func bind(_ level: QueryLevel, _ tree: JoinTree?, where condition: NodePointer?) throws(Refusal) {
        let reader = conditionReader(Namespace(level))
        for condition in reader.conditions(in: condition) { level.facts.insert(condition) }
        guard let tree else { return }
        // The filters go down without the tree's own facts: those would look like conditions on nullable sides.
        let bindings = tree.bindings(under: level.facts)
        level.facts.formUnion(tree.facts)
        for binding in bindings {
            try join(binding.relation)
            guard let keys = binding.keys else {
                isUnbound = true
                throw reader.refusal(of: binding, condition)
            }
            try touch(binding.relation, keys)
        }
    }

    func conditionReader(_ namespace: Namespace) -> KeyConditionReader {
        let types = keyTypes
        return KeyConditionReader(namespace: namespace, parameterUses: parameterUses) { types[$0.relation] ?? .text }
    }

    /// The keys' parameters that stand elsewhere too, where PostgreSQL may have taken their type from.
    func looselyTypedParameters(in census: TreeCensus) -> [Int] {
        keys.compactMap { key in
            guard let number = key.expression.parameterNumber else { return nil }
            return census.parameterCounts[number, default: 0] > parameterUses.count(of: number) ? number : nil
        }
    }

    // MARK: Expressions

    mutating func walk(_ nodes: NodeList, _ namespace: Namespace, _ with: WithQueries) throws(Refusal) {
        for node in nodes { try walk(node, namespace, with) }
    }

    /// Looks for subqueries in any expression.
    mutating func walk(_ node: NodePointer?, _ namespace: Namespace, _ with: WithQueries) throws(Refusal) {
        guard let node else { return }
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_SUB_LINK:
            let link = node.pointee.sub_link.pointee
            try walk(link.testexpr, namespace, with)
            try walkQuery(link.subselect, outer: namespace, with)
        case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR:
            throw .command("WHERE CURRENT OF", "Name the row by its shard key and primary key.")
        default: try walkChildren(of: MessagePointer(node), namespace, with)
        }
    }

    mutating func walkChildren(
        of message: MessagePointer,
        _ namespace: Namespace,
        _ with: WithQueries
    ) throws(Refusal) {
        for child in message.children {
            if let node = child.asNode {
                try walk(node, namespace, with)
            } else {
                try walkChildren(of: child, namespace, with)
            }
        }
    }
}

/// The places where parameters stand as keys.
final class KeyParameterUses {
    private var locations: [Int: Set<Int>] = [:]

    func note(_ sources: [KeySource]) {
        for source in sources {
            if let number = source.expression.parameterNumber {
                locations[number, default: []].insert(source.location)
            }
        }
    }

    func count(of number: Int) -> Int { locations[number]?.count ?? 0 }
}

/// The settings that change what a statement's text means to the router.
enum RoutingSettings {
    private static let names: Set<String> = ["search_path", "standard_conforming_strings", "client_encoding"]

    static func contains(_ name: String) -> Bool { names.contains(name.lowercased()) }
}

extension NodePointer {
    /// The value of a string constant.
    var stringLiteral: String? {
        guard pointee.node_case == PG_QUERY__NODE__NODE_A_CONST,
            pointee.a_const.pointee.val_case == PG_QUERY__A__CONST__VAL_SVAL
        else { return nil }
        return text(pointee.a_const.pointee.sval.pointee.sval)
    }

    var isTrueLiteral: Bool {
        pointee.node_case == PG_QUERY__NODE__NODE_A_CONST
            && pointee.a_const.pointee.val_case == PG_QUERY__A__CONST__VAL_BOOLVAL
            && pointee.a_const.pointee.boolval.pointee.boolval != 0
    }
}
