// How a schema gets onto an instance: many entries at once, and still each by itself where that matters.
import ClusterModel
import LocalPostgres
import PostgresClient
import TestServers
import Testing

@testable import ContingentPool

@Suite struct InstanceSchemaTests {
    private func dump(_ entries: [(type: String, name: String, sql: String)]) -> InstanceSchema {
        let text = entries.map {
            "--\n-- Name: \($0.name); Type: \($0.type); Schema: public; Owner: o\n--\n\n\($0.sql)\n"
        }
        return InstanceSchema(roles: .empty, schema: SchemaDump(text: text.joined(separator: "\n")))
    }

    private func tables(_ numbers: Range<Int>) -> [(type: String, name: String, sql: String)] {
        numbers.map { ("TABLE", "t\($0)", "CREATE TABLE t\($0) (id bigint);") }
    }

    private func withServer(
        _ additional: [String: String] = [:], _ body: (Endpoint) async throws -> Void
    ) async throws {
        var settings = ServerSettings.forTests
        settings.additional.merge(additional) { $1 }
        try await withTemporaryCluster(settings) { cluster in
            let server = try cluster.server("one")
            try await server.provision()
            try await body(try await server.start())
        }
    }

    private func ask(_ endpoint: Endpoint, _ sql: String) async throws -> String? {
        try await withConnection(to: endpoint) { try await $0.query(sql).scalar() }
    }

    @Test func entriesShareTransactions() async throws {
        try await withServer { endpoint in
            try await dump(tables(0..<200)).apply(to: endpoint)
            let counts =
                "SELECT count(*) || ' in ' || count(DISTINCT xmin::text) FROM pg_class WHERE relname ~ '^t[0-9]'"
            #expect(try await ask(endpoint, counts) == "200 in 4")
        }
    }

    /// The server's own writer sleeps too long to help.
    @Test func theSchemaIsOnTheDiskWhenItIsApplied() async throws {
        try await withServer(["wal_writer_delay": "10s"]) { endpoint in
            try await dump(tables(0..<100)).apply(to: endpoint)
            let left = "SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn() < 1000"
            #expect(try await ask(endpoint, left) == "t")
        }
    }

    @Test func whatFailsIsNamed() async throws {
        try await withServer { endpoint in
            let entries = tables(0..<100) + [("VIEW", "sums", "CREATE VIEW sums AS SELECT total FROM nowhere;")]
            let error = await #expect(throws: PoolError.self) {
                try await dump(entries + tables(100..<110)).apply(to: endpoint)
            }
            #expect(error?.code == .schema && error?.message.contains("could not make view sums") == true)
        }
    }

    @Test func whatOnlyWorksAloneIsDoneAlone() async throws {
        try await withServer { endpoint in
            let alone = [("INDEX", "t1_id", "CREATE INDEX CONCURRENTLY t1_id ON t1 (id);")]
            try await dump(tables(0..<3) + alone + tables(3..<6)).apply(to: endpoint)
            let found = "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]'"
            #expect(try await ask(endpoint, found) == "7")
        }
    }
}
