import CPgQuery
import ClusterModel

// INSERT, UPDATE and DELETE, also inside WITH. The table that is changed is one more occurrence, joined to the FROM or
// USING list by the WHERE clause; the key column itself never changes.

extension StatementWalk {
    mutating func walkUpdate(
        _ update: PgQuery__UpdateStmt,
        outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) {
        writesRows = true
        let with = try walkWith(update.with_clause, outer: outer, with)
        let level = QueryLevel(outer: outer)
        let target = try changedTable(update.relation, level)
        let targets = NodeList(update.n_target_list, update.target_list)
        guard !targets.assign(target.relation.keyColumn) else { throw .keyUpdate(target.relation) }
        let tree = try walkFrom(NodeList(update.n_from_clause, update.from_clause), level, with)
        try bind(level, target.joined(to: tree), where: update.where_clause)
        try walkDeferred(level, with)
        let namespace = Namespace(level)
        try walk(update.where_clause, namespace, with)
        try walk(targets, namespace, with)
        try walk(NodeList(update.n_returning_list, update.returning_list), namespace, with)
    }

    mutating func walkDelete(
        _ delete: PgQuery__DeleteStmt,
        outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) {
        writesRows = true
        let with = try walkWith(delete.with_clause, outer: outer, with)
        let level = QueryLevel(outer: outer)
        let target = try changedTable(delete.relation, level)
        let tree = try walkFrom(NodeList(delete.n_using_clause, delete.using_clause), level, with)
        try bind(level, target.joined(to: tree), where: delete.where_clause)
        try walkDeferred(level, with)
        let namespace = Namespace(level)
        try walk(delete.where_clause, namespace, with)
        try walk(NodeList(delete.n_returning_list, delete.returning_list), namespace, with)
    }

    mutating func walkInsert(
        _ insert: PgQuery__InsertStmt,
        outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) {
        writesRows = true
        insertsRows = true
        let with = try walkWith(insert.with_clause, outer: outer, with)
        let level = QueryLevel(outer: outer)
        let target = try changedTable(insert.relation, level)
        guard insert.override != PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE else {
            throw .overridingUserValue(target.relation)
        }
        guard let source = insert.select_stmt?.pointee.select_stmt?.pointee else {
            throw .insertWithoutKey(target.relation)
        }
        let position = try keyPosition(in: insert, target.relation)
        level.obscureNames.insert("excluded")
        let keys = try walkInsertedRows(source, position, target.relation, outer, with)
        try touch(target.relation, keys)
        level.facts.insert(.among(Column(relation: target.occurrence.id, name: target.relation.keyColumn), keys))
        try walkConflict(insert.on_conflict_clause, target.relation, Namespace(level), with)
        try walk(NodeList(insert.n_returning_list, insert.returning_list), Namespace(level), with)
    }

    // MARK: The changed table

    private mutating func changedTable(
        _ table: UnsafeMutablePointer<PgQuery__RangeVar>?,
        _ level: QueryLevel
    ) throws(Refusal) -> ChangedTable {
        guard let table = table?.pointee else { throw .unknownConstruct }
        // WITH queries cannot be changed, and do not hide the table of that name here.
        let occurrence = try relation(table, [:])
        guard case .sharded(let relation) = occurrence.content else {
            throw unshardedTable.map { .unshardedChange($0) } ?? .catalogWrite(occurrence.name)
        }
        level.relations.append(occurrence)
        return ChangedTable(occurrence: occurrence, relation: relation)
    }

    // MARK: INSERT

    /// The index of the key among the values of each row.
    private func keyPosition(in insert: PgQuery__InsertStmt, _ relation: ShardedRelation) throws(Refusal) -> Int {
        let columns = NodeList(insert.n_cols, insert.cols)
        guard !columns.isEmpty || relation.columns != nil else { throw .insertWithoutColumns(relation) }
        let names = columns.isEmpty ? relation.columns ?? [] : columns.assignedNames
        guard let position = names.firstIndex(of: relation.keyColumn) else { throw .insertWithoutKey(relation) }
        return position
    }

    private mutating func walkInsertedRows(
        _ source: PgQuery__SelectStmt,
        _ position: Int,
        _ relation: ShardedRelation,
        _ outer: Namespace?,
        _ with: WithQueries
    ) throws(Refusal) -> [KeySource] {
        guard let level = try walkSelect(source, outer: outer, with) else { throw .insertWithoutKey(relation) }
        let rows = NodeList(source.n_values_lists, source.values_lists)
        let keys: [KeySource]?
        if rows.isEmpty {
            keys = constants(at: position, of: source, level, as: relation.keyType)
        } else {
            keys = rowKeys(rows, at: position, of: relation.keyType)
            insertedRows = keys
        }
        guard let keys, !keys.contains(where: { $0.expression == .null }) else { throw .insertWithoutKey(relation) }
        return keys
    }

    private func rowKeys(_ rows: NodeList, at position: Int, of type: ShardKeyType) -> [KeySource]? {
        var keys: [KeySource] = []
        for row in rows {
            let list = row.pointee.list.pointee
            let values = NodeList(list.n_items, list.items)
            guard position < values.count, let key = KeySource.constant(values[position], of: type) else { return nil }
            keys.append(key)
        }
        return keys
    }

    /// The row in conflict has the same key only if the conflict target contains the key. A conflict without a
    /// target, or on a named constraint, relies like INSERT itself on every unique index containing the key.
    private mutating func walkConflict(
        _ clause: UnsafeMutablePointer<PgQuery__OnConflictClause>?,
        _ relation: ShardedRelation,
        _ namespace: Namespace,
        _ with: WithQueries
    ) throws(Refusal) {
        guard let clause = clause?.pointee else { return }
        let targets = NodeList(clause.n_target_list, clause.target_list)
        guard !targets.assign(relation.keyColumn) else { throw .keyUpdate(relation) }
        if let infer = clause.infer?.pointee {
            let elements = NodeList(infer.n_index_elems, infer.index_elems)
            let names = elements.map { text($0.pointee.index_elem.pointee.name) }
            guard names.isEmpty || names.contains(relation.keyColumn) else { throw .conflictWithoutKey(relation) }
            try walk(infer.where_clause, namespace, with)
        }
        try walk(targets, namespace, with)
        try walk(clause.where_clause, namespace, with)
    }
}

/// The table that UPDATE, DELETE or INSERT names.
private struct ChangedTable {
    let occurrence: Relation
    let relation: ShardedRelation

    func joined(to tree: JoinTree?) -> JoinTree {
        let leaf = JoinTree.leaf(occurrence)
        return tree.map { leaf.joined(to: $0, on: []) } ?? leaf
    }
}

extension NodeList {
    /// The columns that a target list assigns; "" for what is not an assignment.
    fileprivate var assignedNames: [String] {
        map { node in
            guard node.pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET else { return "" }
            return text(node.pointee.res_target.pointee.name)
        }
    }

    fileprivate func assign(_ column: String) -> Bool { assignedNames.contains(column) }
}
