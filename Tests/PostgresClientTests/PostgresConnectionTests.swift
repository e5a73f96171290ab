// Against a real server: what no fake would get right.
import ClusterModel
import Foundation
import LocalPostgres
import NIOCore
import PostgresClient
import TestServers
import Testing

private func withServer(
    _ authentication: Authentication, _ body: (Endpoint) async throws -> Void
) async throws {
    var settings = ServerSettings.forTests
    settings.authentication = authentication
    try await withServer(settings, body)
}

@Suite struct PostgresConnectionTests {
    @Test func statementsErrorsAndCopies() async throws {
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            #expect(try await connection.query("SELECT 1; SELECT 'é', NULL").rows == [["é", nil]])
            #expect(try await connection.execute("SELECT $1::int + 1", ["41"]).scalar() == "42")
            await #expect { try await connection.query("SELECT nonsense") } throws: {
                ($0 as? PostgresError)?.sqlState == "42703"
            }
            #expect(try await connection.query("SELECT 1").scalar() == "1")
            try await copies(connection)
            await connection.close()
            #expect(connection.isClosed)
        }
    }

    private func copies(_ connection: PostgresConnection) async throws {
        try await connection.query("CREATE TABLE a (i int, t text); CREATE TABLE b (LIKE a)")
        try await connection.query("INSERT INTO a SELECT i, repeat('x', 200) FROM generate_series(1, 50000) i")
        let other = try await PostgresConnection.connect(to: connection.endpoint)
        let stream = try await connection.copyOut("COPY a TO STDOUT (FORMAT binary)")
        #expect(try await other.copyIn("COPY b FROM STDIN (FORMAT binary)", from: stream) == 50_000)
        #expect(try await connection.query("SELECT count(*) FROM b").scalar() == "50000")
        await #expect(throws: PostgresError.self) { try await connection.copyOut("COPY nowhere TO STDOUT") }
        await #expect(throws: (any Error).self) {
            try await connection.copyIn("COPY b FROM STDIN", from: FailingData())
        }
        #expect(try await connection.query("SELECT count(*) FROM b").scalar() == "50000")
        await other.close()
    }

    @Test func aMissedDeadlineClosesTheConnection() async throws {
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            await #expect { try await connection.query("SELECT pg_sleep(30)", deadline: .milliseconds(100)) } throws: {
                ($0 as? ConnectionError)?.code == .timedOut
            }
            await #expect(throws: ConnectionError.self) { try await connection.query("SELECT 1") }
        }
    }

    @Test func passwordsByScram() async throws {
        try await withServer(.scram(password: "pencil")) { endpoint in
            let right = try await PostgresConnection.connect(to: endpoint)
            #expect(try await right.query("SELECT 1").scalar() == "1")
            await right.close()
            for password in ["pen", nil] {
                let wrong = Endpoint(
                    host: endpoint.host, port: endpoint.port, database: endpoint.database, user: endpoint.user,
                    password: password)
                await #expect { try await PostgresConnection.connect(to: wrong) } throws: {
                    ($0 as? ConnectionError)?.code == .authenticationRefused
                }
            }
        }
    }

    @Test func nobodyListens() async throws {
        let nowhere = Endpoint(host: "127.0.0.1", port: 1, database: "d", user: "u", password: nil)
        await #expect { try await PostgresConnection.connect(to: nowhere) } throws: {
            ($0 as? ConnectionError)?.code == .unreachable
        }
    }
}

@Suite struct QuotingTests {
    @Test func quotesWhatNeedsIt() {
        #expect(quoteIdentifier("a\"b") == "\"a\"\"b\"")
        #expect(quoteLiteral("it's") == "'it''s'")
        #expect(quoteLiteral("a\\b") == " E'a\\\\b'")
    }
}

/// One chunk, then an error.
private struct FailingData: AsyncSequence, Sendable {
    struct Broken: Error {}
    struct AsyncIterator: AsyncIteratorProtocol {
        var sent = false
        mutating func next() async throws -> ByteBuffer? {
            guard !sent else { throw Broken() }
            sent = true
            return ByteBuffer(string: "1\tx\n")
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
