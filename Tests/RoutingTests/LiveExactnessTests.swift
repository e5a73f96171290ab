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

    /// Three owners, each with other rows of the others' keys: their parts together are the rows of the whole.
    @Test func partsTogetherAreTheWhole() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = JoinGenerator(seed: seed)
        var analyzer = StatementAnalyzer(schema: ShardedSchema(groups: [Self.group]), cacheBytesMax: 0)
        var statements: [(sql: String, plan: ScatterPlan)] = []
        while statements.count < 300 {
            let sql = generator.plainSelect()
            guard case .scattered(let plan) = try analyzer.analyze(sql).statements[0].target else { continue }
            statements.append((sql, plan))
        }
        let arcs = HashArc.equalParts(9)
        let owned = (0..<3).map { owner in arcs.indices.filter { $0 * $0 % 7 % 3 == owner }.map { arcs[$0] } }
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            try await connection.query(Self.ownedTables(owned))
            for (sql, plan) in statements {
                var rows: [String] = []
                for owner in owned.indices {
                    rows += try await texts(of: plan.part(of: owned[owner]), in: "owner_\(owner)", connection)
                }
                #expect(try await texts(of: sql, in: "everything", connection) == rows.sorted(), "seed \(seed): \(sql)")
            }
            await connection.close()
        }
    }

    private func texts(
        of sql: String, in schema: String, _ connection: PostgresConnection
    ) async throws -> [String] {
        let result = try await connection.query("SET search_path = \(schema); SELECT r::text FROM (\(sql)) r")
        return result.rows.map { $0[0] ?? "" }.sorted()
    }

    private static func ownedTables(_ owned: [[HashArc]]) -> String {
        ["a", "b", "c"].enumerated().map { number, table in
            let rows =
                "SELECT k, v FROM generate_series(1, 24) k, generate_series(1, 2) v WHERE (k * 7 + v * 3 + \(number)) % 4 <> 0"
            let parts = owned.enumerated().map { owner, arcs in
                let isOwned = arcs.map { "hashint8extended(k, 0) BETWEEN '\($0.lower)' AND '\($0.upper)'" }
                    .joined(separator: " OR ")
                return "CREATE TABLE owner_\(owner).\(table) AS \(rows) AND (\(isOwned)) UNION ALL "
                    + "SELECT k, v + 1 FROM generate_series(1, 24) k, generate_series(0, 1) v "
                    + "WHERE k % 3 <> \(number) AND NOT (\(isOwned));"
            }
            return "CREATE TABLE everything.\(table) AS \(rows);" + parts.joined()
        }.reduce(
            "CREATE SCHEMA everything; CREATE SCHEMA owner_0; CREATE SCHEMA owner_1; CREATE SCHEMA owner_2;"
                + "SET statement_timeout = '20s';", +)
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
