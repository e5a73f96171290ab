import ClusterModel
import PostgresClient
import Testing

@testable import Migration

extension LiveTests {
    @Suite(.serialized)
    struct LivePrecheckTests {
        private func problems(
            _ cluster: TestCluster,
            _ order: MoveOrder? = nil
        ) async throws -> [MoveProblem] {
            let error = await #expect(throws: MoveError.self) {
                _ = try await cluster.executor().start(order ?? cluster.order(), epoch: .initial)
            }
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
            guard case .unfit(let problems)? = error else { return [] }
            return problems
        }

        @Test("A table without a fit identity is refused with the statement that mends it, which does")
        func mend() async throws {
            let group = ShardGroup(
                id: "g",
                keyType: .bigint,
                tables: [ShardedTable(table: TableName(name: "orders"), keyColumn: "customer")]
            )
            let cluster = try await TestCluster.make(
                rows: 0,
                tables: "CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL)",
                group: group
            )
            let found = try await problems(cluster)
            #expect(found.map(\.instance) == ["home", "contingent"])
            for problem in found {
                #expect(
                    problem.mend == "ALTER TABLE \"public\".\"orders\" DROP CONSTRAINT \"orders_pkey\", "
                        + "ADD PRIMARY KEY (\"customer\", \"id\")"
                )
                try await cluster.query(problem.mend, on: problem.instance)
            }
            let record = try await cluster.executor().start(cluster.order("second"), epoch: .initial)
            #expect(record.state == .ready)
        }

        @Test("Everything the catalogs know is found at once")
        func everything() async throws {
            let cluster = try await TestCluster.make(rows: 100)
            try await cluster.query(
                """
                CREATE TABLE currencies (code text PRIMARY KEY);
                ALTER TABLE orders ADD COLUMN currency text REFERENCES currencies;
                CREATE UNIQUE INDEX items_by_name ON items ("what ""is"" it");
                ALTER TABLE items SET UNLOGGED;
                CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
                CREATE TRIGGER audit BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION audit();
                ALTER TABLE customers ENABLE ALWAYS TRIGGER audit;
                CREATE PUBLICATION cdc FOR TABLE customers;
                """,
                on: TestCluster.home
            )
            let key = try await cluster.aKey()
            try await cluster.query("INSERT INTO customers VALUES (\(key), 1)", on: TestCluster.contingent)
            let error = await #expect(throws: MoveError.self) {
                _ = try await cluster.executor().start(cluster.order(), epoch: .initial)
            }
            guard case .unfit(let found)? = error else { return }
            let text = found.map(\.description).joined(separator: "\n")
            for expected in [
                "home: public.orders is tied by the foreign key orders_currency_fkey",
                "home: public.items is not logged",
                "home: public.items has the unique index items_by_name", "home: public.customers has the trigger audit",
                "home: public.customers is in the publication cdc",
                "contingent: public.orders differs from the source's",
                "contingent: public.customers already has rows of segment shop-1",
            ] { #expect(text.contains(expected), "\(expected) is not in\n\(text)") }
            #expect(
                try await cluster.query("SELECT count(*) FROM customers", on: TestCluster.contingent).scalar() == "1",
                "rows that no move copied are not deleted"
            )
        }

        @Test(
            "Text and uuid keys move as well",
            arguments: [
                (ShardKeyType.text, "text"), (.varchar, "varchar(20)"), (.uuid, "uuid"), (.integer, "smallint"),
            ])
        func otherKeys(type: ShardKeyType, column: String) async throws {
            let group = ShardGroup(
                id: "g",
                keyType: type,
                tables: [ShardedTable(table: TableName(name: "things"), keyColumn: "Key")]
            )
            let cluster = try await TestCluster.make(
                rows: 0,
                tables: "CREATE TABLE things (\"Key\" \(column), n int, PRIMARY KEY (\"Key\", n))",
                group: group
            )
            let key =
                switch type {
                case .text, .varchar: "'kunde-' || n"
                case .integer, .bigint: "n"
                case .uuid: "md5(n::text)::uuid"
                }
            try await cluster.query("INSERT INTO things SELECT \(key), n FROM generate_series(1, 100) n", on: "home")
            let rows = try await cluster.segmentRows(on: TestCluster.home)
            let executor = cluster.executor()
            _ = try await executor.start(cluster.order(), epoch: .initial)
            _ = try await executor.cutOver(cluster.move)
            _ = try await executor.finalize(cluster.move, grace: .zero)
            #expect(rows > 5)
            #expect(try await cluster.segmentRows(on: TestCluster.contingent) == rows)
            try await cluster.expectNoLeftovers(owner: TestCluster.contingent)
        }
    }
}
