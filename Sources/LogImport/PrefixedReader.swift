// Entries of a log on standard error. Each line of PostgreSQL's own begins with the prefix and a severity; lines of a
// longer text follow with a tab before them. DETAIL, STATEMENT and CONTEXT are lines of their own, right after the line
// that they belong to. So an entry is only known to be whole when another begins, or the log ends.

import ClusterModel

struct PrefixedReader: EntryReader {
    private let prefix: LinePrefix
    private var clock: LogClock
    private let message = Scratch()
    private let detail = Scratch()
    private let context = Scratch()
    private let statement = Scratch()
    private let aside = Scratch()
    /// What was found out about the line after the last entry, to which the next window begins.
    private var peeked: PrefixMatch?
    /// What comes next is the rest of a line that is too long.
    private var isSkipping = false

    init(prefix: LinePrefix, clock: LogClock) {
        self.prefix = prefix
        self.clock = clock
    }

    mutating func next(_ window: UnsafeRawBufferPointer, isEnd: Bool) throws(LogImportError) -> EntryStep {
        if isSkipping { return Self.skippedLine(window, &isSkipping) }
        guard let first = window.place(of: .newline) else { return .incomplete }
        let line = window.part(0, first)
        let known = peeked
        peeked = nil
        guard let match = known ?? prefix.match(line), Self.kind(of: match, line) == .entry else {
            return .malformed(.notPrefixed, bytes: first + 1, lines: 1)
        }
        guard let time = try time(match, line) else { return .malformed(.noTime, bytes: first + 1, lines: 1) }
        var entry = LogEntry(time: time)
        entry.session = session(match, line)
        entry.database = match.database.map { line.part($0.lowerBound, $0.upperBound).trimmed }
        entry.severity = LogEntry.Severity(line.part(match.severity.lowerBound, match.severity.upperBound))
        var index = first + 1
        var lines = 1
        let body = line.rest(from: match.message)
        guard let text = Self.text(body, window, &index, &lines, message, isEnd) else { return .incomplete }
        entry.message = Self.withoutState(text)
        guard try addFollowers(to: &entry, window, &index, &lines, isEnd) else { return .incomplete }
        return .entry(entry, bytes: index, lines: lines)
    }

    mutating func beginSkipping() { isSkipping = true }

    // MARK: Lines

    private enum LineKind {
        case entry
        case detail, context, statement
        /// HINT, QUERY, LOCATION, BACKTRACE.
        case aside
    }

    private static func kind(of match: PrefixMatch, _ line: UnsafeRawBufferPointer) -> LineKind {
        let word = line.part(match.severity.lowerBound, match.severity.upperBound)
        if word.equals("DETAIL") { return .detail }
        if word.equals("STATEMENT") { return .statement }
        if word.equals("CONTEXT") { return .context }
        let isAside = word.equals("HINT") || word.equals("QUERY") || word.equals("LOCATION") || word.equals("BACKTRACE")
        return isAside ? .aside : .entry
    }

    /// A line's text with the lines that go on with it; nil when more of them may come.
    private static func text(
        _ body: UnsafeRawBufferPointer, _ window: UnsafeRawBufferPointer, _ index: inout Int, _ lines: inout Int,
        _ scratch: Scratch, _ isEnd: Bool
    ) -> UnsafeRawBufferPointer? {
        guard index < window.count else { return isEnd ? body : nil }
        guard window[index] == .tab else { return body }
        scratch.clear()
        scratch.append(body)
        while index < window.count, window[index] == .tab {
            guard let newline = window.place(of: .newline, from: index) else { return nil }
            scratch.append(.newline)
            scratch.append(window.part(index + 1, newline))
            index = newline + 1
            lines += 1
        }
        return index < window.count || isEnd ? scratch.bytes : nil
    }

    /// False when more lines may follow.
    private mutating func addFollowers(
        to entry: inout LogEntry, _ window: UnsafeRawBufferPointer, _ index: inout Int, _ lines: inout Int,
        _ isEnd: Bool
    ) throws(LogImportError) -> Bool {
        while index < window.count {
            guard let newline = window.place(of: .newline, from: index) else {
                // A line that has no end yet may belong to this entry, unless it says that it does not.
                let line = window.rest(from: index)
                return prefix.match(line).map { Self.kind(of: $0, line) == .entry } ?? false
            }
            let line = window.part(index, newline)
            guard let match = prefix.match(line) else { return true }
            let kind = Self.kind(of: match, line)
            guard kind != .entry, session(match, line) == entry.session else {
                peeked = match
                return true
            }
            index = newline + 1
            lines += 1
            let scratch =
                switch kind {
                case .detail: detail
                case .statement: statement
                case .context: context
                case .aside, .entry: aside
                }
            guard let text = Self.text(line.rest(from: match.message), window, &index, &lines, scratch, isEnd) else {
                return false
            }
            switch kind {
            case .detail: entry.detail = text
            case .statement: entry.statement = text
            case .context: entry.context = text
            case .aside, .entry: break
            }
        }
        return isEnd
    }

    // MARK: Parts

    private mutating func time(_ match: PrefixMatch, _ line: UnsafeRawBufferPointer) throws(LogImportError)
        -> Timestamp?
    {
        if let epoch = match.epoch {
            let text = line.part(epoch.lowerBound, epoch.upperBound)
            guard let point = text.place(of: UInt8(ascii: ".")), text.count == point + 4,
                let seconds = text.number(0, point), let fraction = text.number(point + 1, point + 4),
                seconds < 1 << 40
            else { return nil }
            return Timestamp(milliseconds: seconds * 1000 + fraction)
        }
        guard let range = match.time else { return nil }
        return try clock.time(line.part(range.lowerBound, range.upperBound))?.time
    }

    private func session(_ match: PrefixMatch, _ line: UnsafeRawBufferPointer) -> UInt64 {
        guard let range = match.session ?? match.process else { return 0 }
        return line.part(range.lowerBound, range.upperBound).storedHash()
    }

    /// Without the SQLSTATE that log_error_verbosity = verbose puts before a message.
    private static func withoutState(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard text.count > 7, text[5] == UInt8(ascii: ":"), text[6] == .blank else { return text }
        for index in 0..<5 where !(text[index].isDecimal || text[index] &- 0x41 < 26) { return text }
        return text.rest(from: 7)
    }
}

extension UnsafeRawBufferPointer {
    /// Without the blanks of padding.
    var trimmed: UnsafeRawBufferPointer {
        var (start, end) = (0, count)
        while start < end, self[start] == .blank { start += 1 }
        while end > start, self[end - 1] == .blank { end -= 1 }
        return part(start, end)
    }
}
