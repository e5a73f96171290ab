// The shape of a query string: its text with literals replaced by one byte for each sort, and space and comments made
// one space. Strings of one shape have the same tree but for the values of their constants. That rests on:
//  - the lexer cuts as PostgreSQL does, or says that the text is not plain;
//  - the sorts tell apart what the grammar tells apart: strings, integers that fit 32 bits (ICONST), larger ones and
//    decimals (FCONST);
//  - the marking bytes are control characters, which outside of quotes are no SQL.

/// A literal that was lifted out of a text.
struct LiftedLiteral {
    enum Sort: UInt8 {
        case string = 1
        case dollarString, integer, largeInteger, decimal
    }

    let sort: Sort
    /// Where the literal starts, with its quote or prefix.
    let start: Int
    let content: Range<Int>

    /// The literal's value as PostgreSQL's tree has it.
    func value(in text: UnsafeBufferPointer<UInt8>) -> String {
        let content = UnsafeBufferPointer(rebasing: text[content])
        switch sort {
        case .string where content.contains(UInt8(ascii: "'")): return Self.undoubled(content)
        case .integer: return String(Self.number(content) ?? 0)
        case .string, .dollarString, .largeInteger, .decimal: return String(decoding: content, as: UTF8.self)
        }
    }

    private static func undoubled(_ content: UnsafeBufferPointer<UInt8>) -> String {
        var bytes: [UInt8] = []
        var index = 0
        while index < content.count {
            bytes.append(content[index])
            index += content[index] == UInt8(ascii: "'") ? 2 : 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value of digits that fit PostgreSQL's 32-bit integer; nil for larger numbers.
    static func number(_ digits: UnsafeBufferPointer<UInt8>) -> Int32? {
        var number: Int32 = 0
        for digit in digits {
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int32(digit &- 0x30))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}

/// Makes shapes in one buffer that is used again and again.
struct ShapeScanner {
    private var buffer: [UInt8] = []
    private(set) var literals: [LiftedLiteral] = []
    private var length = 0

    /// Whether the text is plain; only then do `shape` and `literals` mean anything.
    mutating func scan(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // A shape is never longer than its text.
        if buffer.count < text.count { buffer = Array(repeating: 0, count: max(text.count, 2 * buffer.count)) }
        literals.removeAll(keepingCapacity: true)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            var lexer = SQLLexer(text)
            var output = ShapeOutput(text: text, buffer: buffer)
            while let token = lexer.next() {
                let sort = Self.sort(of: token, text)
                output.add(token, liftedAs: sort)
                guard let sort else { continue }
                literals.append(LiftedLiteral(sort: sort, start: token.start, content: token.content))
            }
            length = output.finish()
            return lexer.isPlain
        }
    }

    func withShape<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<length])) }
    }

    @inline(__always)
    private static func sort(of token: SQLToken, _ text: UnsafeBufferPointer<UInt8>) -> LiftedLiteral.Sort? {
        switch token.kind {
        case .word, .quotedIdentifier, .parameter, .oddString, .symbol: nil
        case .string: .string
        case .dollarString: .dollarString
        case .decimal: .decimal
        case .integer:
            LiftedLiteral.number(UnsafeBufferPointer(rebasing: text[token.start..<token.end])) == nil
                ? .largeInteger : .integer
        }
    }
}

/// Writes a shape, copying whatever stays as it is in runs. The run that is not written yet is `runStart..<end`.
private struct ShapeOutput {
    let text: UnsafeBufferPointer<UInt8>
    let buffer: UnsafeMutableBufferPointer<UInt8>
    private var length = 0
    private var runStart = 0
    private var end = 0

    init(text: UnsafeBufferPointer<UInt8>, buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.text = text
        self.buffer = buffer
    }

    /// Goes on with the next token, lifted out when it has a sort. The space before it becomes one blank.
    @inline(__always)
    mutating func add(_ token: SQLToken, liftedAs sort: LiftedLiteral.Sort?) {
        let gap = token.start - end
        if gap > 1 || gap == 1 && text[end] != 0x20 || end == 0 {
            writeRun()
            if gap > 0, end > 0 { write(0x20) }
            runStart = token.start
        }
        if let sort {
            end = token.start
            writeRun()
            write(sort.rawValue)
            runStart = token.end
        }
        end = token.end
    }

    /// The shape's length; what follows the last token is left out.
    mutating func finish() -> Int {
        writeRun()
        return length
    }

    private mutating func write(_ byte: UInt8) {
        buffer[length] = byte
        length += 1
    }

    @inline(__always)
    private mutating func writeRun() {
        let count = end - runStart
        guard count > 0, let source = text.baseAddress, let target = buffer.baseAddress else { return }
        (target + length).update(from: source + runStart, count: count)
        length += count
        runStart = end
    }
}
