// Judges the column that holds a table's shard key. The router computes PostgreSQL's hash of a value by itself: what the
// column holds must be the value that was sent, and values that PostgreSQL takes for equal must hash alike.
import ClusterModel
import PostgresClient

package enum KeyColumnFitness {
    /// What is wrong with a column, as the end of a sentence that begins with the table, and the statement that mends it.
    package static func problems(
        _ column: TableFacts.KeyColumn, of table: ShardedTable, keyType: ShardKeyType
    ) -> [(what: String, mend: String)] {
        let alter =
            "ALTER TABLE \(MoveSQL.qualified(table.table)) ALTER COLUMN \(quoteIdentifier(table.keyColumn)) TYPE"
        var problems: [(what: String, mend: String)] = []
        if !fits(column.type, keyType) {
            let suits = ShardKeyType.allCases.filter { fits(column.type, $0) }.map { "or `key_type: \($0.rawValue)`" }
            problems.append(
                (
                    "has a key of type \(column.type), the group's is \(keyType.rawValue)",
                    (["\(alter) \(keyType.rawValue)"] + suits).joined(separator: ", ")
                ))
        }
        if !column.isDeterministic {
            problems.append(
                (
                    "compares its key by a nondeterministic collation: equal keys hash differently",
                    "\(alter) \(column.type) COLLATE \"C\""
                ))
        }
        return problems
    }

    /// - Parameter type: as `format_type` names it.
    private static func fits(_ type: String, _ keyType: ShardKeyType) -> Bool {
        switch keyType {
        case .integer, .bigint: ["smallint", "integer", "bigint"].contains(type)
        case .text: ["text", "character varying"].contains(type)
        case .varchar: type == "text" || type == "character varying" || type.hasPrefix("character varying(")
        case .uuid: type == "uuid"
        }
    }
}
