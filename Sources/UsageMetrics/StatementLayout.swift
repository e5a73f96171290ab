import PostgresClient

/// Where the extension is in a database, and which columns its view has.
struct StatementLayout {
    private let schema: String
    private let hasInfo: Bool
    private let columns: Set<String>

    /// Nil when the extension is not in the database.
    init?(_ connection: PostgresConnection, deadline: Duration) async throws {
        let row = try await connection.query(
            """
            SELECT n.nspname,
                (SELECT count(*) FROM pg_class c WHERE c.relname = 'pg_stat_statements_info' AND c.relnamespace = n.oid),
                (SELECT string_agg(a.attname, ',') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                 WHERE c.relname = 'pg_stat_statements' AND c.relnamespace = n.oid AND a.attnum > 0)
            FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'
            """, deadline: deadline
        ).rows.first
        guard let row, let schema = row.first.flatMap({ $0 }) else { return nil }
        self.init(schema: schema, hasInfo: row[1] != "0", columns: row[2] ?? "")
    }

    /// - Parameter columns: the names of the view's columns, separated by commas.
    init(schema: String, hasInfo: Bool, columns: String) {
        self.schema = quoteIdentifier(schema)
        self.hasInfo = hasInfo
        self.columns = Set(columns.split(separator: ",").map(String.init))
    }

    private var topLevel: String { columns.contains("toplevel") ? "toplevel" : "true" }
    private var time: String { columns.contains("total_exec_time") ? "total_exec_time" : "total_time" }
    private static let ofThisDatabase = "dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"

    /// Start of the server, `pg_stat_statements.max`, and where there are any: the last reset, how many evictions.
    var infoQuery: String {
        "SELECT pg_postmaster_start_time(), current_setting('pg_stat_statements.max', true)"
            + (hasInfo ? ", stats_reset, dealloc FROM \(schema).pg_stat_statements_info" : "")
    }

    /// User, query, top level, calls, milliseconds; without the texts, which the server keeps in a file.
    func countersQuery(limit: Int) -> String {
        """
        SELECT userid, queryid, \(topLevel), calls, \(time) FROM \(schema).pg_stat_statements(false)
        WHERE \(Self.ofThisDatabase) LIMIT \(limit)
        """
    }

    /// User, query, top level, text.
    func textsQuery(queries: [String], textMax: Int) -> String {
        """
        SELECT userid, queryid, \(topLevel), left(query, \(textMax)) FROM \(schema).pg_stat_statements
        WHERE \(Self.ofThisDatabase) AND queryid::text IN (\(queries.map(quoteLiteral).joined(separator: ", ")))
        """
    }
}
