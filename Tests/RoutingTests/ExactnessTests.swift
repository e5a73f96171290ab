import ClusterModel
import SQLAnalysis
import Testing

/// What the analysis calls keyed must give the same rows where there are no other keys' rows: a real server judges.
@Suite struct ExactnessTests {
    private static let group = ShardGroup(
        id: "abc",
        keyType: .bigint,
        tables: ["a", "b", "c"].map { ShardedTable(table: TableName(name: $0), keyColumn: "k") }
    )

    @Test(.enabled(if: TemporaryServer.isInstalled)) func keyedStatementsNeedNoOtherRows() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let statements = keyedStatements(400, seed: seed)
        let server = try TemporaryServer()
        let script = Self.tables + statements.enumerated().map { Self.comparison($0, $1.sql, $1.keys) }.joined()
        let lines = try server.query(script, stopsAtErrors: false)
        let results = lines.filter { $0.hasPrefix("same ") || $0.hasPrefix("different ") }
        #expect(results.count > statements.count / 2, "seed \(seed): \(lines.prefix(5))")
        for line in results where line.hasPrefix("different ") {
            let number = try #require(Int(line.dropFirst("different ".count)))
            Issue.record("seed \(seed), keys \(statements[number].keys): \(statements[number].sql)")
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
            + "\nCREATE TABLE public.sums (id int, place text, rows bigint, sum text);\nSET statement_timeout = '2s';\n"
    }()

    private static func comparison(_ number: Int, _ sql: String, _ keys: [String]) -> String {
        let place = "only_" + Set(keys).sorted().joined()
        let sums = ["all_keys", place].map { schema in
            """
            SET search_path = \(schema);
            INSERT INTO public.sums SELECT \(number), '\(schema)', count(*), md5(string_agg(r::text, '|' ORDER BY r::text))
                FROM (\(sql)) r;

            """
        }
        return sums.joined() + """
            SELECT CASE WHEN count(DISTINCT (rows, sum)) = 1 THEN 'same' ELSE 'different' END || ' ' || id
                FROM public.sums WHERE id = \(number) GROUP BY id HAVING count(*) = 2;

            """
    }
}
