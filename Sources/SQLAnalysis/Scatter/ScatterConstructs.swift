import CPgQuery

// Which constructs may stand in a statement that is answered from several segments: those on the list. Whatever is not
// on it is refused by its name, so that a construct nobody thought of is refused too.

struct ScatterConstructs {
    private(set) var hasAggregates = false
    /// Functions that are called and that are none of the aggregates known here.
    private(set) var functions: Set<String> = []
    /// The first aggregate that cannot be computed from parts.
    private(set) var wholeAggregate: String?

    /// Checks the clauses of a SELECT and all that is in them.
    init(_ select: PgQuery__SelectStmt) throws(Refusal) {
        try Self.checkClauses(select)
        for list in [
            NodeList(select.n_target_list, select.target_list), NodeList(select.n_from_clause, select.from_clause),
            NodeList(select.n_group_clause, select.group_clause), NodeList(select.n_sort_clause, select.sort_clause),
        ] {
            for node in list { try check(node) }
        }
        for node in [select.where_clause, select.having_clause, select.limit_count, select.limit_offset] {
            if let node { try check(node) }
        }
    }

    private static func checkClauses(_ select: PgQuery__SelectStmt) throws(Refusal) {
        guard select.op == PG_QUERY__SET_OPERATION__SETOP_NONE else {
            throw .notMerged("UNION, INTERSECT or EXCEPT")
        }
        guard select.with_clause == nil else { throw .notMerged("WITH") }
        guard select.n_values_lists == 0, select.into_clause == nil else { throw .unknownConstruct }
        guard select.n_window_clause == 0 else { throw .notMerged("a window function") }
        guard select.n_locking_clause == 0 else { throw .notMerged("FOR UPDATE or FOR SHARE") }
        guard select.limit_option != PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES else {
            throw .notMerged("WITH TIES")
        }
        guard !select.isDistinctOn else { throw .notMerged("DISTINCT ON") }
        guard select.group_distinct == 0 else { throw .notMerged("GROUP BY DISTINCT") }
        guard select.n_target_list > 0 else { throw .notMerged("an empty select list") }
    }

    /// The functions in one expression.
    static func functions(in node: NodePointer) throws(Refusal) -> Set<String> {
        var constructs = ScatterConstructs()
        try constructs.check(node)
        return constructs.functions
    }

    private init() {}

    private mutating func check(_ node: NodePointer) throws(Refusal) {
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_FUNC_CALL: try check(call: node.pointee.func_call.pointee)
        case PG_QUERY__NODE__NODE_COLUMN_REF: try check(column: node.pointee.column_ref.pointee)
        case PG_QUERY__NODE__NODE_SORT_BY:
            guard node.pointee.sort_by.pointee.sortby_dir != PG_QUERY__SORT_BY_DIR__SORTBY_USING else {
                throw .notMerged("ORDER BY USING")
            }
        case PG_QUERY__NODE__NODE_JOIN_EXPR:
            guard node.pointee.join_expr.pointee.is_natural == 0 else { throw .notMerged("NATURAL JOIN") }
        case PG_QUERY__NODE__NODE_A_CONST, PG_QUERY__NODE__NODE_PARAM_REF, PG_QUERY__NODE__NODE_A_EXPR,
            PG_QUERY__NODE__NODE_BOOL_EXPR, PG_QUERY__NODE__NODE_NULL_TEST, PG_QUERY__NODE__NODE_BOOLEAN_TEST,
            PG_QUERY__NODE__NODE_TYPE_CAST, PG_QUERY__NODE__NODE_CASE_EXPR, PG_QUERY__NODE__NODE_CASE_WHEN,
            PG_QUERY__NODE__NODE_COALESCE_EXPR, PG_QUERY__NODE__NODE_MIN_MAX_EXPR, PG_QUERY__NODE__NODE_A_ARRAY_EXPR,
            PG_QUERY__NODE__NODE_A_INDIRECTION, PG_QUERY__NODE__NODE_A_INDICES, PG_QUERY__NODE__NODE_ROW_EXPR,
            PG_QUERY__NODE__NODE_COLLATE_CLAUSE, PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION,
            PG_QUERY__NODE__NODE_RES_TARGET, PG_QUERY__NODE__NODE_LIST, PG_QUERY__NODE__NODE_STRING,
            PG_QUERY__NODE__NODE_INTEGER, PG_QUERY__NODE__NODE_A_STAR, PG_QUERY__NODE__NODE_TYPE_NAME,
            PG_QUERY__NODE__NODE_RANGE_VAR, PG_QUERY__NODE__NODE_NAMED_ARG_EXPR, PG_QUERY__NODE__NODE__NOT_SET:
            break
        case PG_QUERY__NODE__NODE_SUB_LINK, PG_QUERY__NODE__NODE_RANGE_SUBSELECT: throw .notMerged("a subquery")
        case PG_QUERY__NODE__NODE_RANGE_FUNCTION: throw .notMerged("a function in FROM")
        case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE: throw .notMerged("TABLESAMPLE")
        case PG_QUERY__NODE__NODE_GROUPING_SET, PG_QUERY__NODE__NODE_GROUPING_FUNC: throw .notMerged("GROUPING SETS")
        default: throw .notMerged("a construct that the router does not know (\(node.typeName))")
        }
        try checkChildren(MessagePointer(node))
    }

    private mutating func checkChildren(_ message: MessagePointer) throws(Refusal) {
        for child in message.children {
            if let node = child.asNode { try check(node) } else { try checkChildren(child) }
        }
    }

    private mutating func check(call: PgQuery__FuncCall) throws(Refusal) {
        guard let names = NodeList(call.n_funcname, call.funcname).names, let name = names.last else {
            throw .unknownConstruct
        }
        guard call.over == nil else { throw .notMerged("a window function") }
        guard name != "set_config", !LastingEffect.isKnown(name) else { throw .notMerged(name) }
        let isOfCatalog = names.count == 1 || names.first == "pg_catalog"
        let isAggregate =
            call.agg_star != 0 || call.agg_distinct != 0 || call.agg_filter != nil || call.n_agg_order > 0
            || call.agg_within_group != 0 || isOfCatalog && AggregateName.isKnown(name)
        guard isAggregate else {
            functions.insert(name)
            return
        }
        hasAggregates = true
        let isMergeable = isOfCatalog && AggregateName(rawValue: name) != nil
        if wholeAggregate == nil, !isMergeable || call.n_agg_order > 0 || call.func_variadic != 0 {
            wholeAggregate = "the aggregate \(name)" + (call.n_agg_order > 0 ? " with ORDER BY" : "")
        }
    }

    /// Where a row lies in an instance's files means nothing outside of it.
    private func check(column: PgQuery__ColumnRef) throws(Refusal) {
        guard let name = NodeList(column.n_fields, column.fields).names?.last,
            ["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax"].contains(name)
        else { return }
        throw .notMerged("the system column \(name)")
    }
}

/// The aggregates whose value follows from the values of parts.
enum AggregateName: String {
    case count, sum, min, max, avg, every
    case boolAnd = "bool_and"
    case boolOr = "bool_or"

    /// Whether PostgreSQL has an aggregate of this name.
    static func isKnown(_ name: String) -> Bool { AggregateName(rawValue: name) != nil || others.contains(name) }

    private static let others: Set<String> = [
        "array_agg", "bit_and", "bit_or", "bit_xor", "corr", "covar_pop", "covar_samp", "cume_dist", "dense_rank",
        "json_agg", "json_object_agg", "jsonb_agg", "jsonb_object_agg", "mode", "percent_rank", "percentile_cont",
        "percentile_disc", "range_agg", "range_intersect_agg", "rank", "regr_avgx", "regr_avgy", "regr_count",
        "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "stddev", "stddev_pop",
        "stddev_samp", "string_agg", "var_pop", "var_samp", "variance", "xmlagg",
    ]
}

extension PgQuery__SelectStmt {
    /// DISTINCT alone is a list of one empty node.
    var isDistinct: Bool { n_distinct_clause > 0 }

    fileprivate var isDistinctOn: Bool {
        NodeList(n_distinct_clause, distinct_clause).contains { $0.pointee.node_case != PG_QUERY__NODE__NODE__NOT_SET }
    }
}

extension NodePointer {
    fileprivate var typeName: String {
        let message = MessagePointer(self).children.first ?? MessagePointer(self)
        return String(cString: message.pointee.descriptor.pointee.short_name)
    }
}
