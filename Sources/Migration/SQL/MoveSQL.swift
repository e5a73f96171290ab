// The SQL of a move, as pure text: every statement can be printed without a connection, and is compared with a golden
// file. This file has what the others share: names, predicates and lists of tables.
import ClusterModel
import PostgresClient

/// The statements of one move.
package struct MoveSQL: Sendable, Hashable {
    package let order: MoveOrder
    package let names: MoveNames

    package init(_ order: MoveOrder) {
        self.order = order
        names = MoveNames(order)
    }

    /// SQLSTATE of a write that reached an instance which does not own the segment.
    package static let notOwnerState = "DB001"
    /// SQLSTATE of an order by a coordinator that has a successor.
    package static let supersededState = "DB002"

    package var tables: [ShardedTable] { order.group.tables }

    package static func qualified(_ table: TableName) -> String {
        "\(quoteIdentifier(table.schema)).\(quoteIdentifier(table.name))"
    }

    package func qualified(_ table: ShardedTable) -> String { Self.qualified(table.table) }

    /// The position of a row's key on the ring. PostgreSQL 15 accepts these functions in a publication's row filter
    /// and in an index; an `integer` column is widened, and hashes like the equal `bigint`.
    package func position(_ table: ShardedTable, row: String? = nil) -> String {
        let column = (row.map { "\($0)." } ?? "") + quoteIdentifier(table.keyColumn)
        return switch order.group.keyType {
        case .integer, .bigint: "hashint8extended(\(column), 0)"
        case .text, .varchar: "hashtextextended(\(column), 0)"
        case .uuid: "uuid_hash_extended(\(column), 0)"
        }
    }

    /// True for the rows of the segment. The bounds are quoted because `-9223372036854775808` without is a numeric.
    package func predicate(_ table: ShardedTable, row: String? = nil) -> String {
        let arc = order.segment.arc
        return "\(position(table, row: row)) BETWEEN '\(arc.lower)'::bigint AND '\(arc.upper)'::bigint"
    }

    var register: String { "foreshard.\(quoteIdentifier(names.register))" }
    var lockArguments: String { "\(MoveNames.lockClass), \(names.lockKey)" }
    var tableList: String { tables.map(qualified).joined(separator: ", ") }

    func setRegister(_ value: Epoch, term: Int64) -> String {
        "SELECT foreshard.set_register(\(quoteLiteral(register)), \(value), \(term))"
    }

    /// The settings of every control connection of a move. Equal output settings make rows comparable as text; the
    /// last one lets the server undo a cut-over's transaction when the coordinator is stopped in the middle.
    package static let session = [
        "search_path": "pg_catalog", "TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "postgres",
        "extra_float_digits": "1", "bytea_output": "hex", "lock_timeout": "1s", "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "10s",
    ]
}
