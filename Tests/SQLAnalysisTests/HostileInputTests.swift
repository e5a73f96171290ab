import ClusterModel
import SQLAnalysis
import Testing

/// Whatever a client sends, the analysis ends, with a result or an error.
@Suite struct HostileInputTests {
    @Test func randomBytesAndMutatedStatementsNeverTrap() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("fuzzing with seed \(seed)")
        var inputs = StatementGenerator(random: SeededGenerator(seed: seed))
        var analyzer = StatementAnalyzer.example(cacheBytesMax: 1 << 14)
        for _ in 0..<10_000 {
            _ = try? analyzer.analyze(inputs.randomText())
            _ = try? analyzer.analyze(inputs.mutatedStatement())
        }
        #expect(analyzer.counters.rejected > 0)
    }

    /// libpg_query overflows the stack on each of these.
    @Test(arguments: [
        ("1+", "1", ""), ("1||", "1", ""), ("- ", "1", ""), ("NOT ", "true", ""), ("(SELECT ", "1", ")"),
        ("((", "1", "))"), ("CASE WHEN true THEN ", "1", " END"), ("f(", "1", ")"), ("ARRAY[", "1", "]"),
        ("a IS NULL BETWEEN 3 AND 4 IS NULL BETWEEN 3 AND ", "1", ""),
        ("1 UNION SELECT 1, 2 AND 3 UNION SELECT ", "1", ""),
        ("x.", "x", ""), ("1 AND (2 OR ", "1", ")"), ("1 AND NOT ", "1", ""), ("1::int::", "int", ""),
        ("a[1][", "1", "]"), ("(1, ", "1", ")"), ("a COLLATE b = ", "1", ""),
        ("1 FROM (SELECT ", "1", ") x"), ("1 FROM a JOIN b ON true AND x JOIN ", "c ON true", " ON true"),
        ("row(1,", "1", ")"), ("EXISTS (SELECT ", "1", ")"), ("x AT TIME ZONE ", "'x'", ""),
        ("a.and + ", "1", ""), ("a . or || ", "1", ""), ("(a.end + ", "1", ")"), ("a.when + a.\"x\" + ", "1", ""),
        ("CASE 1 WHEN a.end + ", "1", " THEN 2 END"), ("CASE WHEN 1 + ", "true THEN 1", " END"),
    ])
    func deepNestingIsRefusedOrRead(prefix: String, core: String, suffix: String) {
        var analyzer = StatementAnalyzer.example()
        for depth in [10, 100, 400, 1000, 10_000] {
            let nested = String(repeating: prefix, count: depth) + core + String(repeating: suffix, count: depth)
            // The others are planned for several segments: written as SQL and read again.
            for sql in [
                "SELECT \(nested)", "SELECT \(nested) FROM orders",
                "SELECT id FROM orders WHERE \(nested) ORDER BY \(nested)",
                "SELECT \(nested), count(*) FROM orders GROUP BY \(nested)",
            ] {
                do {
                    _ = try analyzer.analyze(sql)
                } catch {
                    #expect(["42601", "54001", "54000"].contains(error.sqlState))
                }
            }
        }
    }

    @Test func longListsAndConjunctionsAreNotDeep() throws {
        var analyzer = StatementAnalyzer.example()
        let list = (0..<20_000).map(String.init).joined(separator: ", ")
        let conjunction = (0..<5000).map { "id <> \($0)" }.joined(separator: " AND ")
        let disjunction = (0..<5000).map { "id = \($0)" }.joined(separator: " OR ")
        let branches = (0..<5000).map { "WHEN \($0) THEN 'v\($0)'" }.joined(separator: " ")
        let alternatives = "CASE id \(branches) ELSE NULL END = note"
        for condition in ["id IN (\(list))", conjunction, "(\(disjunction))", alternatives] {
            let query = try analyzer.analyze("SELECT * FROM orders WHERE customer_id = 5 AND \(condition)")
            #expect(query.statements[0].target == .keyed("shop", [.literal("5")]))
        }
    }

    /// Long lists in every clause of a read of several segments.
    @Test(arguments: [
        "SELECT % FROM orders", "SELECT DISTINCT % FROM orders ORDER BY %", "SELECT sum(id), % FROM orders GROUP BY %",
        "SELECT id FROM orders ORDER BY %", "SELECT count(*), id FROM orders GROUP BY id HAVING min(a) IN (%)",
    ])
    func longReadsOfSeveralSegmentsArePlannedOrRefused(template: String) throws {
        var analyzer = StatementAnalyzer.example()
        for count in [100, 1600, 5000, 20_000] {
            let list = (0..<count).map { "a + \($0)" }.joined(separator: ", ")
            let sql = template.split(separator: "%", omittingEmptySubsequences: false).joined(separator: list)
            let target = try analyzer.analyze(sql).statements[0].target
            if count == 20_000 { #expect(target.isRefused) }
        }
    }

    /// Deep enough for any stack, were it recursion; slow enough to be seen, were it quadratic.
    @Test(arguments: [
        ("SELECT 1 FROM ", "orders", ",", ""), ("SELECT 1 FROM ", "f()", ",", ""),
        ("SELECT 1 FROM ", "(SELECT 1) x", ",", ""), ("UPDATE orders SET a = 1 FROM ", "orders", ",", ""),
        ("SELECT 1 FROM ", "a", " CROSS JOIN ", ""), ("WITH ", "c AS (SELECT 1)", ",", " SELECT 1"),
        ("WITH ", "c AS (WITH x AS (SELECT 1) SELECT 1)", ",", " SELECT 1"), ("", "SELECT 1", " UNION ", ""),
        ("", "VALUES (1)", " EXCEPT ALL ", ""), ("SELECT ", "a", " AND ", ""), ("SELECT ", "a", " OR a AND ", ""),
        ("SELECT ", "'a'", "||", ""), ("SELECT 1", "::int", "", ""), ("SELECT (a)", ".b", "", ""),
        ("SELECT a", "[1]", "", ""), ("SELECT 1 FROM (SELECT ", "*", ",", " FROM orders WHERE customer_id = 5) x"),
        ("SELECT 1 FROM (SELECT ", "customer_id", ",", " FROM orders WHERE customer_id = 5) x"),
        ("SELECT * FROM orders WHERE ", "customer_id = 5", " AND ", ""), ("", "/*x*/", "", ""),
        ("", "/**/", "", ""), ("", "/*", "", ""), ("SELECT 1 ", "+/**/", "", ""),
    ])
    func longChainsOfAnyKindAreReadOrRefused(start: String, item: String, separator: String, end: String) {
        let count = 20_000
        let sql = start + Array(repeating: item, count: count).joined(separator: separator) + end
        var analyzer = StatementAnalyzer.example()
        let state = sqlState(sql, &analyzer)
        #expect(state == nil || ["42601", "54001"].contains(state), "\(item)")
    }

    @Test func longStringsAndNULsAreRefusedUnread() {
        var limits = StatementLimits()
        limits.statementBytesMax = 1000
        var analyzer = StatementAnalyzer(schema: .example, cacheBytesMax: 1 << 14, limits: limits)
        #expect(sqlState("SELECT '\(String(repeating: "x", count: 1000))'", &analyzer) == "54000")
        #expect(sqlState("SELECT 1\0; DROP TABLE x", &analyzer) == "22021")
        #expect(sqlState("SELECT '\0'", &analyzer) == "22021")
        #expect(sqlState("SELECT 1", &analyzer) == nil)
        #expect(analyzer.counters.rejected == 3)
    }

    private func sqlState(_ sql: String, _ analyzer: inout StatementAnalyzer) -> String? {
        do {
            _ = try analyzer.analyze(sql)
            return nil
        } catch {
            return error.sqlState
        }
    }
}
