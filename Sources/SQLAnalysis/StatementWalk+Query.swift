import CPgQuery
import ClusterModel

// SELECT in all its forms: WITH, set operations, VALUES, plain queries; and statements where a query stands (WITH).

extension StatementWalk {
    /// Walks a query or, inside WITH, a statement that changes data; returns the columns that are provably constant.
    @discardableResult
    mutating func walkQuery(
        _ node: NodePointer?,
        outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) -> [String: [KeySource]] {
        guard let node else { return [:] }
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_SELECT_STMT:
            let select = node.pointee.select_stmt.pointee
            guard let level = try walkSelect(select, outer: outer, with) else { return [:] }
            return constantColumns(of: select, level)
        case PG_QUERY__NODE__NODE_INSERT_STMT: try walkInsert(node.pointee.insert_stmt.pointee, outer: outer, with)
        case PG_QUERY__NODE__NODE_UPDATE_STMT: try walkUpdate(node.pointee.update_stmt.pointee, outer: outer, with)
        case PG_QUERY__NODE__NODE_DELETE_STMT: try walkDelete(node.pointee.delete_stmt.pointee, outer: outer, with)
        default: throw .unknownConstruct
        }
        return [:]
    }

    /// Returns the query's level, or nil for a set operation.
    @discardableResult
    mutating func walkSelect(
        _ select: PgQuery__SelectStmt,
        outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) -> QueryLevel? {
        guard select.into_clause == nil else {
            throw .command("SELECT INTO", "Create the table on the instances directly.")
        }
        let with = try walkWith(select.with_clause, outer: outer, with)
        let level = QueryLevel(outer: outer)
        if let left = select.larg, let right = select.rarg {
            try walkSelect(left.pointee, outer: outer, with)
            try walkSelect(right.pointee, outer: outer, with)
            try walkTail(select, Namespace(level), with)
            return nil
        }
        try walkBody(select, level, with)
        return level
    }

    private mutating func walkBody(
        _ select: PgQuery__SelectStmt,
        _ level: QueryLevel,
        _ with: WithQueries
    ) throws(Refusal) {
        let tree = try walkFrom(NodeList(select.n_from_clause, select.from_clause), level, with)
        try bind(level, tree, where: select.where_clause)
        let namespace = Namespace(level)
        try walkDeferred(level, with)
        try walk(select.where_clause, namespace, with)
        try walk(NodeList(select.n_target_list, select.target_list), namespace, with)
        try walk(NodeList(select.n_values_lists, select.values_lists), namespace, with)
        try walk(NodeList(select.n_distinct_clause, select.distinct_clause), namespace, with)
        try walk(NodeList(select.n_group_clause, select.group_clause), namespace, with)
        try walk(select.having_clause, namespace, with)
        try walk(NodeList(select.n_window_clause, select.window_clause), namespace, with)
        try walkTail(select, namespace, with)
    }

    /// What a set operation has too: ORDER BY, LIMIT, FOR UPDATE.
    private mutating func walkTail(
        _ select: PgQuery__SelectStmt,
        _ namespace: Namespace,
        _ with: WithQueries
    ) throws(Refusal) {
        try walk(NodeList(select.n_sort_clause, select.sort_clause), namespace, with)
        try walk(select.limit_count, namespace, with)
        try walk(select.limit_offset, namespace, with)
        if select.n_locking_clause > 0 { writesRows = true }
    }

    /// The WITH queries visible after this clause.
    mutating func walkWith(
        _ clause: UnsafeMutablePointer<PgQuery__WithClause>?,
        outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) -> WithQueries {
        guard let clause = clause?.pointee else { return with }
        var visible = with
        let queries = NodeList(clause.n_ctes, clause.ctes).map { $0.pointee.common_table_expr.pointee }
        if clause.recursive != 0 {
            // Under RECURSIVE each query sees itself and all the others.
            for query in queries { visible[text(query.ctename)] = [:] }
        }
        for query in queries {
            _ = try makeID()
            let columns = try walkQuery(query.ctequery, outer: outer, visible)
            let isRenamed = query.n_aliascolnames > 0 || query.search_clause != nil || query.cycle_clause != nil
            visible[text(query.ctename)] = isRenamed ? [:] : columns
        }
        return visible
    }
}
