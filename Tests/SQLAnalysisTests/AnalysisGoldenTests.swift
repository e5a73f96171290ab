import SQLAnalysis
import Testing

@Suite struct AnalysisGoldenTests {
    @Test(arguments: ["routed.sql", "refused.sql", "scattered.sql", "session.sql", "unsharded.sql"])
    func statementsAreAnalysedAsWrittenDown(file: String) throws {
        let golden = try GoldenFile(file)
        let schema = file == "unsharded.sql" ? ShardedSchema.exampleWithUnsharded : .example
        var analyzer = StatementAnalyzer(schema: schema, cacheBytesMax: 1 << 20)
        let results = golden.cases.map { describe($0.sql.joined(separator: "\n"), &analyzer) }
        if GoldenFile.isRewriting { return try golden.write(results) }
        for (entry, result) in zip(golden.cases, results) {
            #expect(entry.results == result, "\(entry.sql.joined(separator: "\n"))")
        }
    }

    private func describe(_ sql: String, _ analyzer: inout StatementAnalyzer) -> [String] {
        do {
            return try analyzer.analyze(sql).statements.flatMap(\.goldenLines)
        } catch {
            return ["error \(error.sqlState) at \(error.cursorPosition ?? 0): \(error.message)"]
        }
    }
}
