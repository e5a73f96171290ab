// Whether the homes' tables have the shard keys that the configuration says. A key of another type would be hashed as
// what it is not, and rows be looked for where they are not: that is found before the first client comes.
import ClusterModel
import Logging
import Migration
import PostgresClient

enum KeyColumns {
    private static let deadline = Duration.seconds(10)

    /// Tables that are not there yet are a warning: nothing can be asked of them.
    ///
    /// - Throws: every problem of every home at once, each with what mends it.
    static func check(_ homes: [Instance], groups: [ShardGroup], logger: Logger) async throws {
        var problems: [String] = []
        for home in homes {
            let connection = try await PostgresConnection.connect(to: home.endpoint, deadline: deadline)
            do {
                for group in groups {
                    problems += try await check(group, at: home.id, connection, logger)
                }
                await connection.close()
            } catch {
                await connection.close()
                throw error
            }
        }
        guard problems.isEmpty else { throw ClusterError(problems.joined(separator: "\n")) }
    }

    private static func check(
        _ group: ShardGroup, at home: InstanceID, _ connection: PostgresConnection, _ logger: Logger
    ) async throws -> [String] {
        var problems: [String] = []
        let rows = try await connection.query(sql(group.tables), deadline: deadline).rows
        for (table, row) in zip(group.tables, rows) {
            guard row.count == 5, row[0] == "t" else {
                logger.warning(
                    "a sharded table is not there", metadata: ["table": "\(table.table)", "instance.id": "\(home)"])
                continue
            }
            guard let type = row[1] else {
                problems.append("instance \(home): \(table.table) has no column \(table.keyColumn), its shard key")
                continue
            }
            let column = TableFacts.KeyColumn(type: type, isDeterministic: row[2] != "f", isGenerated: row[3] == "t")
            problems += KeyColumnFitness.problems(column, of: table, keyType: group.keyType).map {
                "instance \(home): \(table.table) \($0.what); mend it by: \($0.mend)"
            }
        }
        if let encoding = rows.first?.last, let encoding, group.keyType.isText, encoding != "UTF8" {
            problems.append(
                "instance \(home): the database's encoding is \(encoding); shard keys of type \(group.keyType.rawValue) need UTF8"
            )
        }
        return problems
    }

    /// A row for each table, in their order: whether it is there, and what its key column is.
    private static func sql(_ tables: [ShardedTable]) -> String {
        let values = tables.enumerated().map { index, table in
            "(\(index), to_regclass(\(quoteLiteral(MoveSQL.qualified(table.table)))), \(quoteLiteral(table.keyColumn)))"
        }
        return """
            SELECT g.oid IS NOT NULL, format_type(a.atttypid, a.atttypmod), coalesce(l.collisdeterministic, true), \
            a.attgenerated <> '', current_setting('server_encoding') \
            FROM (VALUES \(values.joined(separator: ", "))) AS g (number, oid, key) \
            LEFT JOIN pg_attribute a ON a.attrelid = g.oid AND a.attname = g.key AND NOT a.attisdropped AND a.attnum > 0 \
            LEFT JOIN pg_collation l ON l.oid = a.attcollation ORDER BY g.number
            """
    }
}

extension ShardKeyType {
    fileprivate var isText: Bool { self == .text || self == .varchar }
}
