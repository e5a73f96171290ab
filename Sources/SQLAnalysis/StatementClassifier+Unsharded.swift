import CPgQuery
import ClusterModel

// Statements that name tables of no group and nothing else but catalogs: their instance has all that they touch, so they
// go there as they are, whatever they do. They are told from the others by the names alone; only where a name of WITH
// hides what a name means is the walk left to decide.

extension StatementClassifier {
    /// Nil: the statement is not of this sort, or the walk has to tell.
    func unshardedTarget(
        of node: NodePointer,
        _ census: TreeCensus,
        _ walk: inout StatementWalk
    ) -> StatementTarget? {
        guard let home = schema.unsharded?.instance, let named = node.namesBesideTables else { return nil }
        var found: Set<TableName> = []
        do throws(Refusal) {
            for table in census.tables.map(\.pointee) {
                let name = text(table.relname)
                guard !table.isTemporary else { throw .temporaryTable(name) }
                let schemaName = text(table.schemaname)
                let mayBeQuery = schemaName.isEmpty && census.commonTableNames.contains(name)
                guard let table = try unsharded(schemaName.isEmpty ? nil : schemaName, name, mayBeQuery: mayBeQuery)
                else { return nil }
                found.formUnion(table)
            }
            for name in named {
                guard let table = try unsharded(name.dropLast().last, name.last ?? "", mayBeQuery: false) else {
                    return nil
                }
                found.formUnion(table)
            }
            guard !found.isEmpty else { return nil }
            for call in census.calls { try walk.check(call.pointee, in: .unsharded(on: home)) }
        } catch {
            return .refused(error)
        }
        for table in found { walk.noteUnsharded(table) }
        walk.writesRows = node.mayWrite
        return .unsharded(on: home)
    }

    /// The table of no group that is named, none where it is a catalog or may be a query of WITH; nil: the name is of a
    /// sharded table.
    private func unsharded(
        _ schemaName: String?, _ name: String, mayBeQuery: Bool
    ) throws(Refusal) -> Set<TableName>? {
        switch schema.resolve(schema: schemaName, name: name) {
        case .sharded: return nil
        case .catalog: return []
        case .unsharded(let table):
            let reason = schema.unsharded?.entangled[table]
            guard !mayBeQuery else { return reason == nil ? [] : nil }
            if let reason { throw .entangled(table, reason) }
            return [table]
        }
    }
}

extension ShardedSchema {
    /// Whether all of them are nextval or setval of sequences that no sharded table has, named by a literal.
    func areUnshardedSequences(_ calls: [UnsafePointer<PgQuery__FuncCall>]) -> Bool {
        !calls.isEmpty && calls.allSatisfy { isUnshardedSequence($0.pointee) }
    }

    func isUnshardedSequence(_ call: PgQuery__FuncCall) -> Bool {
        guard let unsharded, let parts = call.sequenceName?.split(separator: ".", omittingEmptySubsequences: false),
            parts.count <= 2, parts.allSatisfy(\.isPlainName), let last = parts.last,
            case .unsharded(let table) = resolve(schema: parts.dropLast().last.map(String.init), name: String(last))
        else { return false }
        return unsharded.entangled[table] == nil
    }
}

extension PgQuery__RangeVar {
    fileprivate var isTemporary: Bool {
        text(relpersistence) == "t" || text(schemaname).hasPrefix("pg_temp")
    }
}

extension PgQuery__FuncCall {
    /// What the literal in `nextval('…')` and `setval('…', …)` says; nil for other calls and names.
    fileprivate var sequenceName: String? {
        guard let names = NodeList(n_funcname, funcname).names, let name = names.last,
            ["nextval", "setval"].contains(name), names.dropLast().last ?? "pg_catalog" == "pg_catalog",
            let argument = NodeList(n_args, args).makeIterator().next()
        else { return nil }
        guard argument.pointee.node_case == PG_QUERY__NODE__NODE_TYPE_CAST else { return argument.stringLiteral }
        return argument.pointee.type_cast.pointee.arg.flatMap(\.stringLiteral)
    }
}

extension Substring {
    /// Reads the same in quotes and without.
    fileprivate var isPlainName: Bool {
        guard let first = utf8.first, !(0x30...0x39).contains(first) else { return false }
        return utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }
}

extension NodePointer {
    /// The relations that a statement names otherwise than as a table, each as schema and name; nil for statements that
    /// may not go to one instance alone, whatever they name.
    fileprivate var namesBesideTables: [[String]]? {
        switch pointee.node_case {
        case PG_QUERY__NODE__NODE_SELECT_STMT, PG_QUERY__NODE__NODE_INSERT_STMT, PG_QUERY__NODE__NODE_UPDATE_STMT,
            PG_QUERY__NODE__NODE_DELETE_STMT, PG_QUERY__NODE__NODE_MERGE_STMT, PG_QUERY__NODE__NODE_TRUNCATE_STMT,
            PG_QUERY__NODE__NODE_LOCK_STMT, PG_QUERY__NODE__NODE_CREATE_STMT, PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT,
            PG_QUERY__NODE__NODE_INDEX_STMT, PG_QUERY__NODE__NODE_VIEW_STMT, PG_QUERY__NODE__NODE_CREATE_SEQ_STMT,
            PG_QUERY__NODE__NODE_ALTER_SEQ_STMT, PG_QUERY__NODE__NODE_ALTER_TABLE_STMT,
            PG_QUERY__NODE__NODE_GRANT_STMT, PG_QUERY__NODE__NODE_VACUUM_STMT, PG_QUERY__NODE__NODE_REINDEX_STMT,
            PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT, PG_QUERY__NODE__NODE_CLUSTER_STMT,
            PG_QUERY__NODE__NODE_CREATE_TRIG_STMT, PG_QUERY__NODE__NODE_RULE_STMT,
            PG_QUERY__NODE__NODE_CREATE_STATS_STMT, PG_QUERY__NODE__NODE_CREATE_POLICY_STMT:
            return []
        case PG_QUERY__NODE__NODE_RENAME_STMT:
            return pointee.rename_stmt.pointee.relation == nil ? nil : []
        case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
            return pointee.alter_object_schema_stmt.pointee.relation == nil ? nil : []
        case PG_QUERY__NODE__NODE_DROP_STMT:
            let drop = pointee.drop_stmt.pointee
            return Self.relations(NodeList(drop.n_objects, drop.objects).map { $0 }, drop.remove_type)
        case PG_QUERY__NODE__NODE_COMMENT_STMT:
            let comment = pointee.comment_stmt.pointee
            return comment.object.flatMap { Self.relations([$0], comment.objtype) }
        case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
            return pointee.explain_stmt.pointee.query.flatMap { $0.isQuery ? [] : nil }
        case PG_QUERY__NODE__NODE_COPY_STMT:
            let copy = pointee.copy_stmt.pointee
            return text(copy.filename).isEmpty && copy.is_program == 0 ? [] : nil
        default: return nil
        }
    }

    /// The relations that objects of a sort are, or belong to.
    private static func relations(_ objects: [NodePointer], _ sort: PgQuery__ObjectType) -> [[String]]? {
        let isRelation = relationSorts.contains(sort.rawValue)
        guard isRelation || partSorts.contains(sort.rawValue) else { return nil }
        var relations: [[String]] = []
        for object in objects {
            guard object.pointee.node_case == PG_QUERY__NODE__NODE_LIST else { return nil }
            let list = object.pointee.list.pointee
            guard let names = NodeList(list.n_items, list.items).names else { return nil }
            let relation = isRelation ? names : names.dropLast()
            guard !relation.isEmpty else { return nil }
            relations.append(relation)
        }
        return relations
    }

    private static var relationSorts: Set<UInt32> {
        [
            PG_QUERY__OBJECT_TYPE__OBJECT_TABLE.rawValue, PG_QUERY__OBJECT_TYPE__OBJECT_VIEW.rawValue,
            PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW.rawValue, PG_QUERY__OBJECT_TYPE__OBJECT_INDEX.rawValue,
            PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE.rawValue, PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE.rawValue,
        ]
    }

    /// Named by their relation and a name of their own.
    private static var partSorts: Set<UInt32> {
        [
            PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN.rawValue, PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER.rawValue,
            PG_QUERY__OBJECT_TYPE__OBJECT_RULE.rawValue, PG_QUERY__OBJECT_TYPE__OBJECT_POLICY.rawValue,
            PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT.rawValue,
        ]
    }

    /// Everything but plain reading; reading that locks or changes rows is a change too.
    fileprivate var mayWrite: Bool {
        switch pointee.node_case {
        case PG_QUERY__NODE__NODE_SELECT_STMT:
            let select = pointee.select_stmt.pointee
            return select.n_locking_clause > 0 || select.with_clause != nil || select.into_clause != nil
        case PG_QUERY__NODE__NODE_COPY_STMT: return pointee.copy_stmt.pointee.is_from != 0
        case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
            let explain = pointee.explain_stmt.pointee
            return explain.runsQuery && explain.query?.mayWrite ?? false
        default: return true
        }
    }
}
