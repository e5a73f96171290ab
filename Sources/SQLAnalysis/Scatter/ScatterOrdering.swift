import CPgQuery
import ClusterModel

// ORDER BY, LIMIT and DISTINCT over the parts' rows. Each part has what its rows are sorted by (and, for DISTINCT, all
// that they are compared by) in more columns at its end, and gives no more rows than the whole answer can need. The
// merging statement sees those columns and the rows' numbers only, and gives the numbers of the answer's rows in order.

enum ScatterOrdering {
    static func plan(_ tree: EditableTree, _ anchor: ScatterAnchor, _ inquiry: Inquiry) throws(Refusal) -> ScatterPlan {
        let select = tree.select.pointee
        let outputs = OutputNames(select)
        guard !select.isDistinct || !outputs.hasStar else { throw .notMerged("DISTINCT with * in the select list") }
        var columns = select.isDistinct ? outputs.values : []
        let places = Dictionary(
            zip(columns.map(\.packed), columns.indices), uniquingKeysWith: { first, _ in first })
        var order: [String] = []
        for item in NodeList(select.n_sort_clause, select.sort_clause) {
            let sort = item.pointee.sort_by.pointee
            guard let node = sort.node else { throw .unknownConstruct }
            let value = try outputs.value(sortedBy: node)
            let index: Int
            if select.isDistinct {
                guard let found = places[value.packed] else {
                    throw .notMerged("DISTINCT with ORDER BY of what is not in the select list")
                }
                index = found
            } else {
                index = columns.count
                columns.append(value)
            }
            order.append(ReservedNames.column(index) + sort.directionText)
        }
        var inquiry = inquiry
        for column in columns { inquiry.repeatedFunctions.formUnion(try ScatterConstructs.functions(in: column)) }
        let merge = MergeQuery(
            columnCount: columns.count, text: try mergeText(select, columnCount: columns.count, order))
        try editPart(tree, columns)
        return ScatterPlan(anchor, try tree.text(), .order(merge), inquiry)
    }

    private static func mergeText(
        _ select: PgQuery__SelectStmt, columnCount: Int, _ order: [String]
    ) throws(Refusal) -> String {
        let sorting = order.isEmpty ? "" : " ORDER BY \(order.joined(separator: ", "))"
        let source = "FROM \(ReservedNames.source)"
        let columns = (0..<columnCount).map { ReservedNames.column($0) }.joined(separator: ", ")
        let text =
            select.isDistinct
            ? "SELECT pg_catalog.min(\(ReservedNames.row)) \(source) GROUP BY \(columns)\(sorting)"
            : "SELECT \(ReservedNames.row) \(source)\(sorting)"
        guard let merge = EditableTree(text) else { throw .unknownConstruct }
        merge.save(merge.select)
        merge.select.pointee.limit_count = select.limit_count
        merge.select.pointee.limit_offset = select.limit_offset
        merge.select.pointee.limit_option = select.limit_option
        return try merge.text()
    }

    private static func editPart(_ tree: EditableTree, _ columns: [NodePointer]) throws(Refusal) {
        let select = tree.select.pointee
        let hidden = columns.enumerated().flatMap { index, value in
            tree.items("foreshard_slot_1 AS \(ReservedNames.column(index))", [value])
        }
        tree.setTargets(Array(NodeList(select.n_target_list, select.target_list)) + hidden)
        tree.addFilter()
        guard let count = select.limit_count else {
            tree.select.pointee.limit_offset = nil
            tree.select.pointee.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT
            tree.select.pointee.n_sort_clause = 0
            return
        }
        guard let offset = select.limit_offset else { return }
        // No rows beyond these can be in the answer, wherever the other parts' rows come in.
        tree.select.pointee.limit_offset = nil
        tree.select.pointee.limit_count = tree.expression(
            "foreshard_slot_1::bigint + COALESCE(foreshard_slot_2::bigint, 0)", [count, offset])
    }
}

extension OutputNames {
    /// The expression that an item of ORDER BY stands for.
    func value(sortedBy node: NodePointer) throws(Refusal) -> NodePointer {
        try index(sortedBy: node).map { values[$0] } ?? node
    }

    /// The output column that an item of ORDER BY names; nil when it is an expression of its own.
    func index(sortedBy node: NodePointer) throws(Refusal) -> Int? {
        if let position = node.integerLiteral { return try column(at: position) }
        return try node.columnName.flatMap { name throws(Refusal) in try column(named: name) }
    }
}

extension PgQuery__SortBy {
    var directionText: String {
        let direction = sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC ? " DESC" : ""
        switch sortby_nulls {
        case PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST: return direction + " NULLS FIRST"
        case PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST: return direction + " NULLS LAST"
        default: return direction
        }
    }
}
