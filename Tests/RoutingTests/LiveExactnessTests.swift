import ClusterModel
import PostgresClient
import SQLAnalysis
import TestServers
import Testing

/// What the analysis calls keyed must give the same rows where there are no other keys' rows: a real server judges.
@Suite struct LiveExactnessTests {
    private static let group = ShardGroup(
        id: "abc",
        keyType: .bigint,
        tables: ["a", "b", "c"].map { ShardedTable(table: TableName(name: $0), keyColumn: "k") }
    )

    @Test func keyedStatementsNeedNoOtherRows() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let statements = keyedStatements(400, seed: seed)
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            try await connection.query(Self.tables)
            var compared = 0
            for (sql, keys) in statements {
                // Some are refused by the server: an ambiguous name, a type that does not fit.
                guard let everywhere = try await sum(of: sql, in: "all_keys", connection),
                    let there = try await sum(of: sql, in: "only_" + Set(keys).sorted().joined(), connection)
                else { continue }
                compared += 1
                #expect(everywhere == there, "seed \(seed), keys \(keys): \(sql)")
            }
            #expect(compared > statements.count / 2, "seed \(seed)")
            await connection.close()
        }
    }

    /// Count and checksum of the rows with the tables of one schema; nil when the server refuses the statement.
    private func sum(of sql: String, in schema: String, _ connection: PostgresConnection) async throws -> [String?]? {
        do {
            return try await connection.query(
                """
                SET search_path = \(schema);
                SELECT count(*), md5(string_agg(r::text, '|' ORDER BY r::text)) FROM (\(sql)) r
                """
            ).rows.first
        } catch is PostgresError {
            return nil
        }
    }

    private func keyedStatements(_ count: Int, seed: UInt64) -> [(sql: String, keys: [String])] {
        var generator = JoinGenerator(seed: seed)
        var analyzer = StatementAnalyzer(schema: ShardedSchema(groups: [Self.group]), cacheBytesMax: 0)
        var statements: [(sql: String, keys: [String])] = []
        while statements.count < count {
            let sql = generator.select()
            guard let statement = try? analyzer.analyze(sql).statements.first,
                case .keyed(_, let keys) = statement.target
            else { continue }
            statements.append((sql, keys.compactMap { if case .literal(let key) = $0 { key } else { nil } }))
        }
        return statements
    }

    // MARK: SQL

    /// Schema `all_keys` has the keys 1 to 3 and NULL; `only_1`, `only_2` and `only_12` have fewer.
    private static let tables: String = {
        let keys = ["all_keys": "1, 2, 3, NULL", "only_1": "1", "only_2": "2", "only_12": "1, 2"]
        return keys.sorted { $0.key < $1.key }.map { schema, keys in
            let tables = ["a", "b", "c"].enumerated().map { number, table in
                // Not every key is in every table, and values meet across keys.
                """
                CREATE TABLE \(schema).\(table) AS SELECT k, v FROM unnest(ARRAY[\(keys)]::bigint[]) k,
                    generate_series(1, 2) v WHERE k IS NULL OR (k * 7 + v * 3 + \(number)) % 4 <> 0;
                """
            }
            return "CREATE SCHEMA \(schema);\n" + tables.joined(separator: "\n")
        }.joined(separator: "\n")
            + "\nSET statement_timeout = '2s';\n"
    }()
}
