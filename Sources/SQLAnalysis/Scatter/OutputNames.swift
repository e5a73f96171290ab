import CPgQuery

// What a bare name or number means in ORDER BY and GROUP BY: PostgreSQL looks among the output columns (parse_clause.c
// findTargetlistEntrySQL92), whose names without AS follow from the expression (parse_target.c FigureColname).

struct OutputNames {
    private enum Name: Equatable {
        case known(String)
        /// `?column?`, or one that a client cannot write.
        case none
        /// Not worked out here; it may be any.
        case unknown
    }

    let values: [NodePointer]
    private let names: [Name]
    let hasStar: Bool
    /// `t.*` may have a column whose name, alone, means the merged column of a USING.
    private let hasObscureStar: Bool

    init(_ select: PgQuery__SelectStmt) {
        var values: [NodePointer] = []
        var names: [Name] = []
        for target in NodeList(select.n_target_list, select.target_list) {
            guard target.pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET,
                let value = target.pointee.res_target.pointee.val
            else { continue }
            let alias = text(target.pointee.res_target.pointee.name)
            values.append(value)
            names.append(value.isStar ? .none : alias.isEmpty ? Self.name(of: value).name : .known(alias))
        }
        self.values = values
        self.names = names
        hasStar = values.contains(where: \.isStar)
        hasObscureStar =
            values.contains { $0.isStar && $0.pointee.column_ref.pointee.n_fields > 1 }
            && NodeList(select.n_from_clause, select.from_clause).contains { Self.hasUsing($0) }
    }

    /// The output column at a position from 1.
    func column(at position: Int) throws(Refusal) -> Int {
        guard position >= 1, position <= values.count, !values[..<position].contains(where: \.isStar) else {
            throw .notMerged("a position in ORDER BY or GROUP BY after * in the select list")
        }
        return position - 1
    }

    /// The output column of a name; nil when it must be a column of a table.
    func column(named name: String) throws(Refusal) -> Int? {
        if let index = names.firstIndex(of: .known(name)) { return index }
        guard !names.contains(.unknown) else {
            throw .notMerged("ORDER BY or GROUP BY \(name) beside an output column without AS")
        }
        guard !hasObscureStar else { throw .notMerged("ORDER BY or GROUP BY \(name) beside a table's * and USING") }
        return nil
    }

    private static func hasUsing(_ item: NodePointer) -> Bool {
        guard item.pointee.node_case == PG_QUERY__NODE__NODE_JOIN_EXPR else { return false }
        let join = item.pointee.join_expr.pointee
        return join.n_using_clause > 0 || [join.larg, join.rarg].contains { $0.map { hasUsing($0) } ?? false }
    }

    /// The name with its strength: a type's name gives way to a column's.
    private static func name(of node: NodePointer) -> (name: Name, isStrong: Bool) {
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_COLUMN_REF:
            let reference = node.pointee.column_ref.pointee
            let fields = NodeList(reference.n_fields, reference.fields)
            return (fields.isEmpty ? .none : fields[fields.count - 1]?.stringValue.map { .known($0) } ?? .unknown, true)
        case PG_QUERY__NODE__NODE_FUNC_CALL:
            let call = node.pointee.func_call.pointee
            return (NodeList(call.n_funcname, call.funcname).names?.last.map { .known($0) } ?? .unknown, true)
        case PG_QUERY__NODE__NODE_TYPE_CAST: return castName(node.pointee.type_cast.pointee)
        case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
            return node.pointee.collate_clause.pointee.arg.map { name(of: $0) } ?? (.unknown, true)
        case PG_QUERY__NODE__NODE_COALESCE_EXPR: return (.known("coalesce"), true)
        case PG_QUERY__NODE__NODE_A_CONST, PG_QUERY__NODE__NODE_PARAM_REF, PG_QUERY__NODE__NODE_BOOL_EXPR,
            PG_QUERY__NODE__NODE_NULL_TEST, PG_QUERY__NODE__NODE_BOOLEAN_TEST:
            return (.none, false)
        case PG_QUERY__NODE__NODE_A_EXPR:
            let isNullIf = node.pointee.a_expr.pointee.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF
            return isNullIf ? (.known("nullif"), true) : (.none, false)
        default: return (.unknown, true)
        }
    }

    private static func castName(_ cast: PgQuery__TypeCast) -> (name: Name, isStrong: Bool) {
        if let argument = cast.arg {
            let inner = name(of: argument)
            if inner.isStrong { return inner }
        }
        guard let type = cast.type_name?.pointee else { return (.unknown, true) }
        return (NodeList(type.n_names, type.names).names?.last.map { .known($0) } ?? .unknown, false)
    }
}
