// The tokens of PostgreSQL's SQL, as scan.l of version 15 cuts them, under standard_conforming_strings. Just enough to
// find literals, words and brackets; what PostgreSQL reads in a way that depends on more than the token itself
// (escape sequences, strings continued on the next line, `123abc`) is still cut, but `isPlain` turns false, and the
// text is then analysed by the real parser each time. Invariant: every call moves on by at least one byte.

struct SQLToken {
    enum Kind {
        case word, quotedIdentifier, parameter
        /// A string whose content needs no more than `''` undone.
        case string
        case dollarString
        /// Digits only.
        case integer
        case decimal
        /// A string of another sort: it stays in the text.
        case oddString
        /// One byte of an operator, or a bracket, comma, semicolon.
        case symbol
    }

    let kind: Kind
    let start: Int
    let end: Int
    /// What is between the quotes; the whole token where there are none.
    let content: Range<Int>
}

struct SQLLexer {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var index = 0
    /// False once something was met that only the parser reads rightly.
    private(set) var isPlain = true

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next token; nil at the end.
    @inline(__always)
    mutating func next() -> SQLToken? {
        skipSpace()
        guard index < bytes.count else { return nil }
        let start = index
        let byte = bytes[start]
        if byte.startsWord { return word(from: start) }
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(from: start)
        case UInt8(ascii: "'"): return string(from: start, quoteAt: start, .string)
        case UInt8(ascii: "\""): return quoted(from: start, quoteAt: start, .quotedIdentifier)
        case UInt8(ascii: "$"): return dollar(from: start)
        case UInt8(ascii: ".") where byteAt(start + 1).isDigit: return decimal(from: start)
        default:
            if byte < 0x20 || byte == 0x7F { isPlain = false }
            return token(.symbol, start, start + 1)
        }
    }

    // MARK: Space and comments

    private mutating func skipSpace() {
        while index < bytes.count {
            let byte = bytes[index]
            if byte.isSpace {
                index += 1
            } else if byte == UInt8(ascii: "-"), byteAt(index + 1) == UInt8(ascii: "-") {
                skipLine()
            } else if byte == UInt8(ascii: "/"), byteAt(index + 1) == UInt8(ascii: "*") {
                skipBlockComment()
            } else {
                return
            }
        }
    }

    private mutating func skipLine() {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n"), bytes[index] != UInt8(ascii: "\r") { index += 1 }
    }

    /// Block comments nest.
    private mutating func skipBlockComment() {
        var depth = 0
        while index < bytes.count {
            let (byte, following) = (bytes[index], byteAt(index + 1))
            if byte == UInt8(ascii: "/"), following == UInt8(ascii: "*") {
                depth += 1
                index += 2
            } else if byte == UInt8(ascii: "*"), following == UInt8(ascii: "/") {
                depth -= 1
                index += 2
                if depth == 0 { return }
            } else {
                index += 1
            }
        }
        isPlain = false
    }

    // MARK: Words and numbers

    @inline(__always)
    private mutating func word(from start: Int) -> SQLToken {
        var end = start + 1
        while end < bytes.count, bytes[end].continuesWord { end += 1 }
        if byteAt(end) == UInt8(ascii: "'"), end == start + 1 { return prefixed(from: start, quoteAt: end) }
        if byteAt(end) == UInt8(ascii: "&"), end == start + 1, bytes[start] | 0x20 == UInt8(ascii: "u") {
            return unicode(from: start)
        }
        return token(.word, start, end)
    }

    private mutating func number(from start: Int) -> SQLToken {
        let end = endOfDigits(from: start)
        if byteAt(end) == UInt8(ascii: ".") || byteAt(end) | 0x20 == UInt8(ascii: "e") { return decimal(from: start) }
        if byteAt(end).startsWord { isPlain = false }
        return token(.integer, start, end)
    }

    private mutating func decimal(from start: Int) -> SQLToken {
        var end = endOfDigits(from: start)
        if byteAt(end) == UInt8(ascii: ".") { end = endOfDigits(from: end + 1) }
        if byteAt(end) | 0x20 == UInt8(ascii: "e") {
            let sign = byteAt(end + 1)
            let digits = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? end + 2 : end + 1
            if byteAt(digits).isDigit { end = endOfDigits(from: digits) }
        }
        if byteAt(end).startsWord || byteAt(end) == UInt8(ascii: ".") { isPlain = false }
        return token(.decimal, start, end)
    }

    private func endOfDigits(from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end].isDigit { end += 1 }
        return end
    }

    // MARK: Strings

    /// `E'…'` is a string when it holds no backslash; bit strings and national strings are left to the parser.
    private mutating func prefixed(from start: Int, quoteAt quote: Int) -> SQLToken {
        switch bytes[start] | 0x20 {
        case UInt8(ascii: "e"): return escapeString(from: start, quoteAt: quote)
        case UInt8(ascii: "b"), UInt8(ascii: "x"), UInt8(ascii: "n"):
            isPlain = false
            return string(from: start, quoteAt: quote, .oddString)
        default: return token(.word, start, quote)
        }
    }

    private mutating func unicode(from start: Int) -> SQLToken {
        let quote = byteAt(start + 2)
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return token(.word, start, start + 1) }
        isPlain = false
        return quoted(from: start, quoteAt: start + 2, .oddString)
    }

    private mutating func string(from start: Int, quoteAt quote: Int, _ kind: SQLToken.Kind) -> SQLToken {
        let string = quoted(from: start, quoteAt: quote, kind)
        checkContinuation(after: string.end)
        return string
    }

    /// A quoted token ends at a quote that is not doubled.
    private mutating func quoted(from start: Int, quoteAt quote: Int, _ kind: SQLToken.Kind) -> SQLToken {
        let mark = bytes[quote]
        var end = quote + 1
        while end < bytes.count {
            if bytes[end] == mark {
                guard byteAt(end + 1) == mark else { return token(kind, start, end + 1, content: quote + 1..<end) }
                end += 1
            }
            end += 1
        }
        return unterminated(from: start)
    }

    private mutating func escapeString(from start: Int, quoteAt quote: Int) -> SQLToken {
        var end = quote + 1
        var hasBackslash = false
        while end < bytes.count {
            if bytes[end] == UInt8(ascii: "\\") {
                hasBackslash = true
                end += 1
            } else if bytes[end] == UInt8(ascii: "'") {
                guard byteAt(end + 1) == UInt8(ascii: "'") else { break }
                end += 1
            }
            end += 1
        }
        guard end < bytes.count else { return unterminated(from: start) }
        if hasBackslash { isPlain = false }
        checkContinuation(after: end + 1)
        return token(hasBackslash ? .oddString : .string, start, end + 1, content: quote + 1..<end)
    }

    /// `'a' ⏎ 'b'` is one string.
    private mutating func checkContinuation(after end: Int) {
        guard byteAt(end).isSpace || byteAt(end) == UInt8(ascii: "-") || byteAt(end) == UInt8(ascii: "/") else {
            return
        }
        let saved = index
        index = end
        skipSpace()
        if byteAt(index) == UInt8(ascii: "'") { isPlain = false }
        index = saved
    }

    private mutating func dollar(from start: Int) -> SQLToken {
        if byteAt(start + 1).isDigit {
            let end = endOfDigits(from: start + 1)
            if byteAt(end).startsWord { isPlain = false }
            return token(.parameter, start, end)
        }
        var tagEnd = start + 1
        while byteAt(tagEnd).continuesWord, bytes[tagEnd] != UInt8(ascii: "$") { tagEnd += 1 }
        guard byteAt(tagEnd) == UInt8(ascii: "$") else {
            isPlain = false
            return token(.symbol, start, start + 1)
        }
        return dollarString(from: start, tag: start...tagEnd)
    }

    private mutating func dollarString(from start: Int, tag: ClosedRange<Int>) -> SQLToken {
        let opening = UnsafeBufferPointer(rebasing: bytes[tag])
        var end = tag.upperBound + 1
        while end + opening.count <= bytes.count {
            if bytes[end] == UInt8(ascii: "$"), bytes[end..<end + opening.count].elementsEqual(opening) {
                return token(
                    .dollarString,
                    start,
                    end + opening.count,
                    content: tag.upperBound + 1..<end
                )
            }
            end += 1
        }
        return unterminated(from: start)
    }

    private mutating func unterminated(from start: Int) -> SQLToken {
        isPlain = false
        return token(.oddString, start, bytes.count)
    }

    // MARK: Bytes

    @inline(__always)
    private mutating func token(
        _ kind: SQLToken.Kind,
        _ start: Int,
        _ end: Int,
        content: Range<Int>? = nil
    ) -> SQLToken {
        index = end
        return SQLToken(kind: kind, start: start, end: end, content: content ?? start..<end)
    }

    /// 0 past the end: the texts hold no NUL.
    @inline(__always)
    private func byteAt(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
}

extension UInt8 {
    @inline(__always)
    var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x09 || self == 0x0D || self == 0x0C }
    @inline(__always)
    var isDigit: Bool { self &- 0x30 < 10 }
    @inline(__always)
    var startsWord: Bool { (self | 0x20) &- 0x61 < 26 || self == 0x5F || self >= 0x80 }
    @inline(__always)
    var continuesWord: Bool { startsWord || isDigit || self == 0x24 }
}
