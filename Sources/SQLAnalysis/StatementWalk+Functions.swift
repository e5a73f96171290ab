import CPgQuery

// PostgreSQL's functions whose effect is not in rows: it stays in the session, which the router gives another back-end
// for its next statement, or in the instance, and then a shard key must say which one. They are taken from the census,
// so that none is missed wherever it stands. Functions of users are not looked into.

extension StatementWalk {
    mutating func check(_ call: PgQuery__FuncCall, in target: StatementTarget) throws(Refusal) {
        guard let names = NodeList(call.n_funcname, call.funcname).names, let name = names.last else { return }
        if name == "set_config" { return try checkSetting(NodeList(call.n_args, call.args)) }
        let namespace = names.dropLast().last
        guard namespace == nil || namespace == "pg_catalog" || name.hasPrefix("dblink") else { return }
        switch LastingEffect(of: name) {
        case .session(let hint): throw .sessionFunction(name, hint)
        case .outside(let hint):
            if name == "setval", case .unsharded = target, schema.isUnshardedSequence(call) {
                readsLiterals = true
                return
            }
            throw .outsideFunction(name, hint)
        case .instance(let hint): if case .anywhere = target { throw .instanceFunction(name, hint) }
        case nil: break
        }
    }

    /// set_config is SET as a function; only its transaction-local form leaves no trace in a pooled connection.
    private mutating func checkSetting(_ arguments: NodeList) throws(Refusal) {
        readsLiterals = true
        guard arguments.count == 3, let name = arguments[0]?.stringLiteral, arguments[2]?.isTrueLiteral == true
        else { throw .setConfig }
        if RoutingSettings.contains(name) { throw .sessionSetting(name.lowercased()) }
    }
}

/// What a function does beyond its statement, with what to do instead.
enum LastingEffect {
    /// In the session.
    case session(hint: String)
    /// In the instance; right where a shard key says which.
    case instance(hint: String)
    /// In the instance or another server, and no move takes it along.
    case outside(hint: String)

    /// Whether a function of this name has one.
    static func isKnown(_ name: String) -> Bool { LastingEffect(of: name) != nil }

    init?(of name: String) {
        switch name {
        case "pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared",
            "pg_advisory_unlock", "pg_advisory_unlock_shared":
            self = .session(hint: "Lock for the transaction: pg_advisory_xact_lock, in a statement with a shard key.")
        case "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared", "pg_try_advisory_xact_lock",
            "pg_try_advisory_xact_lock_shared":
            self = .instance(hint: "Call \(name) in a statement on rows of one shard key, or lock the rows FOR UPDATE.")
        case "nextval":
            self = .instance(
                hint: "Draw the number in a statement with a shard key, or by the column's default in an INSERT."
            )
        case "currval", "lastval": self = .session(hint: "Read the number with RETURNING in the INSERT itself.")
        case "setval": self = .outside(hint: "Set the sequence on each instance directly.")
        case "setseed": self = .session(hint: "Draw repeatable random numbers in the application.")
        case "pg_notify": self = .outside(hint: "Notify on a direct connection to one instance.")
        case _ where Self.largeObjects.contains(name):
            self = .outside(hint: "Keep the data in a bytea column: large objects stay behind when a segment moves.")
        case _ where name == "dblink" || name.hasPrefix("dblink_"):
            self = .outside(hint: "Connect to the other server from the application.")
        // pg_advisory_unlock_all is one of them: drivers send it between uses, and there is nothing to unlock.
        default: return nil
        }
    }

    private static let largeObjects: Set<String> = [
        "lo_creat", "lo_create", "lo_from_bytea", "lo_import", "lo_export", "lo_unlink", "lo_open", "lo_close",
        "lo_get", "lo_put", "lo_lseek", "lo_lseek64", "lo_tell", "lo_tell64", "lo_truncate", "lo_truncate64", "loread",
        "lowrite",
    ]
}
