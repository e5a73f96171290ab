import ClusterModel

// A refusal names the construct, says why it cannot be exact, and tells the user what to do. It never holds a literal
// of the statement: it is logged, and it is cached for all statements of one shape.

/// Why a statement is not sent to any instance.
package struct Refusal: Error, Sendable, Equatable {
    /// A short name for counters and logs: `no shard key`, `two groups`, `LISTEN`.
    package let construct: String
    package let message: String
    package let hint: String
    package let sqlState: String

    package init(construct: String, message: String, hint: String, sqlState: String = "0A000") {
        self.construct = construct
        self.message = message
        self.hint = hint
        self.sqlState = sqlState
    }
}

extension Refusal {
    static func noShardKey(_ relation: ShardedRelation, calledAs name: String) -> Refusal {
        let column = "\(name).\(relation.keyColumn)"
        return Refusal(
            construct: "no shard key",
            message: "the statement may touch rows of \(relation.table) in several segments",
            hint: "Restrict \(column) to a constant or a parameter with = or IN, joined by AND to the other conditions "
                + "(in WHERE, or in the ON of an inner join)."
        )
    }

    static func alternatives(_ relation: ShardedRelation, calledAs name: String) -> Refusal {
        Refusal(
            construct: "OR",
            message: "OR does not restrict \(name).\(relation.keyColumn) to one segment of \(relation.table)",
            hint: "Write \(name).\(relation.keyColumn) IN (…), or join the key's condition to the rest by AND."
        )
    }

    static func twoGroups(_ first: GroupID, _ second: GroupID) -> Refusal {
        Refusal(
            construct: "two groups",
            message: "the statement touches tables of the groups \(first) and \(second), which need not live together",
            hint: "Send one statement for each group, or shard these tables in one group."
        )
    }

    static func unshardedTable(_ table: TableName) -> Refusal {
        Refusal(
            construct: "unsharded table",
            message: "\(table) belongs to no group",
            hint:
                "Add the table to a group with its shard key, or name the instance that has the tables of no group under "
                + "`unsharded` in the configuration."
        )
    }

    static func unshardedTable(_ table: TableName, beside relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "unsharded table",
            message:
                "\(table) belongs to no group, and \(relation.table) to group \(relation.group): they need not live "
                + "together",
            hint: "Send one statement for each of them."
        )
    }

    static func unshardedChange(_ table: TableName) -> Refusal {
        Refusal(
            construct: "unsharded table",
            message: "\(table) belongs to no group, and is changed in a statement that names tables of a group",
            hint: "Read the rows first, then change \(table) in a statement of its own."
        )
    }

    static func entangled(_ table: TableName, _ reason: String) -> Refusal {
        Refusal(
            construct: "relation of a sharded table",
            message: "\(table) \(reason), whose rows may be on several instances",
            hint: "Use the sharded table itself with its shard key, or connect to the instances directly."
        )
    }

    static func temporaryTable(_ name: String) -> Refusal {
        Refusal(
            construct: "temporary table",
            message: "the temporary table \(name) would belong to one connection, and the session's next statement may "
                + "run on another",
            hint: "Use WITH, or an ordinary table."
        )
    }

    static func catalogWrite(_ name: String) -> Refusal {
        Refusal(
            construct: "catalog write",
            message: "the system catalog \(name) cannot be changed through the router",
            hint: "Connect to each instance directly."
        )
    }

    static func columnAliases(_ relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "column aliases",
            message: "the column aliases of \(relation.table) hide its shard key \(relation.keyColumn)",
            hint: "Give the table an alias without a column list."
        )
    }

    static func keyUpdate(_ relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "shard key update",
            message: "\(relation.keyColumn) is the shard key of \(relation.table): changing it may move the row to "
                + "another segment",
            hint: "Delete the row and insert it again under the new key."
        )
    }

    static func insertWithoutKey(_ relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "INSERT without shard key",
            message: "a row of \(relation.table) has no constant or parameter for its shard key \(relation.keyColumn)",
            hint: "Name \(relation.keyColumn) in the column list and give it a literal or a parameter in every row."
        )
    }

    static func insertWithoutColumns(_ relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "INSERT without column list",
            message: "the position of the shard key \(relation.keyColumn) of \(relation.table) is not known",
            hint: "Write the column list: INSERT INTO \(relation.table) (\(relation.keyColumn), …) VALUES …."
        )
    }

    static func conflictWithoutKey(_ relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "ON CONFLICT without shard key",
            message: "the conflict target of \(relation.table) lacks the shard key \(relation.keyColumn), so the row "
                + "in conflict may be in another segment",
            hint: "Add \(relation.keyColumn) to the conflict target and to its unique index."
        )
    }

    static func overridingUserValue(_ relation: ShardedRelation) -> Refusal {
        Refusal(
            construct: "OVERRIDING USER VALUE",
            message: "with OVERRIDING USER VALUE the server may store another \(relation.keyColumn) in "
                + "\(relation.table) than the statement gives",
            hint: "Use OVERRIDING SYSTEM VALUE, which stores the values as they are given."
        )
    }

    static func tooManyTables(_ maximum: Int) -> Refusal {
        Refusal(
            construct: "too many tables",
            message: "the statement has more than \(maximum) tables, subqueries and functions in FROM and WITH",
            hint: "Split the statement.",
            sqlState: "54001"
        )
    }

    static func sessionFunction(_ name: String, _ hint: String) -> Refusal {
        Refusal(
            construct: name,
            message: "\(name) reads or leaves something in the session, whose next statement may run on another "
                + "connection",
            hint: hint
        )
    }

    static func outsideFunction(_ name: String, _ hint: String) -> Refusal {
        Refusal(
            construct: name,
            message: "what \(name) does is not in the rows of one segment, and does not move with them",
            hint: hint
        )
    }

    static func instanceFunction(_ name: String, _ hint: String) -> Refusal {
        Refusal(
            construct: name,
            message: "each instance has its own state for \(name), and no shard key says which instance is meant",
            hint: hint
        )
    }

    static func command(_ name: String, _ hint: String = "Connect to the instances directly.") -> Refusal {
        Refusal(construct: name, message: "\(name) cannot be sent through the router", hint: hint)
    }

    static func sessionSetting(_ name: String) -> Refusal {
        Refusal(
            construct: "SET \(name)",
            message: "changing \(name) in a session would change how the router must read its statements",
            hint: "Leave \(name) at the router's configuration; qualify the names of tables in other schemas."
        )
    }

    static let setConfig = Refusal(
        construct: "set_config",
        message: "set_config is only sent when its name is a literal and its last argument is the literal true",
        hint: "Use SET for the session, or set_config('name', value, true) for the transaction."
    )

    package static let unknownConstruct = Refusal(
        construct: "unknown construct",
        message: "the statement names a table in a place that the router does not understand",
        hint: "Rewrite the statement with plain joins and subqueries, or connect to the instance directly."
    )
}
