import CPgQuery
import ClusterModel

// From a SELECT to its plan, or to the construct that has none. Every plan gives PostgreSQL's own answer:
//  - without ORDER BY, LIMIT, DISTINCT, aggregates and GROUP BY, the answer is the parts' rows;
//  - groups by the shard key lie in one part each, so what is computed of them there stays as it is;
//  - rows are sorted, counted off and made distinct by one instance, from the values of what they are sorted by;
//  - other groups are computed from the parts' groups, where the aggregates allow it (ScatterAggregation).

struct ScatterPlanner {
    let schema: ShardedSchema
    let relationsMax: Int
    let bytesMax: Int

    func plan(_ sql: String) throws(Refusal) -> ScatterPlan {
        guard sql.utf8.count <= bytesMax else { throw .notMerged("a statement of more than \(bytesMax) bytes") }
        guard !sql.lowercased().contains(ReservedNames.prefix) else {
            throw .notMerged("a name that begins with \(ReservedNames.prefix)")
        }
        guard let tree = EditableTree(sql) else { throw .unknownConstruct }
        let select = tree.select.pointee
        let constructs = try ScatterConstructs(select)
        let anchor = try ScatterAnchor(select, schema: schema, relationsMax: relationsMax)
        let groups = try GroupKeys(select, anchor)
        var inquiry = groups.inquiry
        inquiry.functions = constructs.functions
        let isGrouped = constructs.hasAggregates || select.n_group_clause > 0 || select.having_clause != nil
        let isWhole = groups.expressions.contains { anchor.isKey($0) }
        if isGrouped && !isWhole {
            if let aggregate = constructs.wholeAggregate { throw .notMerged(aggregate) }
            return try ScatterAggregation.plan(sql, tree, anchor, groups, inquiry)
        }
        if isWhole { inquiry.functions = [] }
        let needsMerge =
            select.n_sort_clause > 0 || select.isDistinct || select.limit_count != nil || select.limit_offset != nil
        guard needsMerge else {
            tree.addFilter()
            return ScatterPlan(anchor, try tree.text(), .none, inquiry)
        }
        return try ScatterOrdering.plan(tree, anchor, inquiry)
    }
}

extension ScatterPlan {
    convenience init(_ anchor: ScatterAnchor, _ part: String, _ merge: Merge, _ inquiry: Inquiry) {
        self.init(
            group: anchor.relation.group, position: anchor.position, part: part, merge: merge, inquiry: inquiry)
    }
}

/// The expressions of GROUP BY, with positions and names of output columns resolved.
struct GroupKeys {
    let expressions: [NodePointer]
    private(set) var inquiry = Inquiry()

    init(_ select: PgQuery__SelectStmt, _ anchor: ScatterAnchor) throws(Refusal) {
        let outputs = OutputNames(select)
        var expressions: [NodePointer] = []
        for item in NodeList(select.n_group_clause, select.group_clause) {
            if let position = item.integerLiteral {
                expressions.append(outputs.values[try outputs.column(at: position)])
            } else if let name = item.columnName, let index = try outputs.column(named: name) {
                // A column of a table goes before an output column; where both are that column, it is all one.
                let value = outputs.values[index]
                if Self.isColumn(value, named: name) {
                    expressions.append(item)
                } else {
                    inquiry.names.insert(name)
                    expressions.append(value)
                }
            } else {
                expressions.append(item)
            }
        }
        if !inquiry.names.isEmpty { inquiry.tables = anchor.tables }
        self.expressions = expressions
    }

    private static func isColumn(_ node: NodePointer, named name: String) -> Bool {
        guard node.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF else { return false }
        let reference = node.pointee.column_ref.pointee
        return NodeList(reference.n_fields, reference.fields).names?.last == name
    }
}

extension EditableTree {
    func text() throws(Refusal) -> String {
        guard let text = written() else { throw .notMerged("a construct that the router cannot write as SQL") }
        return text
    }

    /// Adds `foreshard_filter` to WHERE.
    func addFilter() {
        save(select)
        let filter = expression(ReservedNames.filter)
        guard let condition = select.pointee.where_clause else {
            select.pointee.where_clause = filter
            return
        }
        guard condition.pointee.node_case == PG_QUERY__NODE__NODE_BOOL_EXPR,
            condition.pointee.bool_expr.pointee.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR
        else {
            select.pointee.where_clause = expression("foreshard_slot_1 AND foreshard_slot_2", [condition, filter])
            return
        }
        // A list of ANDs stays one list, as the grammar makes it.
        let list = condition.pointee.bool_expr!
        save(list)
        let conditions = Array(NodeList(list.pointee.n_args, list.pointee.args)) + [filter]
        list.pointee.args = self.list(conditions)
        list.pointee.n_args = conditions.count
    }

    func setTargets(_ targets: [NodePointer]) {
        save(select)
        select.pointee.target_list = list(targets)
        select.pointee.n_target_list = targets.count
    }
}
