// Tables of no group through the built router, as clients use them.
import Foundation
import PostgresClient
import Testing

@Suite struct UnshardedTests {
    private static let grants = "GRANT ALL ON SCHEMA public TO app"

    @Test func driversUseTablesOfNoGroupAsTheyWould() async throws {
        try await withServedCluster(extra: "unsharded: home-2") { cluster, _ in
            _ = try await cluster.home(2, Self.grants)
            let address = "127.0.0.1 port=\(cluster.port)"
            let result = try await runProgram(
                "/usr/bin/python3",
                [
                    Programs.drivers + "/unsharded_session.py", "host=\(address) user=app dbname=\(cluster.database)",
                    "postgresql://app@127.0.0.1:\(cluster.port)/\(cluster.database)",
                ])
            #expect(result.status == 0, "\(result.all)")
            // All of it is on the home that was named.
            let there = "SELECT count(*) FROM pg_tables WHERE tablename IN ('city', 'goods', 'points')"
            #expect(try await cluster.home(2, there).scalar() == "3")
            #expect(try await cluster.home(1, there).scalar() == "0")
        }
    }

    /// pgbench makes its tables, fills them by COPY, and runs TPC-B on them.
    @Test func pgbenchRunsOnTablesOfNoGroup() async throws {
        try await withServedCluster(extra: "unsharded: home-1") { cluster, _ in
            _ = try await cluster.home(1, Self.grants)
            let target = ["-h", "127.0.0.1", "-p", "\(cluster.port)", "-U", "app"]
            // pgbench's own name for its largest table is that of a sharded one here.
            let script = cluster.directory + "/tpcb.sql"
            try """
            \\set aid random(1, 1000)
            \\set delta random(-5000, 5000)
            BEGIN;
            UPDATE bank_accounts SET balance = balance + :delta WHERE aid = :aid;
            SELECT balance FROM bank_accounts WHERE aid = :aid;
            UPDATE bank_totals SET balance = balance + :delta;
            INSERT INTO bank_history (aid, delta, mtime) VALUES (:aid, :delta, CURRENT_TIMESTAMP);
            END;
            """.write(toFile: script, atomically: true, encoding: .utf8)
            let setUp = try await runProgram(
                Programs.postgres("psql"),
                target + [
                    "-d", cluster.database, "-v", "ON_ERROR_STOP=1",
                    "-c", "CREATE TABLE bank_accounts (aid int PRIMARY KEY, balance int)",
                    "-c", "INSERT INTO bank_accounts SELECT n, 0 FROM generate_series(1, 1000) AS n",
                    "-c", "CREATE TABLE bank_totals AS SELECT 0 AS balance",
                    "-c", "CREATE TABLE bank_history (aid int, delta int, mtime timestamptz)",
                    "-c", "VACUUM ANALYZE bank_accounts",
                ])
            #expect(setUp.status == 0, "\(setUp.all)")
            for mode in ["simple", "extended", "prepared"] {
                let result = try await runProgram(
                    Programs.postgres("pgbench"),
                    target + ["-n", "-M", mode, "-c", "8", "-t", "25", "-f", script, cluster.database])
                #expect(result.status == 0, "\(mode): \(result.all)")
            }
            let sums = """
                SELECT (SELECT sum(balance) FROM bank_accounts) = (SELECT balance FROM bank_totals),
                (SELECT sum(delta) FROM bank_history) = (SELECT balance FROM bank_totals), count(*) FROM bank_history
                """
            let connection = try await PostgresConnection.connect(to: cluster.router)
            #expect(try await connection.query(sums).rows == [["t", "t", "600"]])
            await connection.close()
        }
    }

    /// A view over a sharded table would show the rows of one instance: it is refused, also when it was made directly
    /// while the router runs.
    @Test func relationsOfShardedTablesAreNotTakenForUnshardedOnes() async throws {
        try await withServedCluster(extra: "unsharded: home-1") { cluster, _ in
            let connection = try await PostgresConnection.connect(to: cluster.router)
            _ = try await cluster.home(
                1,
                """
                CREATE VIEW seen AS SELECT * FROM kv; CREATE VIEW seen_again AS SELECT 1 FROM seen;
                CREATE TABLE kept (n int); CREATE MATERIALIZED VIEW copied AS SELECT * FROM kv;
                CREATE TABLE ruled (n int); CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO kv VALUES (1, '');
                CREATE TABLE parent (k bigint, v text); ALTER TABLE kv ALTER k SET NOT NULL; ALTER TABLE parent ALTER k SET NOT NULL;
                ALTER TABLE kv INHERIT parent; GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
                """)
            let deadline = ContinuousClock.now + .seconds(30)
            var refused: Set<String> = []
            let entangled = ["seen", "seen_again", "copied", "ruled", "parent"]
            while refused.count < entangled.count, ContinuousClock.now < deadline {
                for name in entangled where !refused.contains(name) {
                    do {
                        try await connection.query("SELECT * FROM \(name)")
                    } catch let error as PostgresError where error.sqlState == "0A000" {
                        #expect(
                            error.message.contains("of public.kv, whose rows") || error.message.contains("public.kv"))
                        refused.insert(name)
                    }
                }
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(refused == Set(entangled))
            #expect(try await connection.query("SELECT count(*) FROM kept").scalar() == "0")
            let explained = try await cluster.foreshard("route", "SELECT * FROM seen; SELECT * FROM kept")
            #expect(explained.output.contains("public.seen is a view of public.kv"), "\(explained.all)")
            #expect(
                explained.output.contains("instance home-1: it touches tables of no group only"), "\(explained.all)")
            await connection.close()
        }
    }

    @Test func withoutAHomeTheyAreRefusedWithTheSettingToSet() async throws {
        try await withServedCluster { cluster, _ in
            let connection = try await PostgresConnection.connect(to: cluster.router)
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT * FROM other") }
            #expect(error?.sqlState == "0A000")
            #expect(error?.hint?.contains("`unsharded`") == true)
            await connection.close()
        }
    }
}
