// Where a statement's rows lie is what the router decides, and only goes on where the router stops at several segments.
import ClusterModel
import Routing
import SQLAnalysis
import Testing

@Suite struct SpreadTests {
    private static let templates = [
        "SELECT * FROM orders WHERE customer_id = ?", "SELECT * FROM orders WHERE customer_id IN (?, ?, ?)",
        "SELECT * FROM orders WHERE customer_id IN (?, NULL, $1)", "SELECT * FROM documents WHERE owner = '?'",
        "INSERT INTO orders (customer_id, total) VALUES (?, 1), (?, 2)", "INSERT INTO orders (customer_id) VALUES ($1)",
        "SELECT * FROM documents WHERE owner IN ($2, 'a', '?')", "SELECT count(*) FROM orders", "SELECT ?",
        "SELECT * FROM orders o JOIN documents d ON d.owner = '?' WHERE o.customer_id = ?", "BEGIN",
        "UPDATE orders SET total = ? WHERE customer_id IN ($1, ?)", "SELECT * FROM orders WHERE customer_id = 'x?'",
        "SELECT * FROM orders WHERE customer_id IN (?, 99999999999999999999)",
    ]

    @Test func agreesWithTheRouter() throws {
        let table = try QueryRoutingTable.example()
        var analyzer = StatementAnalyzer(schema: ShardedSchema(groups: table.groups), cacheBytesMax: 1 << 16)
        var random = SeededGenerator(seed: 21)
        var seen: Set<String> = []
        for _ in 0..<4000 {
            let template = Self.templates.randomElement(using: &random) ?? ""
            let sql = template.split(separator: "?", omittingEmptySubsequences: false)
                .joined(separator: "\(Int.random(in: 0...12, using: &random))")
            let statement = try analyzer.analyze(sql).statements[0]
            let parameters: [ParameterValue] =
                [
                    [.text("\(Int.random(in: 0...12, using: &random))"), .text("b")], [.text(nil), .text("a")], [],
                ].randomElement(using: &random) ?? []
            let spread = table.spread(statement, parameters: parameters)
            switch table.route(statement, parameters: parameters) {
            case .segment(let segment, on: _, because: _):
                #expect(spread == .one(segment), "\(sql)")
                seen.insert("one")
            case .anywhere, .unsharded:
                #expect(spread == .none, "\(sql)")
                seen.insert("none")
            case .several(let scatter):
                guard case .several(let segments) = spread else {
                    Issue.record("\(sql) reads several segments, and has \(spread)")
                    continue
                }
                #expect(Set(scatter.segments) == Set(segments) && scatter.segments.count == segments.count, "\(sql)")
                seen.insert("several")
            case .rows(let first, let second):
                guard case .several(let segments) = spread else {
                    Issue.record("\(sql) inserts into several segments, and has \(spread)")
                    continue
                }
                #expect(segments.contains(first) && segments.contains(second) && first != second, "\(sql)")
                seen.insert("rows")
            case .refused(let refusal) where refusal.construct == "several segments":
                // A key that is refused for itself may come after the second segment.
                switch spread {
                case .several(let segments):
                    #expect(segments.count > 1 && Set(segments).count == segments.count, "\(sql)")
                    #expect(refusal.message.contains("\(segments[0]) and \(segments[1])"), "\(sql)")
                case .unknown: #expect(sql.contains("$"), "\(sql)")
                case .one, .none: Issue.record("\(sql) is refused for several segments, and has \(spread)")
                }
                seen.insert("several")
            case .refused(let refusal):
                #expect(spread == .unknown(refusal), "\(sql)")
                seen.insert("unknown")
            }
        }
        #expect(seen.count == 4)
    }
}
