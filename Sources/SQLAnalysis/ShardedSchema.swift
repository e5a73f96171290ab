import ClusterModel

// Which tables belong to which group. Names resolve as PostgreSQL does with one fixed search path: the session cannot
// change it through the router, so one name means one table for every client.

/// A table of a group, with all that the analysis needs to know of it.
struct ShardedRelation: Sendable, Equatable {
    let table: TableName
    let keyColumn: String
    let group: GroupID
    let keyType: ShardKeyType
    /// In the table's order; nil when not told.
    let columns: [String]?
}

/// The tables that are sharded, and the search path under which unqualified names are read.
package struct ShardedSchema: Sendable {
    package let groups: [ShardGroup]
    package let searchPath: [String]
    /// Nil: statements on tables of no group are refused.
    package let unsharded: UnshardedTables?
    private let relations: [TableName: ShardedRelation]

    /// - Parameters:
    ///   - searchPath: the schemas in which unqualified names are looked up; the first that has a sharded table wins.
    ///   - columns: the column order of tables; without it an INSERT must name its columns.
    ///   - unsharded: where the tables of no group are.
    package init(
        groups: [ShardGroup], searchPath: [String] = ["public"], columns: [TableName: [String]] = [:],
        unsharded: UnshardedTables? = nil
    ) {
        self.groups = groups
        self.unsharded = unsharded
        self.searchPath = searchPath
        var relations: [TableName: ShardedRelation] = [:]
        for group in groups {
            for entry in group.tables where relations[entry.table] == nil {
                relations[entry.table] = ShardedRelation(
                    table: entry.table,
                    keyColumn: entry.keyColumn,
                    group: group.id,
                    keyType: group.keyType,
                    columns: columns[entry.table]
                )
            }
        }
        self.relations = relations
    }

    enum Resolution {
        case sharded(ShardedRelation)
        /// `pg_catalog` or `information_schema`: the same on every instance, or about the instance itself.
        case catalog(TableName)
        case unsharded(TableName)

        var table: TableName {
            switch self {
            case .sharded(let relation): relation.table
            case .catalog(let table), .unsharded(let table): table
            }
        }
    }

    /// `schema` is nil for an unqualified name.
    func resolve(schema: String?, name: String) -> Resolution {
        if let schema { return resolve(TableName(schema: schema, name: name)) }
        for schema in searchPath {
            if let relation = relations[TableName(schema: schema, name: name)] { return .sharded(relation) }
        }
        // PostgreSQL searches pg_catalog before the path; its relations, and only these by convention, begin so.
        if name.hasPrefix("pg_") { return .catalog(TableName(schema: "pg_catalog", name: name)) }
        return .unsharded(TableName(schema: searchPath.first ?? "public", name: name))
    }

    private func resolve(_ table: TableName) -> Resolution {
        if let relation = relations[table] { return .sharded(relation) }
        if table.schema == "pg_catalog" || table.schema == "information_schema" {
            return .catalog(table)
        }
        return .unsharded(table)
    }
}
