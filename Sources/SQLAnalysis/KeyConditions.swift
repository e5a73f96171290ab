import CPgQuery
import ClusterModel

// The conditions of a conjunction that speak of shard keys. Everything else (OR, NOT, functions, other operators,
// other columns) is passed over: it can only narrow the rows further.

/// Reads conjunctions in one place of a statement.
struct KeyConditionReader {
    let namespace: Namespace
    let parameterUses: KeyParameterUses
    /// The type of a known key column.
    let keyType: (Column) -> ShardKeyType

    func conditions(in expression: NodePointer?) -> [KeyCondition] {
        guard let expression else { return [] }
        switch expression.pointee.node_case {
        case PG_QUERY__NODE__NODE_BOOL_EXPR:
            let bool = expression.pointee.bool_expr.pointee
            guard bool.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR else { return [] }
            return NodeList(bool.n_args, bool.args).flatMap { conditions(in: $0) }
        case PG_QUERY__NODE__NODE_A_EXPR: return conditions(in: expression.pointee.a_expr.pointee)
        default: return []
        }
    }

    private func conditions(in expression: PgQuery__AExpr) -> [KeyCondition] {
        guard isEquality(expression), let left = expression.lexpr, let right = expression.rexpr else { return [] }
        switch expression.kind {
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
            return rowEquality(left, right) ?? equality(left, right).map { [$0] } ?? []
        case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
            guard right.pointee.node_case == PG_QUERY__NODE__NODE_LIST else { return [] }
            let list = right.pointee.list.pointee
            return membership(left, NodeList(list.n_items, list.items))
        case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
            guard let column = column(left), let keys = KeySource.elements(of: right, of: keyType(column)) else {
                return []
            }
            parameterUses.note(keys)
            return [.among(column, keys)]
        default: return []
        }
    }

    private func isEquality(_ expression: PgQuery__AExpr) -> Bool {
        let name = NodeList(expression.n_name, expression.name).names
        return name == ["="] || name == ["pg_catalog", "="]
    }

    private func equality(_ left: NodePointer, _ right: NodePointer) -> KeyCondition? {
        switch (column(left), column(right)) {
        case (let a?, let b?): .equal(a, b)
        case (let column?, nil): among(column, right)
        case (nil, let column?): among(column, left)
        case (nil, nil): nil
        }
    }

    /// `(a, b) = (1, 2)`; nil when a side is not a row.
    private func rowEquality(_ left: NodePointer, _ right: NodePointer) -> [KeyCondition]? {
        guard left.pointee.node_case == PG_QUERY__NODE__NODE_ROW_EXPR,
            right.pointee.node_case == PG_QUERY__NODE__NODE_ROW_EXPR
        else { return nil }
        let (a, b) = (left.pointee.row_expr.pointee, right.pointee.row_expr.pointee)
        guard a.n_args == b.n_args else { return [] }
        return zip(NodeList(a.n_args, a.args), NodeList(b.n_args, b.args)).compactMap { equality($0, $1) }
    }

    private func membership(_ left: NodePointer, _ elements: NodeList) -> [KeyCondition] {
        guard let column = column(left), let keys = KeySource.constants(elements, of: keyType(column)) else {
            return []
        }
        parameterUses.note(keys)
        return [.among(column, keys)]
    }

    private func among(_ column: Column, _ node: NodePointer) -> KeyCondition? {
        guard let key = KeySource.constant(node, of: keyType(column)) else { return nil }
        parameterUses.note([key])
        return .among(column, [key])
    }

    private func column(_ node: NodePointer) -> Column? {
        guard node.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF else { return nil }
        return namespace.column(node.pointee.column_ref.pointee)
    }
}

extension KeyConditionReader {
    /// Why an occurrence is not bound, as far as its WHERE clause shows.
    func refusal(of binding: Binding, _ condition: NodePointer?) -> Refusal {
        guard let condition, hasAlternatives(condition, on: binding.column) else {
            return .noShardKey(binding.relation, calledAs: binding.name)
        }
        return .alternatives(binding.relation, calledAs: binding.name)
    }

    /// An OR in the conjunction speaks of the column.
    private func hasAlternatives(_ expression: NodePointer, on column: Column) -> Bool {
        guard expression.pointee.node_case == PG_QUERY__NODE__NODE_BOOL_EXPR else { return false }
        let bool = expression.pointee.bool_expr.pointee
        switch bool.boolop {
        case PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR:
            return NodeList(bool.n_args, bool.args).contains { hasAlternatives($0, on: column) }
        case PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR: return mentions(MessagePointer(expression), column)
        default: return false
        }
    }

    private func mentions(_ message: MessagePointer, _ column: Column) -> Bool {
        if let node = message.asNode, self.column(node) == column { return true }
        return message.children.contains { mentions($0, column) }
    }
}
