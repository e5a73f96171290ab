// Whether a database is as initdb or CREATE DATABASE leaves it. Providers promise it, and a segment may be copied only
// into such a one; so it is looked at, and never concluded from a command that succeeded.
import ClusterModel
import PostgresClient

enum DatabaseContents {
    private static let lookDeadline = Duration.seconds(10)

    /// What the database holds, in words; at most a few of each kind. Empty when it holds nothing.
    /// - Parameter marker: a schema that is no content.
    static func list(over connection: PostgresConnection, besides marker: String? = nil) async throws -> [String] {
        try await connection.execute(query, [marker ?? ""], deadline: lookDeadline).rows.compactMap { $0[0] }
    }

    /// Whatever is in the schema `public` depends on it, so the second part finds functions, types, operators and
    /// collations alike. (Default privileges depend on it otherwise, and are no content.)
    private static let query = """
        (SELECT 'relation ' || c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' LIMIT 5)
        UNION ALL (SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d
          WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid <> 'pg_class'::regclass AND d.deptype = 'n'
          AND d.refobjid = (SELECT oid FROM pg_namespace WHERE nspname = 'public') LIMIT 5)
        UNION ALL (SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_'
          AND nspname NOT IN ('public', 'information_schema', $1) LIMIT 5)
        UNION ALL (SELECT 'publication ' || pubname FROM pg_publication LIMIT 5)
        UNION ALL (SELECT 'subscription ' || subname FROM pg_subscription
          WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 5)
        UNION ALL (SELECT 'replication slot ' || slot_name FROM pg_replication_slots
          WHERE database = current_database() LIMIT 5)
        UNION ALL (SELECT 'large object ' || oid FROM pg_largeobject_metadata LIMIT 5)
        """
}
