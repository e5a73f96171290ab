// A group is the unit of co-location: tables whose rows with equal shard keys always live on the same instance.

/// The type of a shard key, which decides PostgreSQL's hash function for it.
package enum ShardKeyType: String, Sendable, Codable, CaseIterable {
    case integer, bigint, text
    /// Also of limited length. PostgreSQL cuts blanks off at the end of what is too long, after the router has hashed it:
    /// keys that end with a blank are refused.
    case varchar
    case uuid
}

/// A table name as PostgreSQL stores it (already folded, never quoted).
package struct TableName: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let schema: String
    package let name: String

    package init(schema: String = "public", name: String) {
        self.schema = schema
        self.name = name
    }

    package static func < (a: TableName, b: TableName) -> Bool { (a.schema, a.name) < (b.schema, b.name) }

    package var description: String { "\(schema).\(name)" }
}

/// A table of a group and the column that holds its shard key.
package struct ShardedTable: Hashable, Sendable, Codable {
    package let table: TableName
    package let keyColumn: String

    package init(table: TableName, keyColumn: String) {
        self.table = table
        self.keyColumn = keyColumn
    }
}

/// Tables sharded by the same key space, whose rows with equal keys live together.
package struct ShardGroup: Hashable, Sendable, Codable {
    package let id: GroupID
    package let keyType: ShardKeyType
    package let tables: [ShardedTable]

    package init(id: GroupID, keyType: ShardKeyType, tables: [ShardedTable]) {
        self.id = id
        self.keyType = keyType
        self.tables = tables
    }
}

/// One arc of one group's key space.
package struct Segment: Hashable, Sendable, Codable {
    package let id: SegmentID
    package let group: GroupID
    package let arc: HashArc

    package init(id: SegmentID, group: GroupID, arc: HashArc) {
        self.id = id
        self.group = group
        self.arc = arc
    }
}
