import CPgQuery
import ClusterModel
import Glibc
import Routing
import SQLAnalysis

// Nanoseconds for one decision (analyse and route), for statements that the caches know and for those that they do
// not, beside PostgreSQL's own parse of the same text in the same run. The ratio is what counts: it holds on any
// machine.

@main
struct RoutingBenchmark {
    private static let statements: [(name: String, sql: String, parameters: [ParameterValue])] = [
        ("point select, parameter", "SELECT * FROM orders WHERE customer_id = $1", [text("4711")]),
        ("point select, literal", "SELECT * FROM orders WHERE customer_id = 4711 LIMIT 10", []),
        (
            "update, parameters", "UPDATE orders SET total = total + $1 WHERE customer_id = $2 AND id = $3",
            [text("1"), text("4711"), text("7")]
        ),
        ("insert, literals", "INSERT INTO orders (id, customer_id, total) VALUES (1, 4711, 'some text')", []),
        (
            "join with subquery, literal",
            """
            SELECT o.id, sum(i.price) FROM orders o JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id
            WHERE o.customer_id = 4711 AND o.created > now() - interval '1 day'
              AND EXISTS (SELECT 1 FROM items x WHERE x.customer_id = o.customer_id AND x.price > 100)
            GROUP BY o.id ORDER BY 2 DESC LIMIT 20
            """, []
        ),
    ]

    static func main() throws {
        let bench = try Bench()
        print("statement                       hit ns   miss ns  parse ns   route ns   parse/hit  miss/parse")
        for (name, sql, parameters) in statements {
            let hit = bench.hit(sql, parameters)
            let miss = bench.miss(sql, parameters)
            let parse = bench.parse(sql)
            let route = bench.route(sql, parameters)
            print(
                padded(name, 28),
                number(hit),
                number(miss),
                number(parse),
                " ",
                number(route),
                " ",
                ratio(parse / hit),
                ratio(miss / parse)
            )
        }
    }

    private static func text(_ value: String) -> ParameterValue {
        ParameterValue(format: .text, typeOID: 20, bytes: Array(value.utf8))
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func number(_ value: Double) -> String {
        let digits = String(Int(value.rounded()))
        return String(repeating: " ", count: max(0, 9 - digits.count)) + digits
    }

    private static func ratio(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let digits = "\(tenths / 10).\(tenths % 10)"
        return String(repeating: " ", count: max(0, 10 - digits.count)) + digits
    }
}

private struct Bench {
    private let schema: ShardedSchema
    private let table: QueryRoutingTable

    init() throws {
        let shop = ShardGroup(
            id: "shop",
            keyType: .bigint,
            tables: [
                ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id"),
                ShardedTable(table: TableName(name: "items"), keyColumn: "customer_id"),
            ]
        )
        let segments = HashArc.equalParts(64).enumerated().map { index, arc in
            Segment(id: SegmentID("shop-\(index)"), group: "shop", arc: arc)
        }
        schema = ShardedSchema(groups: [shop])
        table = try QueryRoutingTable(
            epoch: .initial,
            groups: [shop],
            segments: segments,
            locations: Dictionary(uniqueKeysWithValues: segments.map { ($0.id, InstanceID("home-1")) })
        )
    }

    /// With literals: of another text of the same shape each time.
    func hit(_ sql: String, _ parameters: [ParameterValue]) -> Double {
        var analyzer = StatementAnalyzer(schema: schema, cacheBytesMax: 1 << 22)
        let texts = (0..<1000).map { sql.replacing("4711", with: "\(4000 + $0)") }
        _ = decide(&analyzer, sql, parameters)
        return nanoseconds(200_000) { decide(&analyzer, texts[$0 % texts.count], parameters) }
    }

    func miss(_ sql: String, _ parameters: [ParameterValue]) -> Double {
        var analyzer = StatementAnalyzer(schema: schema, cacheBytesMax: 0)
        return nanoseconds(3000) { _ in decide(&analyzer, sql, parameters) }
    }

    func parse(_ sql: String) -> Double {
        nanoseconds(3000) { _ in
            let result = pg_query_parse_protobuf(sql)
            defer { pg_query_free_protobuf_parse_result(result) }
            return result.parse_tree.len
        }
    }

    func route(_ sql: String, _ parameters: [ParameterValue]) -> Double {
        var analyzer = StatementAnalyzer(schema: schema, cacheBytesMax: 0)
        guard let statement = try? analyzer.analyze(sql).statements.first else { return .nan }
        return nanoseconds(1_000_000) { _ in weight(table.route(statement, parameters: parameters)) }
    }

    private func decide(_ analyzer: inout StatementAnalyzer, _ sql: String, _ parameters: [ParameterValue]) -> Int {
        guard let statement = try? analyzer.analyze(sql).statements.first else { return 0 }
        return weight(table.route(statement, parameters: parameters))
    }

    /// Something that depends on the decision, so that it cannot be optimised away.
    private func weight(_ decision: RouteDecision) -> Int {
        switch decision {
        case .segment(let id, _, _): id.text.utf8.count
        case .anywhere, .unsharded: 1
        case .rows(let first, _): first.text.utf8.count
        case .several(let scatter): scatter.parts.count
        case .refused(let refusal): preconditionFailure("the benchmark's statement is refused: \(refusal)")
        }
    }

    /// The best of five runs.
    private func nanoseconds(_ count: Int, _ body: (Int) -> Int) -> Double {
        var sum = 0
        let best =
            (0..<5).map { _ in
                let start = processorTime()
                for index in 0..<count { sum &+= body(index) }
                return (processorTime() - start) / Double(count)
            }.min() ?? .nan
        precondition(sum != 0, "nothing was decided")
        return best
    }

    /// The thread's own time in nanoseconds: other processes do not count.
    private func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
