import CPgQuery
import ClusterModel

// Aggregates, GROUP BY and HAVING over groups that may lie in several parts. The part computes each group's aggregates on
// its own rows; the merging statement is the client's, with the parts' groups for its table: columns that are grouped by
// become the part's columns, and aggregates become aggregates of the part's.

struct ScatterAggregation {
    private let tree: EditableTree
    private let anchor: ScatterAnchor
    /// The expressions of GROUP BY as bytes, in the part's tree.
    private let keys: [[UInt8]: Int]
    private let keyCount: Int
    private var partials: [NodePointer] = []
    private var partialPlaces: [[UInt8]: Int] = [:]
    private var averaged: Set<Int> = []

    /// - Parameter part: a tree of the same text, of which the part is made.
    static func plan(
        _ sql: String, _ part: EditableTree, _ anchor: ScatterAnchor, _ groups: GroupKeys, _ inquiry: Inquiry
    ) throws(Refusal) -> ScatterPlan {
        guard let merge = EditableTree(sql) else { throw .unknownConstruct }
        var aggregation = ScatterAggregation(merge, anchor, groups)
        try aggregation.rewrite(part.select.pointee)
        if aggregation.partials.isEmpty && groups.expressions.isEmpty {
            _ = aggregation.partial(merge.expression("pg_catalog.count(*)"))
        }
        let text = try merge.text()
        // The merging statement is written: its nodes go into the part as they are now, but for those it replaced.
        let items = groups.expressions + aggregation.partials
        let targets = items.enumerated().flatMap { index, value in
            part.items("foreshard_slot_1 AS \(ReservedNames.column(index))", [value])
        }
        part.setTargets(targets)
        part.addFilter()
        let positions = groups.expressions.indices.map { part.expression("\($0 + 1)") }
        part.select.pointee.group_clause = part.list(positions)
        part.select.pointee.having_clause = nil
        part.select.pointee.n_sort_clause = 0
        part.select.pointee.n_distinct_clause = 0
        part.select.pointee.limit_count = nil
        part.select.pointee.limit_offset = nil
        part.select.pointee.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT
        // The part has nodes of the merging statement's tree.
        let partText = try withExtendedLifetime(merge) { () throws(Refusal) in try part.text() }
        return ScatterPlan(
            anchor, partText,
            .aggregate(MergeQuery(columnCount: items.count, text: text, averaged: aggregation.averaged)), inquiry)
    }

    private init(_ tree: EditableTree, _ anchor: ScatterAnchor, _ groups: GroupKeys) {
        self.tree = tree
        self.anchor = anchor
        let expressions = groups.expressions.map { Self.comparable($0, anchor) }
        keys = Dictionary(zip(expressions, expressions.indices), uniquingKeysWith: { first, _ in first })
        keyCount = expressions.count
    }

    // MARK: The merging statement

    private mutating func rewrite(_ original: PgQuery__SelectStmt) throws(Refusal) {
        let outputs = OutputNames(original)
        guard !outputs.hasStar else { throw .notMerged("* beside GROUP BY or an aggregate") }
        let select = tree.select
        tree.save(select)
        try rewriteSorting(outputs)
        for value in OutputNames(select.pointee).values { try rewrite(value) }
        if let having = select.pointee.having_clause { try rewrite(having) }
        let columns = (0..<keyCount).map { tree.expression(ReservedNames.column($0)) }
        select.pointee.group_clause = tree.list(columns)
        let source = tree.fromItems(ReservedNames.source)
        select.pointee.from_clause = tree.list(source)
        select.pointee.n_from_clause = source.count
        select.pointee.where_clause = nil
    }

    /// Output columns are meant by their positions from now on.
    private mutating func rewriteSorting(_ outputs: OutputNames) throws(Refusal) {
        let select = tree.select.pointee
        for item in NodeList(select.n_sort_clause, select.sort_clause) {
            guard let node = item.pointee.sort_by.pointee.node else { throw .unknownConstruct }
            if let index = try outputs.index(sortedBy: node) {
                tree.replace(node, by: tree.expression("\(index + 1)"))
            } else {
                try rewrite(node)
            }
        }
    }

    private mutating func rewrite(_ node: NodePointer) throws(Refusal) {
        if !keys.isEmpty, let index = keys[Self.comparable(node, anchor)] {
            return tree.replace(node, by: tree.expression(ReservedNames.column(index)))
        }
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_FUNC_CALL:
            if let merged = try merged(node.pointee.func_call.pointee) { return tree.replace(node, by: merged) }
        case PG_QUERY__NODE__NODE_COLUMN_REF:
            throw .notMerged("a column that is not written in the same way in GROUP BY")
        default: break
        }
        try rewriteChildren(MessagePointer(node))
    }

    private mutating func rewriteChildren(_ message: MessagePointer) throws(Refusal) {
        for child in message.children {
            if let node = child.asNode { try rewrite(node) } else { try rewriteChildren(child) }
        }
    }

    /// A node as bytes; where there is one table, `orders.total` and `total` are one.
    private static func comparable(_ node: NodePointer, _ anchor: ScatterAnchor) -> [UInt8] {
        guard anchor.isOnlyTable, node.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF else { return node.packed }
        let reference = node.pointee.column_ref.pointee
        guard reference.n_fields > 0, let last = reference.fields[reference.n_fields - 1] else { return node.packed }
        return last.packed
    }

    // MARK: Aggregates

    /// What an aggregate becomes; nil for any other function.
    private mutating func merged(_ call: PgQuery__FuncCall) throws(Refusal) -> NodePointer? {
        guard let name = NodeList(call.n_funcname, call.funcname).names?.last,
            let aggregate = AggregateName(rawValue: name)
        else { return nil }
        if call.agg_distinct != 0 { try checkDistinct(call, aggregate) }
        switch aggregate {
        case .count:
            return tree.expression(
                "COALESCE(pg_catalog.sum(foreshard_slot_1), 0)::bigint", [partial(call, "count").column])
        case .min, .max, .every, .boolAnd, .boolOr:
            return tree.expression("pg_catalog.\(name)(foreshard_slot_1)", [partial(call, name).column])
        case .sum:
            // The sum of the parts' bigints is a numeric, which the sum itself is not.
            let sum = partial(call, "sum")
            return tree.expression(
                "pg_catalog.sum(foreshard_slot_1)::\(ReservedNames.type(sum.index))", [sum.column])
        case .avg:
            // As PostgreSQL computes it (numeric.c numeric_avg, interval_avg): the exact sum by the count.
            let (sum, count) = (partial(call, "sum"), partial(call, "count"))
            averaged.insert(sum.index)
            return tree.expression(
                "pg_catalog.sum(foreshard_slot_1) / pg_catalog.sum(foreshard_slot_2)", [sum.column, count.column])
        }
    }

    /// A value of the shard key is in one part only, so the parts' numbers of them add up.
    private func checkDistinct(_ call: PgQuery__FuncCall, _ aggregate: AggregateName) throws(Refusal) {
        let arguments = Array(NodeList(call.n_args, call.args))
        guard aggregate == .count, arguments.count == 1, anchor.isKey(arguments[0]) else {
            throw .notMerged("\(aggregate.rawValue)(DISTINCT …) of anything but the shard key")
        }
    }

    private mutating func partial(_ call: PgQuery__FuncCall, _ name: String) -> (index: Int, column: NodePointer) {
        var call = call
        let names = tree.expression("pg_catalog.\(name)()").pointee.func_call.pointee
        call.funcname = names.funcname
        call.n_funcname = names.n_funcname
        return partial(tree.copy(call: call))
    }

    /// The part's column with this value.
    private mutating func partial(_ value: NodePointer) -> (index: Int, column: NodePointer) {
        let bytes = value.packed
        let place = partialPlaces[bytes] ?? partials.count
        if place == partials.count {
            partials.append(value)
            partialPlaces[bytes] = place
        }
        let index = keyCount + place
        return (index, tree.expression(ReservedNames.column(index)))
    }
}
