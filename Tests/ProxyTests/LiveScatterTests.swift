import ClusterModel
import NIOCore
import Testing
import WireProtocol

@testable import Proxy

/// Reads of several segments against one PostgreSQL that has all the rows: the same answer, or a refusal.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LiveScatterTests {
    enum Expected {
        /// The same rows in the same order.
        case ordered
        /// The same rows.
        case rows
        /// As many rows.
        case count
        case refused
    }

    @Test func answersAreThoseOfOneDatabase() async throws {
        try await ScatterFixture.with { fixture in
            for (sql, expected) in ScatterStatements.plain {
                for mode in ScatterMode.allCases {
                    try await fixture.compare(sql, [], mode, expected)
                }
            }
            for (sql, parameters, expected) in ScatterStatements.withParameters {
                for mode in ScatterMode.allCases where mode != .simple {
                    try await fixture.compare(sql, parameters, mode, expected)
                }
            }
            for sql in ScatterStatements.wrong { try await fixture.compareErrors(sql) }
            let status = try #require(await fixture.router.status())
            #expect(status.pools.allSatisfy { $0.leased == 0 && $0.waiting == 0 })
            #expect(status.counters.scatteredReads > 100)
        }
    }
}

enum ScatterMode: CaseIterable {
    case simple, text, binary
}

/// An answer without what must differ: places of tables in the catalog.
struct ScatterAnswer: Equatable {
    var columns: [String] = []
    var rows: [[ByteBuffer?]] = []
    var tag = ""
    var error: ServerMessage?
    var status: TransactionStatus?

    init(_ messages: [BackendMessage]) {
        for message in messages {
            switch message {
            case .rowDescription(let columns):
                self.columns = columns.map {
                    let type = $0.typeOID < 16384 ? "\($0.typeOID)" : "user"
                    return "\($0.name) \(type) \($0.typeModifier) \($0.typeSize) \($0.format)"
                }
            case .dataRow(let row): rows.append(row.map { $0.map { ByteBuffer(bytes: $0.readableBytesView) } })
            case .commandComplete(let tag): self.tag = tag
            case .errorResponse(let error): self.error = error
            case .readyForQuery(let status): self.status = status
            default: break
            }
        }
    }

    var sorted: ScatterAnswer {
        var copy = self
        copy.rows.sort { Self.text($0) < Self.text($1) }
        return copy
    }

    static func text(_ row: [ByteBuffer?]) -> String {
        row.map { $0.map { String(decoding: $0.readableBytesView, as: UTF8.self).debugDescription } ?? "-" }.joined(
            separator: "|")
    }
}

extension ScatterFixture {
    static func run(
        _ sql: String, _ parameters: [String?], _ mode: ScatterMode, at client: RawClient
    ) async throws -> ScatterAnswer {
        if mode == .simple {
            try await client.send(.query(sql))
        } else {
            try await client.send(
                .parse(.init(statement: "", sql: sql, parameterTypes: [])),
                .bind(
                    .init(
                        portal: "", statement: "", parameterFormats: [],
                        parameters: parameters.map { $0.map { ByteBuffer(string: $0) } },
                        resultFormats: mode == .binary ? [1] : [])),
                .describe(.portal, name: ""), .execute(portal: "", rowsMax: 0), .sync)
        }
        return ScatterAnswer(await client.answer())
    }

    func compare(
        _ sql: String, _ parameters: [String?], _ mode: ScatterMode, _ expected: LiveScatterTests.Expected
    ) async throws {
        let given = try await Self.run(sql, parameters, mode, at: scattered)
        let comment = Comment(rawValue: "\(mode): \(sql)")
        #expect(given.status == .idle, comment)
        if case .refused = expected {
            #expect(given.error?.sqlState == .featureNotSupported, comment)
            #expect(given.error?.hint != nil, comment)
            return
        }
        let wanted = try await Self.run(sql, parameters, mode, at: whole)
        if let error = given.error {
            Issue.record("\(mode): \(sql): \(error.sqlState) \(error.message)")
            return
        }
        #expect(wanted.error == nil, comment)
        #expect(given.columns == wanted.columns, comment)
        #expect(given.tag == wanted.tag, comment)
        switch expected {
        case .ordered: if given != wanted { differ(given, wanted, comment) }
        case .rows: if given.sorted != wanted.sorted { differ(given.sorted, wanted.sorted, comment) }
        case .count, .refused: #expect(given.rows.count == wanted.rows.count, comment)
        }
    }

    private func differ(_ given: ScatterAnswer, _ wanted: ScatterAnswer, _ comment: Comment) {
        let pairs = zip(given.rows, wanted.rows).filter { $0 != $1 }.prefix(3).map {
            "\(ScatterAnswer.text($0)) instead of \(ScatterAnswer.text($1))"
        }
        Issue.record("\(comment): \(given.rows.count) rows, \(wanted.rows.count) wanted: \(pairs)")
    }

    func compareErrors(_ sql: String) async throws {
        for mode in ScatterMode.allCases {
            let given = try await Self.run(sql, [], mode, at: scattered)
            let wanted = try await Self.run(sql, [], mode, at: whole)
            let states = [wanted.error?.sqlState, .featureNotSupported]
            #expect(states.contains(given.error?.sqlState), "\(mode): \(sql): \(given.error?.message ?? "")")
            #expect(given.error != nil && given.status == .idle, "\(sql)")
        }
    }
}
