import ClusterModel

// What the analysis of one statement says about all of its shape: the same result, with other literals as keys. The
// recipe for a key is only kept when it is certain which literal gives it, and when it gives back the key that the
// parser read.

struct ShapeTemplate {
    private struct KeyRecipe {
        let statement: Int
        let key: Int
        let literal: Int
        let isNegated: Bool

        func value(_ literals: [LiftedLiteral], _ text: UnsafeBufferPointer<UInt8>) -> String {
            let value = literals[literal].value(in: text)
            return isNegated && value != "0" ? "-" + value : value
        }
    }

    private let query: AnalyzedQuery
    private let recipes: [KeyRecipe]

    /// About how much memory the template takes.
    var bytes: Int { query.bytes + recipes.count * MemoryLayout<KeyRecipe>.stride }

    /// Nil when the text must be parsed for each statement of its shape.
    init?(_ analyses: [StatementAnalysis], _ literals: [LiftedLiteral], _ text: UnsafeBufferPointer<UInt8>) {
        var recipes: [KeyRecipe] = []
        for (statement, analysis) in analyses.enumerated() {
            guard !analysis.readsLiterals else { return nil }
            for (key, source) in analysis.sources.enumerated() {
                guard case .literal(let value) = source.expression else { continue }
                guard let found = Self.literal(of: source, among: literals, text) else { return nil }
                let recipe = KeyRecipe(
                    statement: statement,
                    key: key,
                    literal: found.index,
                    isNegated: found.isNegated
                )
                guard recipe.value(literals, text) == value else { return nil }
                recipes.append(recipe)
            }
        }
        query = AnalyzedQuery(statements: analyses.map(\.statement))
        self.recipes = recipes
    }

    /// The analysis of a text of this shape.
    func query(with literals: [LiftedLiteral], from text: UnsafeBufferPointer<UInt8>) -> AnalyzedQuery {
        guard !recipes.isEmpty else { return query }
        var statements = query.statements
        var index = 0
        while index < recipes.count {
            let number = recipes[index].statement
            guard case .keyed(let group, var keys) = statements[number].target else {
                preconditionFailure("a recipe for a statement without keys: \(statements[number])")
            }
            while index < recipes.count, recipes[index].statement == number {
                keys[recipes[index].key] = .literal(recipes[index].value(literals, text))
                index += 1
            }
            statements[number] = statements[number].withTarget(.keyed(group, keys))
        }
        return AnalyzedQuery(statements: statements)
    }

    /// The literal at a key's place. The grammar folds `-5` into one constant that stands at the sign; then just
    /// blanks or brackets may lie between the sign and the digits (`- -5` is 5, at the first sign).
    private static func literal(
        of source: KeySource,
        among literals: [LiftedLiteral],
        _ text: UnsafeBufferPointer<UInt8>
    ) -> (index: Int, isNegated: Bool)? {
        let index = firstIndex(in: literals, from: source.location)
        guard index < literals.count else { return nil }
        let start = literals[index].start
        if start == source.location { return (index, source.hasOuterMinus) }
        guard !source.hasOuterMinus, source.location >= 0, text[source.location] == UInt8(ascii: "-"),
            text[source.location + 1..<start].allSatisfy({ $0.isSpace || $0 == UInt8(ascii: "(") })
        else { return nil }
        return (index, true)
    }

    /// The index of the first literal at or after a place of the text, in the order of which they are.
    private static func firstIndex(in literals: [LiftedLiteral], from location: Int) -> Int {
        var low = 0
        var high = literals.count
        while low < high {
            let middle = (low + high) / 2
            if literals[middle].start < location { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension AnalyzedQuery {
    /// About how much memory the value takes.
    var bytes: Int {
        statements.reduce(64) { sum, statement in
            sum + 192 + statement.tables.count * 64 + statement.target.keyCount * 40 + statement.target.planBytes
        }
    }
}

extension StatementTarget {
    fileprivate var planBytes: Int { if case .scattered(let plan) = self { plan.bytes } else { 0 } }

    fileprivate var keyCount: Int { if case .keyed(_, let keys) = self { keys.count } else { 0 } }
}
