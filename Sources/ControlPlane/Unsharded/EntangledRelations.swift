// Which relations of an instance hold, show or change rows of sharded tables without being one: partitions and parents,
// views over them however deep, tables with rules that reach them, their indexes and sequences. PostgreSQL's own record
// of dependencies tells (documentation, "pg_depend", "pg_rewrite"); what functions and triggers do, it does not know.
import ClusterModel
import PostgresClient

enum EntangledRelations {
    private static let deadline = Duration.seconds(10)

    /// The relations, each with what it is to which sharded table.
    ///
    /// - Throws: what the connection throws.
    static func read(at endpoint: Endpoint, groups: [ShardGroup]) async throws -> [TableName: String] {
        let connection = try await PostgresConnection.connect(to: endpoint, deadline: deadline)
        do {
            let rows = try await connection.query(sql(groups), deadline: deadline).rows
            await connection.close()
            return relations(rows, besides: Set(groups.flatMap(\.tables).map(\.table)))
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Of several reasons, the first in the order of the alphabet: the same one each time.
    private static func relations(_ rows: [[String?]], besides sharded: Set<TableName>) -> [TableName: String] {
        var relations: [TableName: String] = [:]
        for row in rows {
            guard row.count == 4, let schema = row[0], let name = row[1], let relation = row[2], let of = row[3] else {
                continue
            }
            let table = TableName(schema: schema, name: name)
            guard !sharded.contains(table) else { continue }
            let reason = "\(relation) \(of)"
            relations[table] = min(reason, relations[table] ?? reason)
        }
        return relations
    }

    static func sql(_ groups: [ShardGroup]) -> String {
        let tables = groups.flatMap(\.tables).map {
            "(\(quoteLiteral($0.table.schema)), \(quoteLiteral($0.table.name)))"
        }
        return """
            WITH RECURSIVE named (oid) AS (
              SELECT c.oid FROM (VALUES \(tables.joined(separator: ", "))) AS g (schema, name)
              JOIN pg_namespace n ON n.nspname = g.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = g.name),
            sharded (oid, origin) AS (
              SELECT oid, oid FROM named
              UNION SELECT i.inhrelid, s.origin FROM sharded s JOIN pg_inherits i ON i.inhparent = s.oid),
            reaching (oid, origin) AS (
              SELECT oid, origin FROM sharded
              UNION SELECT next.oid, r.origin FROM reaching r CROSS JOIN LATERAL (
                SELECT w.ev_class FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
                WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid
                UNION ALL SELECT inhparent FROM pg_inherits WHERE inhrelid = r.oid) AS next (oid)),
            found (oid, relation, origin) AS (
              SELECT oid, 'is a part of', origin FROM sharded
              UNION ALL SELECT r.oid, CASE c.relkind WHEN 'v' THEN 'is a view of' WHEN 'm' THEN 'is a materialized view of'
                ELSE 'has a rule for, or contains,' END, r.origin
              FROM reaching r JOIN pg_class c ON c.oid = r.oid WHERE r.oid NOT IN (SELECT oid FROM sharded)
              UNION ALL SELECT x.indexrelid, 'is an index of', s.origin
              FROM sharded s JOIN pg_index x ON x.indrelid = s.oid
              UNION ALL SELECT c.oid, 'is a sequence of', s.origin FROM sharded s JOIN pg_depend d
              ON d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid
              AND d.deptype IN ('a', 'i') JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S')
            SELECT n.nspname, c.relname, f.relation, o.nspname || '.' || t.relname
            FROM found f JOIN pg_class c ON c.oid = f.oid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_class t ON t.oid = f.origin JOIN pg_namespace o ON o.oid = t.relnamespace
            """
    }
}
