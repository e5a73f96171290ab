// What a real server writes of the same statements in its three formats gives the same usage, to the bit.
import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import Routing
import TestServers
import Testing

@testable import LogImport

@Suite struct LiveLogTests {
    struct Logging: Sendable, CustomTestStringConvertible {
        let prefix: String
        let settings: [String: String]
        var zoneName: String?

        var testDescription: String { prefix }
    }

    private static let loggings = [
        Logging(prefix: "%m [%p] %q%u@%d ", settings: ["log_min_duration_statement": "0", "log_timezone": "UTC"]),
        Logging(
            prefix: LogImportOptions.allEscapes,
            settings: ["log_duration": "on", "log_statement": "all", "log_timezone": "Europe/Berlin"]),
        Logging(
            prefix: "%c %m %-6u %8d %a> ",
            settings: [
                "log_min_duration_statement": "0", "log_statement": "all", "log_timezone": "Asia/Kolkata",
                "log_error_verbosity": "verbose",
            ],
            zoneName: "Asia/Kolkata"),
        Logging(
            prefix: "%m [%p]: ",
            settings: [
                "log_min_duration_statement": "0", "log_timezone": "America/Sao_Paulo", "log_connections": "on",
                "log_disconnections": "on", "log_parameter_max_length_on_error": "-1", "debug_print_parse": "off",
            ]),
    ]

    @Test(arguments: loggings)
    func allFormatsTellTheSame(logging: Logging) async throws {
        var settings = ServerSettings.forTests
        settings.additional = logging.settings.merging([
            "logging_collector": "on", "log_destination": "stderr,csvlog,jsonlog", "log_filename": "server.log",
            "log_line_prefix": logging.prefix, "log_min_error_statement": "error",
        ]) { $1 }
        try await withTemporaryCluster(settings) { cluster in
            let server = try cluster.server("server")
            try await server.provision()
            try await Self.work(at: try await server.start())
            try await server.stop()
            let logs = ["server.csv", "server.json", "server.log"].map { server.dataDirectory + "/log/" + $0 }
            let read = try logs.map { path in
                try imported([path], prefix: logging.prefix) { $0.zoneName = logging.zoneName }
            }
            let sum = total(read[0].usage)
            #expect(sum.values.reduce(0) { $0 + $1.statements } == read[0].report.counted.statements)
            #expect(read[0].report.counted.statements == Self.statementsWithKeys)
            #expect(read[0].report.errors == Self.errorsWithKeys)
            #expect(sum[try QueryRoutingTable.example().shop(99)]?.busySeconds ?? 0 > 0.02)
            for (path, other) in zip(logs, read) {
                #expect(other.report.malformed.isEmpty, "\(path): \(other.report.malformed)")
                #expect(other.report.strayDurations == 0, "\(path)")
                #expect(other.usage == read[0].usage, "\(path)")
                #expect(other.report.counted == read[0].report.counted, "\(path)")
                #expect(other.report.unsharded == read[0].report.unsharded, "\(path)")
                #expect(other.report.leftOut.mapValues(\.count) == read[0].report.leftOut.mapValues(\.count), "\(path)")
            }
        }
    }

    private static let statementsWithKeys = 28
    private static let errorsWithKeys = 3

    private static func work(at endpoint: Endpoint) async throws {
        let connection = try await PostgresConnection.connect(to: endpoint)
        _ = try await connection.query("CREATE TABLE shop (id bigint PRIMARY KEY, v text)")
        _ = try await connection.query("CREATE TABLE documents (owner text PRIMARY KEY, body text)")
        // 5: literals of every sort; 10 rows of one statement count once.
        _ = try await connection.query("INSERT INTO shop (id, v) VALUES (99, 'a'), (99000, 'b')")
        _ = try await connection.query("SELECT v FROM shop WHERE id = 42")
        _ = try await connection.query(
            "SELECT v\n  FROM shop\n\tWHERE id = 13 -- a tab\n   AND v <> 'line\ntwo, \"quoted\" and \\ so'")
        _ = try await connection.query("UPDATE shop SET v = 'it''s 🐘, \"so\"' WHERE id = -7")
        _ = try await connection.query("SELECT pg_sleep(0.03), v FROM shop WHERE id = 99")
        // 10 of the extended protocol.
        for number in 0..<4 {
            _ = try await connection.execute("SELECT v FROM shop WHERE id = $1", ["\(number)"])
            _ = try await connection.execute(
                "INSERT INTO documents (owner, body) VALUES ($1, $2)", ["it's \(number), $1 = 'x'", nil])
        }
        _ = try await connection.execute("SELECT v FROM shop WHERE v = $1 AND id = $2", ["a\nb", "5"])
        _ = try await connection.execute("UPDATE documents SET body = $2 WHERE owner = $1", ["", "\"\\\t"])
        // 3 in a transaction: two with keys, and COMMIT.
        _ = try await connection.query("BEGIN")
        _ = try await connection.query("UPDATE shop SET v = 'x' WHERE id = 1")
        _ = try await connection.query("UPDATE documents SET body = 'x' WHERE owner = 'ann'")
        _ = try await connection.query("COMMIT")
        // 5 in two query strings.
        _ = try await connection.query("BEGIN; UPDATE shop SET v = 'x' WHERE id = 1; COMMIT")
        _ = try await connection.query("SELECT v FROM shop WHERE id = 1; SELECT v FROM shop WHERE id = 2")
        // 1 COPY of rows with a key.
        for try await _ in try await connection.copyOut("COPY (SELECT v FROM shop WHERE id = 99) TO STDOUT") {}
        // 3 that fail, with a key; and some without.
        await #expect(throws: (any Error).self) { try await connection.query("SELECT 1/0 FROM shop WHERE id = 99") }
        await #expect(throws: (any Error).self) {
            try await connection.query("INSERT INTO shop (id, v) VALUES (99, 'again')")
        }
        await #expect(throws: (any Error).self) {
            try await connection.execute("SELECT 1/(id - id) FROM shop WHERE id = $1", ["99"])
        }
        await #expect(throws: (any Error).self) { try await connection.query("SELEKT 1") }
        // It reads all segments.
        _ = try await connection.query("SELECT count(*) FROM shop")
        // None of these has a key.
        _ = try await connection.query("SELECT now()")
        _ = try await connection.query("DO $$ BEGIN PERFORM 1; END $$")
        await connection.close()
    }
}
