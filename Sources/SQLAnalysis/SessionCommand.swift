import CPgQuery

// The statements about the session and its transaction. Those whose effect the router can carry are sent anywhere;
// those that would tie a session to one back-end (cursors, LISTEN, SQL-level PREPARE) are refused with the way round.

/// A statement that touches no rows.
struct SessionCommand {
    private enum Effect {
        case allowed
        case refused(Refusal)
        /// A SET whose value decides.
        case setting(name: String, values: NodeList)
    }

    let kind: StatementKind
    private let effect: Effect

    /// Nil for statements of other sorts.
    init?(_ node: NodePointer) {
        switch node.pointee.node_case {
        case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
            (kind, effect) = Self.transaction(node.pointee.transaction_stmt.pointee)
        case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT: (kind, effect) = Self.set(node.pointee.variable_set_stmt.pointee)
        case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
            (kind, effect) = (.show(name: text(node.pointee.variable_show_stmt.pointee.name).lowercased()), .allowed)
        case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
            let name = text(node.pointee.deallocate_stmt.pointee.name)
            (kind, effect) = (.deallocate(name: name.isEmpty ? nil : name), .allowed)
        case PG_QUERY__NODE__NODE_DISCARD_STMT:
            (kind, effect) = (.discard(Self.discarded(node.pointee.discard_stmt.pointee.target)), .allowed)
        // Sessions have neither cursors nor channels here, so ending all of them is always right. Pools send these.
        case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT
        where text(node.pointee.close_portal_stmt.pointee.portalname).isEmpty:
            (kind, effect) = (.utility("CLOSE ALL"), .allowed)
        case PG_QUERY__NODE__NODE_UNLISTEN_STMT where text(node.pointee.unlisten_stmt.pointee.conditionname).isEmpty:
            (kind, effect) = (.utility("UNLISTEN"), .allowed)
        default:
            guard let (name, hint) = Self.refusedCommand(node.pointee.node_case) else { return nil }
            (kind, effect) = (.utility(name), .refused(.command(name, hint)))
        }
    }

    func target(_ walk: inout StatementWalk) -> StatementTarget {
        switch effect {
        case .allowed: return .anywhere
        case .refused(let refusal): return .refused(refusal)
        case .setting(let name, let values):
            walk.readsLiterals = true
            return Self.keepsMeaning(name, values, walk.schema) ? .anywhere : .refused(.sessionSetting(name))
        }
    }

    // MARK: Transactions

    private static func transaction(_ statement: PgQuery__TransactionStmt) -> (StatementKind, Effect) {
        let chained = Effect.refused(.command("AND CHAIN", "End the transaction, then send BEGIN."))
        switch statement.kind {
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN, PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
            return (.begin, .allowed)
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
            return (.commit, statement.chain != 0 ? chained : .allowed)
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
            return (.rollback, statement.chain != 0 ? chained : .allowed)
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT, PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE,
            PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
            return (.savepoint, .allowed)
        default:
            let name = "two-phase commit"
            return (
                .utility(name), .refused(.command(name, "Commit with COMMIT, or connect to the instances directly."))
            )
        }
    }

    // MARK: Settings

    private static func set(_ statement: PgQuery__VariableSetStmt) -> (StatementKind, Effect) {
        let name = text(statement.name).lowercased()
        switch statement.kind {
        case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET: return (.reset(name: name), .allowed)
        case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL: return (.reset(name: nil), .allowed)
        default:
            let kind = StatementKind.set(name: name, isLocal: statement.is_local != 0 || name == "transaction")
            guard RoutingSettings.contains(name), statement.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE else {
                return (kind, .allowed)
            }
            return (kind, .setting(name: name, values: NodeList(statement.n_args, statement.args)))
        }
    }

    /// Many drivers send such settings with the value that they have anyway.
    private static func keepsMeaning(_ name: String, _ values: NodeList, _ schema: ShardedSchema) -> Bool {
        let texts = values.map { $0.stringLiteral ?? "" }
        switch name {
        case "search_path":
            // A quoted list in one string names one schema, as it does for PostgreSQL.
            return texts.filter { $0 != "$user" && $0 != "pg_catalog" } == schema.searchPath
        case "standard_conforming_strings": return ["on", "true", "yes", "1"].contains(texts.first?.lowercased())
        case "client_encoding": return ["utf8", "utf-8", "unicode"].contains(texts.first?.lowercased())
        default: return false
        }
    }

    private static func discarded(_ mode: PgQuery__DiscardMode) -> String {
        switch mode {
        case PG_QUERY__DISCARD_MODE__DISCARD_PLANS: "PLANS"
        case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES: "SEQUENCES"
        case PG_QUERY__DISCARD_MODE__DISCARD_TEMP: "TEMP"
        default: "ALL"
        }
    }

    // MARK: Refused commands

    private static func refusedCommand(_ node: PgQuery__Node__NodeCase) -> (name: String, hint: String)? {
        let cursor = "Read the rows with one SELECT, by LIMIT and key, or with the protocol's own portals."
        switch node {
        case PG_QUERY__NODE__NODE_PREPARE_STMT:
            return ("PREPARE", "Prepare with the protocol's Parse message, as drivers do.")
        case PG_QUERY__NODE__NODE_EXECUTE_STMT:
            return ("EXECUTE", "Execute with the protocol's Bind message, as drivers do.")
        case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT: return ("DECLARE CURSOR", cursor)
        case PG_QUERY__NODE__NODE_FETCH_STMT: return ("FETCH", cursor)
        case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT: return ("CLOSE", cursor)
        case PG_QUERY__NODE__NODE_LISTEN_STMT: return ("LISTEN", "Listen on a direct connection to one instance.")
        case PG_QUERY__NODE__NODE_UNLISTEN_STMT: return ("UNLISTEN", "Listen on a direct connection to one instance.")
        case PG_QUERY__NODE__NODE_NOTIFY_STMT: return ("NOTIFY", "Notify on a direct connection to one instance.")
        case PG_QUERY__NODE__NODE_LOCK_STMT: return ("LOCK", "Lock rows of one shard key with SELECT … FOR UPDATE.")
        case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
            return ("TRUNCATE", "Delete by shard key, or truncate on each instance.")
        case PG_QUERY__NODE__NODE_MERGE_STMT: return ("MERGE", "Use INSERT … ON CONFLICT with the shard key.")
        case PG_QUERY__NODE__NODE_CALL_STMT:
            return ("CALL", "Call a function with SELECT, or the procedure on the instance directly.")
        case PG_QUERY__NODE__NODE_DO_STMT: return ("DO", "Run the block on each instance directly.")
        case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
            return ("CREATE TABLE AS", "Create the table on the instances directly.")
        default: return nil
        }
    }
}
