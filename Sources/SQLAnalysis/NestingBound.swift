// libpg_query writes and reads its tree recursively without looking at the stack: `SELECT 1+1+1+…` with some thousand
// terms ends the process. So the depth of the tree is bounded from the tokens before it is parsed.
//
// The bound: a bracket (and CASE … END) holds a new level; within a level, each word or operator may nest once more in
// what stands before it. Lists, AND/OR chains and the branches of CASE are flat in PostgreSQL's tree, so the count
// starts again at them; not at the AND of BETWEEN, which is an operator. Joins and set operations nest across those,
// so they stay counted until their bracket closes. After a dot, every keyword is a mere name: `a.and + a.and + …`.

struct NestingBound {
    private struct Level {
        var sinceSeparator = 0
        var joins = 0
        var openBetweens = 0
        var isCase = false

        var count: Int { 1 + sinceSeparator + joins }
    }

    private var levels = [Level()]
    private var enclosing = 0
    private var deepest = 0
    private var followsDot = false

    /// An upper bound of the depth of the tree, in expressions.
    static func depth(of text: UnsafeBufferPointer<UInt8>) -> Int {
        var bound = NestingBound()
        var lexer = SQLLexer(text)
        while let token = lexer.next() { bound.add(token, text) }
        return bound.deepest
    }

    private mutating func add(_ token: SQLToken, _ text: UnsafeBufferPointer<UInt8>) {
        defer { followsDot = token.kind == .symbol && text[token.start] == UInt8(ascii: ".") }
        switch token.kind {
        case .word: addWord(UnsafeBufferPointer(rebasing: text[token.start..<token.end]))
        case .symbol: addSymbol(text[token.start])
        case .quotedIdentifier, .parameter, .string, .dollarString, .integer, .decimal, .oddString: return
        }
        deepest = max(deepest, enclosing + levels[levels.count - 1].count)
    }

    private mutating func addSymbol(_ symbol: UInt8) {
        switch symbol {
        case UInt8(ascii: "("), UInt8(ascii: "["): open()
        case UInt8(ascii: ")"), UInt8(ascii: "]"): close()
        case UInt8(ascii: ","): separate()
        case UInt8(ascii: ";"): self = NestingBound(deepest: deepest)
        default: levels[levels.count - 1].sinceSeparator += 1
        }
    }

    private mutating func addWord(_ word: UnsafeBufferPointer<UInt8>) {
        let last = levels.count - 1
        switch followsDot ? nil : Keyword(word) {
        case .case: open(isCase: true)
        case .end where levels[last].isCase: close()
        case .between:
            levels[last].openBetweens += 1
            levels[last].sinceSeparator += 1
        case .and where levels[last].openBetweens > 0:
            levels[last].openBetweens -= 1
            levels[last].sinceSeparator += 1
        case .and, .or: separate()
        case .branch where levels[last].isCase: separate()
        case .join: levels[last].joins += 1
        case .branch, .end, nil: levels[last].sinceSeparator += 1
        }
    }

    private mutating func open(isCase: Bool = false) {
        enclosing += levels[levels.count - 1].count
        levels.append(Level(isCase: isCase))
    }

    private mutating func close() {
        guard levels.count > 1 else { return }
        levels.removeLast()
        enclosing -= levels[levels.count - 1].count
    }

    private mutating func separate() { levels[levels.count - 1].sinceSeparator = 0 }

    private init(deepest: Int = 0) { self.deepest = deepest }

    private enum Keyword {
        case `case`, branch, end, between, and, or, join

        init?(_ word: UnsafeBufferPointer<UInt8>) {
            guard (2...9).contains(word.count) else { return nil }
            switch String(decoding: word, as: UTF8.self).lowercased() {
            case "case": self = .case
            case "when", "then", "else": self = .branch
            case "end": self = .end
            case "between": self = .between
            case "and": self = .and
            case "or": self = .or
            case "join", "union", "intersect", "except": self = .join
            default: return nil
            }
        }
    }
}
