import CPgQuery
import ClusterModel

// Which output columns of a query are a shard key whose value is known, so that an outer level can join on them:
// WITH o AS (SELECT * FROM orders WHERE customer_id = $1) … JOIN items USING (customer_id).

extension StatementWalk {
    /// PostgreSQL's own limit (MaxTupleAttributeNumber).
    private static let outputColumnsMax = 1664
    /// A query with more constant columns is not looked into: every join of it would carry all of them.
    private static let constantColumnsMax = 16

    /// By name. Names that occur twice are left in: to use one is an error that the server reports.
    func constantColumns(of select: PgQuery__SelectStmt, _ level: QueryLevel) -> [String: [KeySource]] {
        guard !select.hasGroupingSets, select.n_target_list <= Self.outputColumnsMax else { return [:] }
        let namespace = Namespace(level)
        var columns: [String: [KeySource]] = [:]
        var stars: Set<String?> = []
        for node in NodeList(select.n_target_list, select.target_list) {
            guard let target = OutputColumn(node) else { continue }
            if target.isStar {
                guard stars.insert(target.qualifier).inserted else { continue }
                for relation in starred(target.qualifier, level) {
                    columns.merge(keys(of: relation, level)) { first, _ in first }
                }
            } else if let column = namespace.column(target.reference), let keys = level.facts.keys(of: column) {
                columns[target.name] = keys
            }
        }
        return columns.count <= Self.constantColumnsMax ? columns : [:]
    }

    /// The relations whose columns `*` or `qualifier.*` gives; none where it is not certain.
    private func starred(_ qualifier: String?, _ level: QueryLevel) -> [Relation] {
        guard let qualifier else { return level.relations }
        let named = level.relations.filter { $0.name == qualifier }
        return named.count == 1 && !level.obscureNames.contains(qualifier) ? named : []
    }

    /// The keys at one place of a query's output, as values for a column of the key's type; nil when not known.
    func constants(
        at index: Int,
        of select: PgQuery__SelectStmt,
        _ level: QueryLevel,
        as type: ShardKeyType
    ) -> [KeySource]? {
        let targets = Array(NodeList(select.n_target_list, select.target_list))
        guard index < targets.count, !targets[...index].contains(where: { OutputColumn($0)?.isStar ?? false }),
            targets[index].pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET
        else { return nil }
        if let key = KeySource.constant(targets[index].pointee.res_target.pointee.val, of: type) { return [key] }
        guard !select.hasGroupingSets, let output = OutputColumn(targets[index]),
            let column = Namespace(level).column(output.reference)
        else { return nil }
        return level.facts.keys(of: column)
    }

    private func keys(of relation: Relation, _ level: QueryLevel) -> [String: [KeySource]] {
        var keys: [String: [KeySource]] = [:]
        for name in relation.knownColumns {
            keys[name] = level.facts.keys(of: Column(relation: relation.id, name: name))
        }
        return keys
    }
}

/// An output column that is a plain column reference, or a star.
private struct OutputColumn {
    let reference: PgQuery__ColumnRef
    let name: String
    let isStar: Bool
    /// Of a star: `o` in `o.*`.
    let qualifier: String?

    /// Nil for any other expression.
    init?(_ node: NodePointer) {
        guard node.pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET else { return nil }
        let target = node.pointee.res_target.pointee
        guard let value = target.val, value.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF else { return nil }
        reference = value.pointee.column_ref.pointee
        let fields = NodeList(reference.n_fields, reference.fields)
        let last = fields.isEmpty ? nil : fields[fields.count - 1]
        isStar = last?.pointee.node_case == PG_QUERY__NODE__NODE_A_STAR
        qualifier = isStar && fields.count > 1 ? fields[fields.count - 2]?.stringValue : nil
        let alias = text(target.name)
        name = alias.isEmpty ? fields.names?.last ?? "" : alias
    }
}

extension PgQuery__SelectStmt {
    /// GROUPING SETS, ROLLUP and CUBE put NULLs into grouped columns.
    fileprivate var hasGroupingSets: Bool {
        NodeList(n_group_clause, group_clause).contains {
            $0.pointee.node_case == PG_QUERY__NODE__NODE_GROUPING_SET
        }
    }
}
