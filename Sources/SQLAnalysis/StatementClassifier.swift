import CPgQuery
import ClusterModel

// From one statement of the tree to what the router needs to know of it. Statements on rows are walked; session and
// transaction statements are named; everything else is refused by its command's name.

/// A statement, analysed, with what is needed to analyse others of its shape without parsing.
struct StatementAnalysis {
    let statement: AnalyzedStatement
    /// Where the target's keys come from, in the same order.
    let sources: [KeySource]
    /// The result depends on a literal other than through `sources`.
    let readsLiterals: Bool
    /// Refused because a table's rows are not restricted to known keys: several segments may be needed.
    var isUnbound = false
}

struct StatementClassifier {
    let schema: ShardedSchema
    let relationsMax: Int

    func analyze(_ node: NodePointer) -> StatementAnalysis {
        let census = TreeCensus(of: node)
        var walk = StatementWalk(schema: schema, relationsMax: relationsMax)
        let unsharded = unshardedTarget(of: node, census, &walk)
        let (kind, target) = unsharded.map { (self.kind(of: node), $0) } ?? classify(node, census, &walk)
        let isKeyed = if case .keyed = target { true } else { false }
        let isRefused = if case .refused = target { true } else { false }
        let statement = AnalyzedStatement(
            kind: kind,
            target: target,
            isWrite: walk.writesRows,
            insertsRows: walk.insertsRows,
            tables: isRefused ? tables(of: census) : walk.tables.sorted(),
            parameterCount: census.parameterCount,
            looselyTypedParameters: walk.looselyTypedParameters(in: census)
        )
        return StatementAnalysis(
            statement: statement,
            sources: isKeyed ? walk.keys : [],
            readsLiterals: walk.readsLiterals,
            isUnbound: isRefused && walk.isUnbound
        )
    }

    /// All tables named, understood or not.
    private func tables(of census: TreeCensus) -> [TableName] {
        var names: Set<TableName> = []
        for table in census.tables {
            let (schemaName, name) = (text(table.pointee.schemaname), text(table.pointee.relname))
            if schemaName.isEmpty, census.commonTableNames.contains(name) { continue }
            names.insert(schema.resolve(schema: schemaName.isEmpty ? nil : schemaName, name: name).table)
        }
        return names.sorted()
    }

    private func classify(
        _ node: NodePointer,
        _ census: TreeCensus,
        _ walk: inout StatementWalk
    ) -> (StatementKind, StatementTarget) {
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_SELECT_STMT: (.select, target(of: node, census, &walk))
        case PG_QUERY__NODE__NODE_INSERT_STMT: (.insert, target(of: node, census, &walk))
        case PG_QUERY__NODE__NODE_UPDATE_STMT: (.update, target(of: node, census, &walk))
        case PG_QUERY__NODE__NODE_DELETE_STMT: (.delete, target(of: node, census, &walk))
        case PG_QUERY__NODE__NODE_EXPLAIN_STMT: (.explain, explained(node.pointee.explain_stmt.pointee, census, &walk))
        case PG_QUERY__NODE__NODE_COPY_STMT: (.copy, copied(node.pointee.copy_stmt.pointee, census, &walk))
        default: SessionCommand(node).map { ($0.kind, $0.target(&walk)) } ?? refused(node)
        }
    }

    private func kind(of node: NodePointer) -> StatementKind {
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_SELECT_STMT: .select
        case PG_QUERY__NODE__NODE_INSERT_STMT: .insert
        case PG_QUERY__NODE__NODE_UPDATE_STMT: .update
        case PG_QUERY__NODE__NODE_DELETE_STMT: .delete
        case PG_QUERY__NODE__NODE_EXPLAIN_STMT: .explain
        case PG_QUERY__NODE__NODE_COPY_STMT: .copy
        default: .utility(node.commandName)
        }
    }

    private func target(
        of node: NodePointer?,
        _ census: TreeCensus,
        _ walk: inout StatementWalk
    ) -> StatementTarget {
        do throws(Refusal) {
            try walk.walkQuery(node, outer: nil, [:])
            var target = walk.target(accountingFor: census)
            if case .anywhere = target, let home = schema.unsharded?.instance,
                schema.areUnshardedSequences(census.calls)
            {
                walk.readsLiterals = true
                target = .unsharded(on: home)
            }
            for call in census.calls { try walk.check(call.pointee, in: target) }
            return target
        } catch {
            return .refused(error)
        }
    }

    // MARK: Statements around a query

    /// Goes where the explained statement goes; without ANALYZE it changes nothing.
    private func explained(
        _ explain: PgQuery__ExplainStmt,
        _ census: TreeCensus,
        _ walk: inout StatementWalk
    ) -> StatementTarget {
        guard let query = explain.query, query.isQuery else {
            return .refused(.command("EXPLAIN of this statement", "Explain a SELECT, INSERT, UPDATE or DELETE."))
        }
        let target = target(of: query, census, &walk)
        if !explain.runsQuery {
            walk.writesRows = false
            walk.insertsRows = false
        }
        return target
    }

    private func copied(
        _ copy: PgQuery__CopyStmt,
        _ census: TreeCensus,
        _ walk: inout StatementWalk
    ) -> StatementTarget {
        guard text(copy.filename).isEmpty, copy.is_program == 0 else {
            return .refused(.command("COPY with a file or program", "Use COPY … TO STDOUT."))
        }
        guard let query = copy.query else {
            walk.writesRows = copy.is_from != 0
            return .refused(
                .command(
                    copy.is_from != 0 ? "COPY FROM" : "COPY of a table",
                    "Use INSERT with several rows of one segment, COPY (SELECT … with the shard key) TO STDOUT, or "
                        + "connect to the instances directly."
                )
            )
        }
        return target(of: query, census, &walk)
    }

    private func refused(_ node: NodePointer) -> (StatementKind, StatementTarget) {
        let name = node.commandName
        return (.utility(name), .refused(.command(name)))
    }
}

extension PgQuery__ExplainStmt {
    /// EXPLAIN ANALYZE.
    var runsQuery: Bool {
        NodeList(n_options, options).contains { text($0.pointee.def_elem.pointee.defname) == "analyze" }
    }
}

extension NodePointer {
    var isQuery: Bool {
        switch pointee.node_case {
        case PG_QUERY__NODE__NODE_SELECT_STMT, PG_QUERY__NODE__NODE_INSERT_STMT, PG_QUERY__NODE__NODE_UPDATE_STMT,
            PG_QUERY__NODE__NODE_DELETE_STMT:
            true
        default: false
        }
    }

    /// A statement's type as words: `CreateStmt` is CREATE, `AlterTableStmt` is ALTER TABLE.
    fileprivate var commandName: String {
        let message = MessagePointer(self).children.first ?? MessagePointer(self)
        let typeName = String(cString: message.pointee.descriptor.pointee.short_name)
        let stem = typeName.hasSuffix("Stmt") ? typeName.dropLast(4) : typeName[...]
        var words = ""
        for letter in stem {
            if letter.isUppercase, !words.isEmpty { words += " " }
            words += letter.uppercased()
        }
        return Self.spelledOut[words] ?? words
    }

    private static var spelledOut: [String: String] {
        [
            "CREATE": "CREATE TABLE", "INDEX": "CREATE INDEX", "VIEW": "CREATE VIEW", "RULE": "CREATE RULE",
            "CREATE TRIG": "CREATE TRIGGER", "CREATE SEQ": "CREATE SEQUENCE", "ALTER SEQ": "ALTER SEQUENCE",
            "CREATEDB": "CREATE DATABASE", "DROPDB": "DROP DATABASE", "CREATE P LANG": "CREATE LANGUAGE",
            "COMPOSITE TYPE": "CREATE TYPE", "DEFINE": "CREATE TYPE", "CHECK POINT": "CHECKPOINT",
            "CLOSE PORTAL": "CLOSE", "CREATE STATS": "CREATE STATISTICS",
            "REFRESH MAT VIEW": "REFRESH MATERIALIZED VIEW",
            "CONSTRAINTS SET": "SET CONSTRAINTS",
        ]
    }
}
