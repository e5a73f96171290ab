import Foundation
import SQLAnalysis

// Golden files: statements and what the analysis says of each. A case is some lines of SQL, then lines that begin with
// `-->`, then an empty line; lines that begin with `#` are headings. FORESHARD_REWRITE_GOLDEN=1 writes what it is now.

struct GoldenFile {
    struct Case {
        var headings: [String] = []
        var sql: [String] = []
        var results: [String] = []
    }

    private let url: URL
    private(set) var cases: [Case]

    static var isRewriting: Bool { ProcessInfo.processInfo.environment["FORESHARD_REWRITE_GOLDEN"] == "1" }

    init(_ name: String) throws {
        url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
        let text = try String(contentsOf: url, encoding: .utf8)
        cases = text.split(separator: "\n\n", omittingEmptySubsequences: true).map(Self.read)
    }

    func write(_ results: [[String]]) throws {
        let blocks = zip(cases, results).map { entry, results in
            (entry.headings + entry.sql + results.map { "--> " + $0 }).joined(separator: "\n")
        }
        try (blocks.joined(separator: "\n\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
    }

    private static func read(_ block: Substring) -> Case {
        var result = Case()
        for line in block.split(separator: "\n") {
            if line.hasPrefix("# ") || line == "#" {
                result.headings.append(String(line))
            } else if line.hasPrefix("--> ") {
                result.results.append(String(line.dropFirst(4)))
            } else {
                result.sql.append(String(line))
            }
        }
        return result
    }
}

extension AnalyzedStatement {
    /// One statement in the words of the golden files.
    var goldenLines: [String] {
        var facts = ["\(kind)"]
        if isWrite { facts.append(insertsRows ? "inserts" : "writes") }
        if parameterCount > 0 { facts.append("$\(parameterCount)") }
        if !tables.isEmpty { facts.append(tables.map(\.description).joined(separator: " ")) }
        return [facts.joined(separator: "; ")] + target.goldenLines
    }
}

extension StatementTarget {
    var goldenLines: [String] {
        switch self {
        case .anywhere: ["anywhere"]
        case .unsharded(on: let instance): ["unsharded on \(instance)"]
        case .keyed(let group, let keys): ["\(group): " + keys.map(\.golden).joined(separator: ", ")]
        case .scattered(let plan): plan.goldenLines
        case .refused(let refusal):
            ["refused \(refusal.sqlState) \(refusal.construct): \(refusal.message)", "hint: \(refusal.hint)"]
        }
    }
}

extension ScatterPlan {
    var goldenLines: [String] {
        var lines = ["\(group): all segments by \(position)", "part: \(part)"]
        switch merge {
        case .none: break
        case .order(let query): lines.append("order: \(query.text)")
        case .aggregate(let query): lines.append("groups: \(query.text)")
        }
        if let sql = inquiry.sql { lines.append("unless: \(sql)") }
        return lines
    }
}

extension KeyExpression {
    fileprivate var golden: String {
        switch self {
        case .literal(let text): "'\(text)'"
        case .parameter(let number): "$\(number)"
        case .elements(ofParameter: let number): "each of $\(number)"
        case .null: "NULL"
        }
    }
}
