import ClusterModel
import NIOCore
import Testing
import WireProtocol

@testable import Proxy

/// INSERTs of rows of several instances give the answer that one database gives, message by message.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LiveSharedInsertTests {
    private static func send(
        _ client: RawClient, _ sql: String, _ values: [String?], formats: [Int16] = [], prepare: Bool = false
    ) async throws -> [BackendMessage] {
        var bytes = ByteBuffer()
        FrontendMessage.parse(.init(statement: prepare ? "s" : "", sql: sql, parameterTypes: [])).write(into: &bytes)
        FrontendMessage.bind(
            .init(
                portal: "", statement: prepare ? "s" : "", parameterFormats: [],
                parameters: values.map { $0.map { ByteBuffer(string: $0) } }, resultFormats: formats)
        ).write(into: &bytes)
        FrontendMessage.describe(.portal, name: "").write(into: &bytes)
        FrontendMessage.execute(portal: "", rowsMax: 0).write(into: &bytes)
        FrontendMessage.sync.write(into: &bytes)
        try await client.send(bytes)
        let answer = await client.answer()
        if prepare {
            try await client.send(.close(.statement, name: "s"), .sync)
            _ = await client.answer()
        }
        return answer
    }

    private static func query(_ client: RawClient, _ sql: String) async throws -> [BackendMessage] {
        try await client.send(.query(sql))
        return await client.answer()
    }

    private static let firstUserType: UInt32 = 16384

    /// Tables and types of users have other numbers in other databases. Errors have places in the text and in the server's source, and come
    /// at Parse, Bind or Execute.
    private static func comparable(_ messages: [BackendMessage]) -> [String] {
        let start = messages.firstIndex { if case .errorResponse = $0 { true } else { false } } ?? 0
        return messages[start...].map { message in
            switch message {
            case .rowDescription(let columns):
                "columns \(columns.map { "\($0.name) \(min($0.typeOID, firstUserType)) \($0.format)" })"
            case .errorResponse(let error): "error \(error.sqlState.code) \(error.message) \(error.detail ?? "")"
            default: "\(message)"
            }
        }
    }

    private static let rows = (1...9).map { "(\($0 * 7), \($0 + 100), \($0).5, 'new')" }.joined(separator: ", ")

    private static let statements = [
        "insert into orders (customer_id, id, total, status) values \(rows)",
        "insert into orders (customer_id, id, total, status) values \(rows) returning *",
        "insert into orders (customer_id, id, total, status) values \(rows) returning id, customer_id as c, total * 2, upper(status)",
        "insert into orders (id, customer_id) values (901, 1), (902, 2), (903, 3), (904, 4), (905, 5), (906, 1) returning id",
        "insert into orders (id, customer_id, status) values (901, 1, default), (902, 2, 'x'), (903, 3, null)",
        // The third is there already: none is inserted.
        "insert into orders (customer_id, id) values (201, 1), (202, 1), (5, 1), (203, 1)",
        "insert into orders (customer_id, id) values (201, 1), (202, 1), (5, 1), (203, 1) on conflict do nothing",
        "insert into orders (customer_id, id, total) values (7, 1, 1), (8, 1, 2), (5, 1, 3), (203, 1, 4) on conflict (customer_id, id) do update set total = excluded.total + 1000 returning customer_id, total",
        "insert into orders (customer_id, id) values (9, 1), (9, 1), (8, 700) on conflict (customer_id, id) do update set total = 5",
        "insert into orders (customer_id, id, total) values (301, 1, 12345678901), (302, 1, 1)",
        "insert into orders (customer_id, id, nothing) values (301, 1, 1), (302, 1, 1)",
        "insert into orders (customer_id, id, created) values (301, 1, 'never'), (302, 1, now())",
        "insert into customers (id, name, mood, since) values (501, 'é', 'happy', '2024-02-29'), (502, '''', 'sad', null), (503, E'\\n', null, 'epoch') returning *",
        "insert into orders (customer_id, id, tags, extra, took, place) values (601, 1, '{a,b}', '{\"a\": [1]}', '1 day', md5('x')::uuid), (602, 1, array['c'], '{}', '1s', null), (603, 2, null, null, null, null) returning tags, extra, took, place",
    ]

    @Test func answersAreThoseOfOneDatabase() async throws {
        try await ScatterFixture.with(commitLog: TestCommitLog()) { fixture in
            var spread = 0
            for sql in Self.statements {
                for mode in 0..<3 {
                    var answers: [[BackendMessage]] = []
                    for client in [fixture.whole, fixture.scattered] {
                        _ = try await Self.query(client, "begin")
                        answers.append(
                            mode == 0
                                ? try await Self.query(client, sql)
                                : try await Self.send(client, sql, [], formats: [Int16(mode - 1)], prepare: mode == 2))
                        _ = try await Self.query(client, "rollback")
                    }
                    #expect(Self.comparable(answers[0]) == Self.comparable(answers[1]), "\(mode): \(sql)")
                    if answers[1].contains(where: { if case .errorResponse = $0 { true } else { false } }) {
                        spread += 1
                    }
                }
            }
            // Most were no errors.
            #expect(spread < Self.statements.count * 3 / 2)
        }
    }

    /// Outside of a block the router commits, and the rows are where they belong.
    @Test func rowsAreInsertedWhereTheyBelong() async throws {
        try await ScatterFixture.with(commitLog: TestCommitLog()) { fixture in
            let sql =
                "insert into orders (customer_id, id, status) values \((1...30).map { "(\($0 + 1000), 1, 'here')" }.joined(separator: ", "))"
            for client in [fixture.whole, fixture.scattered] {
                #expect(try await Self.query(client, sql) == [.commandComplete("INSERT 0 30"), .readyForQuery(.idle)])
            }
            for sql in [
                "select count(*), count(distinct customer_id) from orders where status = 'here'",
                "select customer_id from orders where status = 'here' order by 1",
            ] {
                #expect(
                    Self.comparable(try await Self.query(fixture.whole, sql))
                        == Self.comparable(try await Self.query(fixture.scattered, sql)))
            }
            #expect(await fixture.router.status()?.counters.distributedCommits == 1)
            // With parameters, as drivers send them; and one row fails at the last instance.
            let values = (1...12).map { "($\($0), $13, $14)" }.joined(separator: ", ")
            let insert = "insert into orders (customer_id, id, status) values \(values) returning customer_id, status"
            for id in ["1", "1", "2"] {
                let parameters: [String?] = (1...12).map { "\(2000 + $0)" } + [id, "there"]
                let answers = [
                    try await Self.send(fixture.whole, insert, parameters),
                    try await Self.send(fixture.scattered, insert, parameters),
                ].map(Self.comparable)
                #expect(answers[0] == answers[1])
            }
            let counts = "select count(*), max(id) from orders where status = 'there'"
            #expect(
                Self.comparable(try await Self.query(fixture.whole, counts))
                    == Self.comparable(try await Self.query(fixture.scattered, counts)))
            try await eventually { await fixture.router.status()?.pools.allSatisfy { $0.leased == 0 } == true }
        }
    }

    @Test func withoutTwoPhaseCommitItIsRefused() async throws {
        try await ScatterFixture.with { fixture in
            let answer = DistributedFixture.Answer(
                try await Self.query(
                    fixture.scattered,
                    "insert into orders (customer_id, id) values \((1...9).map { "(\($0), 77)" }.joined(separator: ", "))"
                ))
            #expect(answer.errors == [.featureNotSupported])
            #expect(answer.status == .idle)
        }
    }
}
