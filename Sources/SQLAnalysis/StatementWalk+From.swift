import CPgQuery
import ClusterModel

// FROM clauses, in two passes. The first makes the relations and joins, and walks the subqueries that see nothing of
// this level; then the level's rows are known, and the second walks what may refer to them: LATERAL subqueries,
// functions, and subqueries in ON. Names in ON are read while the tree is made, when just the tables to the left are
// there: that is how PostgreSQL reads them too.

extension StatementWalk {
    /// The tree of a FROM list; nil when it is empty.
    mutating func walkFrom(
        _ items: NodeList,
        _ level: QueryLevel,
        _ with: WithQueries
    ) throws(Refusal) -> JoinTree? {
        var tree: JoinTree?
        for item in items {
            let next = try makeTree(item, level, with)
            tree = tree.map { $0.joined(to: next, on: []) } ?? next
        }
        return tree
    }

    /// The second pass.
    mutating func walkDeferred(_ level: QueryLevel, _ with: WithQueries) throws(Refusal) {
        for part in level.deferred {
            let namespace = Namespace(level, visible: part.visible)
            switch part.content {
            case .expression(let node): try walk(node, namespace, with)
            case .query(let node): try walkQuery(node, outer: namespace, with)
            }
        }
    }

    private mutating func makeTree(
        _ item: NodePointer,
        _ level: QueryLevel,
        _ with: WithQueries
    ) throws(Refusal) -> JoinTree {
        switch item.pointee.node_case {
        case PG_QUERY__NODE__NODE_RANGE_VAR:
            return .leaf(add(try relation(item.pointee.range_var.pointee, with), to: level))
        case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
            return try sampled(item.pointee.range_table_sample.pointee, level, with)
        case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
            return .leaf(add(try subquery(item.pointee.range_subselect.pointee, level, with), to: level))
        case PG_QUERY__NODE__NODE_JOIN_EXPR: return try join(item.pointee.join_expr.pointee, level, with)
        default:
            level.deferExpression(item)
            return .leaf(add(try opaque(named: item.fromName), to: level))
        }
    }

    private func add(_ relation: Relation, to level: QueryLevel) -> Relation {
        level.relations.append(relation)
        return relation
    }

    private mutating func sampled(
        _ sample: PgQuery__RangeTableSample,
        _ level: QueryLevel,
        _ with: WithQueries
    ) throws(Refusal) -> JoinTree {
        guard let table = sample.relation else { throw .unknownConstruct }
        for argument in NodeList(sample.n_args, sample.args) { level.deferExpression(argument) }
        if let seed = sample.repeatable { level.deferExpression(seed) }
        return try makeTree(table, level, with)
    }

    private mutating func opaque(named name: String) throws(Refusal) -> Relation {
        try Relation(id: makeID(), name: name, schema: nil, content: .opaque)
    }

    /// What a table name in FROM, or after UPDATE and DELETE, stands for.
    mutating func relation(_ table: PgQuery__RangeVar, _ with: WithQueries) throws(Refusal) -> Relation {
        let name = text(table.relname)
        let schemaName = text(table.schemaname)
        let alias = table.alias.map { text($0.pointee.aliasname) }
        let renamesColumns = (table.alias?.pointee.n_colnames ?? 0) > 0
        if schemaName.isEmpty, let columns = with[name] {
            account(for: nil)
            return Relation(
                id: try makeID(group?.keyType),
                name: alias ?? name,
                schema: nil,
                content: .derived(renamesColumns ? [:] : columns)
            )
        }
        let resolution = schema.resolve(schema: schemaName.isEmpty ? nil : schemaName, name: name)
        account(for: resolution.table)
        switch resolution {
        case .unsharded(let table):
            try touch(table)
            return try opaque(named: alias ?? name)
        case .catalog: return try opaque(named: alias ?? name)
        case .sharded(let sharded):
            guard !renamesColumns else { throw .columnAliases(sharded) }
            return Relation(
                id: try makeID(sharded.keyType),
                name: alias ?? name,
                schema: alias == nil ? sharded.table.schema : nil,
                content: .sharded(sharded)
            )
        }
    }

    private mutating func subquery(
        _ range: PgQuery__RangeSubselect,
        _ level: QueryLevel,
        _ with: WithQueries
    ) throws(Refusal) -> Relation {
        let name = range.alias.map { text($0.pointee.aliasname) } ?? ""
        guard range.lateral == 0 else {
            if let query = range.subquery { level.deferQuery(query) }
            return try opaque(named: name)
        }
        let columns = try walkQuery(range.subquery, outer: level.outer, with)
        let renamesColumns = (range.alias?.pointee.n_colnames ?? 0) > 0
        return Relation(
            id: try makeID(group?.keyType),
            name: name,
            schema: nil,
            content: .derived(renamesColumns ? [:] : columns)
        )
    }

    private mutating func join(
        _ expression: PgQuery__JoinExpr,
        _ level: QueryLevel,
        _ with: WithQueries
    ) throws(Refusal) -> JoinTree {
        guard let leftItem = expression.larg, let rightItem = expression.rarg else { throw .unknownConstruct }
        let countBefore = level.relations.count
        let left = try makeTree(leftItem, level, with)
        let right = try makeTree(rightItem, level, with)
        let on = joinConditions(of: expression, left.relations, right.relations, level)
        if let condition = expression.quals {
            level.deferExpression(condition, visible: left.relations.union(right.relations))
        }
        obscureNames(of: expression, level.relations[countBefore...], level)
        switch expression.jointype {
        case PG_QUERY__JOIN_TYPE__JOIN_INNER: return left.joined(to: right, on: on)
        case PG_QUERY__JOIN_TYPE__JOIN_LEFT: return .left(left, right: right, on: on)
        case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: return .left(right, right: left, on: on)
        default: return .full(left, right)
        }
    }

    /// The alias of a join hides its tables' names, and names columns that we do not follow.
    private func obscureNames(
        of join: PgQuery__JoinExpr,
        _ relations: ArraySlice<Relation>,
        _ level: QueryLevel
    ) {
        if let alias = join.join_using_alias { level.obscureNames.insert(text(alias.pointee.aliasname)) }
        guard let alias = join.alias else { return }
        level.obscureNames.insert(text(alias.pointee.aliasname))
        for relation in relations {
            level.obscureNames.insert(relation.name)
            level.forgetUnqualified(relation)
        }
    }

    private func joinConditions(
        of join: PgQuery__JoinExpr,
        _ left: Set<RelationID>,
        _ right: Set<RelationID>,
        _ level: QueryLevel
    ) -> [KeyCondition] {
        if join.is_natural != 0 {
            // Which columns NATURAL merges depends on columns that we do not know.
            for relation in level.relations where left.contains(relation.id) || right.contains(relation.id) {
                level.forgetUnqualified(relation)
            }
            return []
        }
        let merged = NodeList(join.n_using_clause, join.using_clause).names ?? []
        let using = merged.compactMap { name in merge(name, join.jointype, left, right, level) }
        return using + conditionReader(Namespace(level, visible: left.union(right))).conditions(in: join.quals)
    }

    /// One column of USING: equal on both sides, and from now on one column, which is the left one's value, or the
    /// right one's in a RIGHT JOIN, or that of neither in a FULL JOIN.
    private func merge(
        _ name: String,
        _ kind: PgQuery__JoinType,
        _ left: Set<RelationID>,
        _ right: Set<RelationID>,
        _ level: QueryLevel
    ) -> KeyCondition? {
        let leftColumn = Namespace(level, visible: left).unqualified(name)
        let rightColumn = Namespace(level, visible: right).unqualified(name)
        guard let leftColumn, let rightColumn else {
            level.mergedAway.formUnion([leftColumn, rightColumn].compactMap { $0 })
            return nil
        }
        let keepsLeft = kind == PG_QUERY__JOIN_TYPE__JOIN_INNER || kind == PG_QUERY__JOIN_TYPE__JOIN_LEFT
        if !keepsLeft { level.mergedAway.insert(leftColumn) }
        if kind != PG_QUERY__JOIN_TYPE__JOIN_RIGHT { level.mergedAway.insert(rightColumn) }
        return .equal(leftColumn, rightColumn)
    }
}

extension NodePointer {
    /// The name by which a function in FROM is referred to: its alias, or its own.
    fileprivate var fromName: String {
        switch pointee.node_case {
        case PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC:
            return pointee.range_table_func.pointee.alias.map { text($0.pointee.aliasname) } ?? "xmltable"
        case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
            let function = pointee.range_function.pointee
            if let alias = function.alias { return text(alias.pointee.aliasname) }
            return NodeList(function.n_functions, function.functions).makeIterator().next()?.functionName ?? ""
        default: return ""
        }
    }

    /// Functions in FROM are lists of the call and its column definitions.
    private var functionName: String? {
        guard pointee.node_case == PG_QUERY__NODE__NODE_LIST else { return nil }
        let list = pointee.list.pointee
        guard let call = NodeList(list.n_items, list.items).makeIterator().next(),
            call.pointee.node_case == PG_QUERY__NODE__NODE_FUNC_CALL
        else { return nil }
        return NodeList(call.pointee.func_call.pointee.n_funcname, call.pointee.func_call.pointee.funcname).names?.last
    }
}
