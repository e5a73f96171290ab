import ClusterModel
import SQLAnalysis
import Testing

@Suite struct ShapeCacheTests {
    /// The caches must not be seen but for their speed.
    @Test(arguments: [4096, 1 << 15, 1 << 20])
    func analysisThroughTheCachesEqualsAnalysisWithoutThem(cacheBytesMax: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var statements = StatementGenerator(random: SeededGenerator(seed: seed))
        var cached = StatementAnalyzer.example(cacheBytesMax: cacheBytesMax)
        var plain = StatementAnalyzer.example(cacheBytesMax: 0)
        for number in 0..<4000 {
            let sql = number % 5 == 0 ? statements.mutatedStatement() : statements.statement()
            let expected = outcome(sql, &plain)
            let found = outcome(sql, &cached)
            // A text of a shape that was valid before may have a fault in a literal: that is the server's to report.
            if case .failure = expected, case .success = found { continue }
            #expect(found == expected, "seed \(seed): \(sql)")
            #expect(cached.counters.bytes <= cacheBytesMax)
        }
        #expect(plain.counters.hits == 0)
        if cacheBytesMax == 1 << 15 { #expect(cached.counters.evictions > 0) }
        if cacheBytesMax == 1 << 20 { #expect(cached.counters.hits > 800) }
    }

    @Test func literalsOfOneShapeGiveTheirOwnKeys() throws {
        var analyzer = StatementAnalyzer.example()
        for key in ["1", "22", "-333"] {
            let query = try analyzer.analyze("SELECT * FROM orders WHERE customer_id = '\(key)' LIMIT \(key.count)")
            #expect(query.statements[0].target == .keyed("shop", [.literal(key)]))
        }
        #expect(analyzer.counters.misses == 1)
        #expect(analyzer.counters.hits == 2)
        #expect(analyzer.counters.entries == 1)
    }

    @Test func theSameTextWithoutLiteralsIsAnalysedOnce() throws {
        var analyzer = StatementAnalyzer.example()
        for _ in 0..<3 { _ = try analyzer.analyze("SELECT * FROM orders WHERE customer_id = $1") }
        #expect(analyzer.counters.misses == 1)
        #expect(analyzer.counters.hits == 2)
    }

    @Test func shapesDifferWhereTheGrammarDoes() throws {
        var analyzer = StatementAnalyzer.example()
        let literals = ["5", "99999999999", "'5'", "$t$5$t$"]
        for literal in literals {
            let query = try analyzer.analyze("SELECT * FROM orders WHERE customer_id = \(literal)")
            #expect(query.statements[0].target != .anywhere)
        }
        #expect(analyzer.counters.entries == literals.count)
        let refused = try analyzer.analyze("SELECT * FROM orders WHERE customer_id = 5.0 FOR UPDATE").statements[0]
            .target
        #expect(refused.isRefused)
    }

    /// A plan has the statement's literals in it.
    @Test func plansForSeveralSegmentsAreOfOneText() throws {
        var analyzer = StatementAnalyzer.example()
        var parts: [String] = []
        for number in [1, 2, 1, 2] {
            let target = try analyzer.analyze("SELECT * FROM orders WHERE total = \(number)").statements[0].target
            if case .scattered(let plan) = target { parts.append(plan.part) }
        }
        #expect(parts.count == 4 && parts[0] == parts[2] && parts[0] != parts[1])
        #expect(analyzer.counters.hits == 2 && analyzer.counters.misses == 2)
        var general = StatementAnalyzer(schema: .example, cacheBytesMax: 1 << 20, generalizesPlans: true)
        for number in 1...4 { _ = try general.analyze("SELECT * FROM orders WHERE total = \(number)") }
        #expect(general.counters.hits == 3 && general.counters.misses == 1)
    }

    @Test func settingsThatChangeTheReadingAreNotGeneralised() throws {
        var analyzer = StatementAnalyzer.example()
        #expect(try analyzer.analyze("SET search_path = 'public'").statements[0].target == .anywhere)
        #expect(try analyzer.analyze("SET search_path = 'other'").statements[0].target.isRefused)
        #expect(try analyzer.analyze("SELECT set_config('a.b', 'x', true)").statements[0].target == .anywhere)
        #expect(try analyzer.analyze("SELECT set_config('search_path', 'x', true)").statements[0].target.isRefused)
    }

    @Test func whatIsTooLargeForTheCacheIsStillAnalysed() throws {
        var analyzer = StatementAnalyzer.example(cacheBytesMax: 4096)
        let rows = (0..<500).map { "(\($0), 7)" }.joined(separator: ", ")
        for _ in 0..<2 {
            let query = try analyzer.analyze("INSERT INTO orders (id, customer_id) VALUES \(rows)")
            let keys = Array(repeating: KeyExpression.literal("7"), count: 500)
            #expect(query.statements[0].target == .keyed("shop", keys))
        }
        #expect(analyzer.counters.entries == 0)
    }

    @Test func bytesAreAnalysedAsTheirText() {
        var (texts, raw) = (StatementAnalyzer.example(), StatementAnalyzer.example())
        var statements = StatementGenerator(random: SeededGenerator(seed: 31))
        for number in 0..<4000 {
            let sql = number % 3 == 0 ? statements.mutatedStatement() : statements.statement()
            let expected = outcome(sql, &texts)
            let found = Array(sql.utf8).withUnsafeBytes { bytes in
                Result { () throws(SQLSyntaxError) in try raw.analyze(bytes) }
            }
            #expect(found == expected, "\(sql)")
        }
        #expect(throws: Never.self) { try raw.analyze(UnsafeRawBufferPointer(start: nil, count: 0)) }
        let latin1 = Array("SELECT * FROM documents WHERE owner = 'gr".utf8) + [0xFC] + Array("n'".utf8)
        #expect(throws: Never.self) { try latin1.withUnsafeBytes { bytes in try raw.analyze(bytes) } }
    }

    private func outcome(_ sql: String, _ analyzer: inout StatementAnalyzer) -> Result<AnalyzedQuery, SQLSyntaxError> {
        Result { () throws(SQLSyntaxError) in try analyzer.analyze(sql) }
    }
}

extension StatementTarget {
    var isRefused: Bool { if case .refused = self { true } else { false } }
}
