import ClusterModel
import Testing

@testable import SQLAnalysis

struct InsertRowsTests {
    private let analyzer = StatementAnalyzer(
        schema: ShardedSchema(
            groups: [
                ShardGroup(
                    id: "shop", keyType: .bigint,
                    tables: [ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id")])
            ], unsharded: nil),
        cacheBytesMax: 1 << 16)

    @Test func eachRowStandsInItsShare() throws {
        let rows = try analyzer.insertRows(
            of: """
                INSERT INTO orders AS o (id, customer_id, note) VALUES (1, 10, 'a'), (2, -20, DEFAULT), (3, 10, now()::text)
                ON CONFLICT (customer_id, id) DO UPDATE SET note = excluded.note WHERE o.note <> 'x' RETURNING *, id + 1
                """)
        #expect(rows.keys == [.literal("10"), .literal("-20"), .literal("10")])
        #expect(
            try rows.share(of: [0, 2]).sql
                == "INSERT INTO orders AS o (id, customer_id, note) VALUES (1, 10, 'a'), (3, 10, now()::text) ON CONFLICT "
                + "(customer_id, id) DO UPDATE SET note = excluded.note WHERE o.note <> 'x' RETURNING *, id + 1")
        #expect(try rows.share(of: [1]).sql.contains("VALUES (2, -20, DEFAULT) ON CONFLICT"))
    }

    @Test func parametersGetTheNumbersOfTheShare() throws {
        let rows = try analyzer.insertRows(
            of:
                "insert into orders (customer_id, id, note) values ($1, $2, $7), ($3, $4, $7), ($5, $6, upper($7 || $5))"
        )
        #expect(rows.keys == [.parameter(1), .parameter(3), .parameter(5)])
        let share = try rows.share(of: [1, 2])
        #expect(
            share.sql
                == "INSERT INTO orders (customer_id, id, note) VALUES ($1, $2, $3), ($4, $5, upper($3 || $4))")
        #expect(share.parameters == [3, 4, 7, 5, 6])
        #expect(try rows.share(of: [0]).parameters == [1, 2, 7])
    }

    @Test(arguments: [
        "WITH w AS (SELECT 1) INSERT INTO orders (customer_id, id) VALUES (1, 1), (2, 2)",
        "INSERT INTO orders (customer_id, id) VALUES (1, (SELECT 1)), (2, 2)",
        "INSERT INTO orders (customer_id, id) SELECT 1, 2 UNION ALL SELECT 2, 2",
        "INSERT INTO orders (customer_id, id) VALUES (1, 1), (2, 2) RETURNING (SELECT 1)",
        "INSERT INTO orders (customer_id, id) VALUES (1, 1), (2, 2); SELECT 1",
        "SELECT 1",
    ])
    func whatIsMoreThanItsRowsIsRefused(sql: String) {
        #expect(throws: Refusal.self) { try analyzer.insertRows(of: sql) }
    }
}
