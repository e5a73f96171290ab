/// Random SELECTs over the tables a, b and c (k bigint, v bigint): joins of all kinds, subqueries, WITH.
import ClusterModel

struct JoinGenerator {
    var random: SeededGenerator
    private var aliasCount = 0
    /// Tables only, most often joined by their keys.
    private var isPlain = false

    /// A SELECT without subqueries.
    mutating func plainSelect() -> String {
        isPlain = true
        aliasCount = 0
        let (from, aliases) = tree(depth: 2)
        let filter = chance(0.6) ? " WHERE \(condition(aliases, terms: 2))" : ""
        return "SELECT \(aliases.map { "\($0).k, \($0).v" }.joined(separator: ", ")) FROM \(from)\(filter)"
    }

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func select() -> String {
        aliasCount = 0
        let (from, aliases) = tree(depth: 3)
        let outputs = aliases.map { "\($0).v" }.joined(separator: " || '/' || ")
        let with =
            chance(0.15) ? "WITH w AS (SELECT * FROM a WHERE \(chance(0.8) ? "k = \(constant())" : "v = 1")) " : ""
        let extra = with.isEmpty ? "" : chance(0.5) ? " JOIN w ON \(column(aliases)) = w.k" : ", w"
        return with
            + "SELECT \(aliases[0]).k, concat(\(outputs.replacing(" || '/' || ", with: ", '/', "))), \(scalar(aliases)) "
            + "FROM \(from)\(extra) WHERE \(condition(aliases, terms: 3))"
    }

    private mutating func tree(depth: Int) -> (text: String, aliases: [String]) {
        guard depth > 0, chance(0.75) else { return leaf(depth) }
        let (left, leftAliases) = tree(depth: depth - 1)
        let (right, rightAliases) = tree(depth: depth - 1)
        let kind = pick(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        let aliases = leftAliases + rightAliases
        if leftAliases.count == 1, rightAliases.count == 1, chance(0.2) {
            return ("(\(left) \(kind) \(right) USING (k))", aliases)
        }
        // A FULL JOIN needs one equality between the sides.
        let link = "\(pick(leftAliases)).k = \(pick(rightAliases)).k"
        let on = chance(0.8) ? "\(link) AND \(condition(aliases, terms: 1))" : condition(aliases, terms: 2)
        return ("(\(left) \(kind) \(right) ON \(kind == "FULL JOIN" ? link : on))", aliases)
    }

    private mutating func leaf(_ depth: Int) -> (text: String, aliases: [String]) {
        aliasCount += 1
        let alias = "t\(aliasCount)"
        guard !isPlain, chance(0.12) else { return ("\(pick(["a", "b", "c"])) \(alias)", [alias]) }
        let columns = chance(0.5) ? "*" : "k, max(v) AS v"
        let grouping = columns == "*" ? "" : chance(0.5) ? " GROUP BY k" : " GROUP BY ROLLUP (k)"
        return (
            "(SELECT \(columns) FROM \(pick(["a", "b", "c"])) WHERE k = \(constant())\(grouping)) \(alias)", [alias]
        )
    }

    private mutating func condition(_ aliases: [String], terms: Int) -> String {
        (0..<Int.random(in: 1...terms, using: &random)).map { _ in term(aliases) }.joined(separator: " AND ")
    }

    private mutating func term(_ aliases: [String]) -> String {
        switch Int.random(in: 0..<(isPlain ? 17 : 20), using: &random) {
        case 0..<7 where isPlain: return "\(column(aliases)) = \(column(aliases))"
        case 0..<7: return "\(column(aliases)) = \(constant())"
        case 7..<12: return "\(column(aliases)) = \(column(aliases))"
        case 12: return "\(column(aliases)) IN (1, \(constant()))"
        case 13: return "(\(term(aliases)) OR \(term(aliases)))"
        case 14: return "NOT (\(term(aliases)))"
        case 15: return "\(column(aliases)) IS NULL"
        case 16: return "\(pick(aliases)).v = \(column(aliases))"
        case 17: return "\(pick(["", "NOT "]))EXISTS (\(subquery(aliases)))"
        case 18: return "\(pick(aliases)).v IN (SELECT v FROM \(pick(["a", "b"])) s WHERE s.k = \(column(aliases)))"
        default: return "k = \(constant())"
        }
    }

    private mutating func scalar(_ aliases: [String]) -> String {
        chance(0.3) ? "(SELECT count(*) FROM (\(subquery(aliases))) q)" : "0"
    }

    private mutating func subquery(_ aliases: [String]) -> String {
        let other = chance(0.3) ? "\(pick(["", "LEFT "]))JOIN b s2 ON s2.k = \(pick(["s.k", column(aliases)]))" : ""
        return "SELECT 1 FROM \(pick(["a", "b", "c"])) s \(other) WHERE s.k = \(pick([column(aliases), constant()])) "
            + "AND s.v > 0"
    }

    private mutating func column(_ aliases: [String]) -> String { pick(aliases) + ".k" }
    private mutating func constant() -> String { pick(["1", "1", "2"]) }
    private mutating func pick(_ choices: [String]) -> String {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }
    private mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &random) < probability
    }
}
