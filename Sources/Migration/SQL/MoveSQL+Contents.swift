// Copying the segment's rows, and comparing them on both sides.
import ClusterModel
import PostgresClient

extension MoveSQL {
    /// The columns a copy carries; generated ones are computed again.
    package static func copiedColumns(of table: TableName) -> String {
        """
        SELECT attname FROM pg_attribute WHERE attrelid = \(quoteLiteral(qualified(table)))::regclass \
        AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
        """
    }

    package static func beginWithSnapshot(_ name: String) -> String {
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT \(quoteLiteral(name))"
    }

    package func copyOut(_ table: ShardedTable, columns: [String]) -> String {
        let list = columns.map(quoteIdentifier).joined(separator: ", ")
        return "COPY (SELECT \(list) FROM \(qualified(table)) WHERE \(predicate(table))) TO STDOUT (FORMAT binary)"
    }

    package func copyIn(_ table: ShardedTable, columns: [String]) -> String {
        let list = columns.map(quoteIdentifier).joined(separator: ", ")
        return "COPY \(qualified(table)) (\(list)) FROM STDIN (FORMAT binary)"
    }

    /// As the applier writes: no triggers, no foreign-key checks, no guard.
    package static let actAsReplica = "SET session_replication_role = replica"

    package func analyze(_ tables: [ShardedTable]) -> String {
        "ANALYZE \(tables.map(qualified).joined(separator: ", "))"
    }

    /// The rows that the planner believes in; negative when the table was never analysed.
    package func rowsKnown(of table: ShardedTable) -> String {
        "SELECT reltuples::bigint FROM pg_class WHERE oid = \(quoteLiteral(qualified(table)))::regclass"
    }

    package func hasRows(_ table: ShardedTable) -> String {
        "SELECT EXISTS (SELECT FROM \(qualified(table)) WHERE \(predicate(table)))"
    }

    package static let bucketCount = 256

    /// Count and XOR of the rows' hashes, by bucket of the key's position.
    package func bucketSums(_ table: ShardedTable, only buckets: [Int]?) -> String {
        """
        SELECT \(position(table)) & \(Self.bucketCount - 1), count(*), \
        bit_xor(hashtextextended(foreshard_row::text, 0)) FROM \(qualified(table)) foreshard_row \
        WHERE \(predicate(table))\(buckets.map { restriction(table, to: $0) } ?? "") GROUP BY 1
        """
    }

    /// Every row of some buckets, as its hash; the inserting transaction tells a row rewritten with the same content.
    package func rowHashes(_ table: ShardedTable, in buckets: [Int]) -> String {
        """
        SELECT hashtextextended(foreshard_row::text, 0), foreshard_row.xmin FROM \(qualified(table)) foreshard_row \
        WHERE \(predicate(table))\(restriction(table, to: buckets))
        """
    }

    private func restriction(_ table: ShardedTable, to buckets: [Int]) -> String {
        let list = buckets.sorted().map(String.init).joined(separator: ", ")
        return " AND \(position(table)) & \(Self.bucketCount - 1) IN (\(list))"
    }
}
