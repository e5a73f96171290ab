// Lines of a jsonlog (PostgreSQL 15 and later): one object a line, whose values are strings and numbers. A string is
// only copied when it has escapes and is needed.

import ClusterModel

struct JSONReader: EntryReader {
    private var clock: LogClock
    private let message = Scratch()
    private let detail = Scratch()
    private let context = Scratch()
    private let statement = Scratch()
    private let time = Scratch()
    private let database = Scratch()
    /// What comes next is the rest of a line that is too long.
    private var isSkipping = false

    init(clock: LogClock) { self.clock = clock }

    mutating func next(_ window: UnsafeRawBufferPointer, isEnd: Bool) throws(LogImportError) -> EntryStep {
        if isSkipping { return Self.skippedLine(window, &isSkipping) }
        guard let newline = window.place(of: .newline) else { return .incomplete }
        let line = window.part(0, newline)
        guard let entry = members(of: line) else {
            return .malformed(.notJSON, bytes: newline + 1, lines: 1)
        }
        guard let (time, _) = try clock.time(entry.time) else {
            return .malformed(.noTime, bytes: newline + 1, lines: 1)
        }
        var read = LogEntry(time: time)
        read.session = entry.session.isEmpty ? entry.process.storedHash() : entry.session.storedHash()
        read.database = entry.database
        read.severity = LogEntry.Severity(entry.severity)
        read.message = entry.message
        read.detail = entry.detail
        read.context = entry.context
        read.statement = entry.statement
        return .entry(read, bytes: newline + 1, lines: 1)
    }

    mutating func beginSkipping() { isSkipping = true }

    // MARK: Members

    private struct Members {
        var time = UnsafeRawBufferPointer.none
        var database = UnsafeRawBufferPointer.none
        var process = UnsafeRawBufferPointer.none
        var session = UnsafeRawBufferPointer.none
        var severity = UnsafeRawBufferPointer.none
        var message = UnsafeRawBufferPointer.none
        var detail = UnsafeRawBufferPointer.none
        var context = UnsafeRawBufferPointer.none
        var statement = UnsafeRawBufferPointer.none
    }

    private struct Text {
        let raw: UnsafeRawBufferPointer
        let hasEscapes: Bool
        /// After the closing quote.
        let end: Int
    }

    /// Nil when the line is no such object.
    private func members(of line: UnsafeRawBufferPointer) -> Members? {
        var members = Members()
        var index = 0
        Self.skipSpace(line, &index)
        guard line.hasByte(UInt8(ascii: "{"), at: index) else { return nil }
        index += 1
        while true {
            Self.skipSpace(line, &index)
            guard let key = Self.string(line, at: index) else { return nil }
            index = key.end
            Self.skipSpace(line, &index)
            guard line.hasByte(UInt8(ascii: ":"), at: index) else { return nil }
            index += 1
            Self.skipSpace(line, &index)
            guard read(key.raw, line, &index, &members) else { return nil }
            Self.skipSpace(line, &index)
            guard index < line.count else { return nil }
            if line[index] == UInt8(ascii: "}") { return members }
            guard line[index] == .comma else { return nil }
            index += 1
        }
    }

    /// Reads a value; false when it is none.
    private func read(
        _ key: UnsafeRawBufferPointer, _ line: UnsafeRawBufferPointer, _ index: inout Int, _ members: inout Members
    ) -> Bool {
        guard line.hasByte(.quote, at: index) else {
            let start = index
            while index < line.count, line[index] != .comma, line[index] != UInt8(ascii: "}") { index += 1 }
            if key.equals("pid") { members.process = line.part(start, index) }
            return index > start && line[start] != UInt8(ascii: "{") && line[start] != UInt8(ascii: "[")
        }
        guard let text = Self.string(line, at: index) else { return false }
        index = text.end
        return keep(text, key, &members)
    }

    private func keep(_ text: Text, _ key: UnsafeRawBufferPointer, _ members: inout Members) -> Bool {
        if key.equals("message") {
            members.message = Self.value(of: text, message)
        } else if key.equals("detail") {
            members.detail = Self.value(of: text, detail)
        } else if key.equals("timestamp") {
            members.time = Self.value(of: text, time)
        } else if key.equals("dbname") {
            members.database = Self.value(of: text, database)
        } else if key.equals("session_id") {
            members.session = text.raw
        } else if key.equals("error_severity") {
            members.severity = text.raw
        } else if key.equals("statement") {
            members.statement = Self.value(of: text, statement)
        } else if key.equals("context") {
            members.context = Self.value(of: text, context)
        }
        return true
    }

    private static func skipSpace(_ line: UnsafeRawBufferPointer, _ index: inout Int) {
        while index < line.count, line[index] == .blank || line[index] == .tab || line[index] == .carriageReturn {
            index += 1
        }
    }

    /// The string that begins at `start`; nil when none does, or it does not end.
    private static func string(_ line: UnsafeRawBufferPointer, at start: Int) -> Text? {
        guard line.hasByte(.quote, at: start) else { return nil }
        let first = start + 1
        guard var quote = line.place(of: .quote, from: first) else { return nil }
        // Most strings have no escape at all: one look for a backslash settles it.
        guard var escape = line.part(first, quote).place(of: .backslash).map({ $0 + first }) else {
            return Text(raw: line.part(first, quote), hasEscapes: false, end: quote + 1)
        }
        while true {
            // `escape` is a backslash before `quote`: what follows it is no end.
            let next = escape + 2
            if quote < next {
                guard let later = line.place(of: .quote, from: next) else { return nil }
                quote = later
            }
            guard next <= quote, let further = line.part(next, quote).place(of: .backslash) else {
                return Text(raw: line.part(first, quote), hasEscapes: true, end: quote + 1)
            }
            escape = next + further
        }
    }

    // MARK: Escapes

    private static func value(of text: Text, _ scratch: Scratch) -> UnsafeRawBufferPointer {
        guard text.hasEscapes else { return text.raw }
        let raw = text.raw
        scratch.clear()
        var index = 0
        while let escape = raw.place(of: .backslash, from: index) {
            scratch.append(raw.part(index, escape))
            index = escape + 2
            guard escape + 1 < raw.count else { break }
            switch raw[escape + 1] {
            case UInt8(ascii: "n"): scratch.append(.newline)
            case UInt8(ascii: "t"): scratch.append(.tab)
            case UInt8(ascii: "r"): scratch.append(.carriageReturn)
            case UInt8(ascii: "b"): scratch.append(8)
            case UInt8(ascii: "f"): scratch.append(12)
            case UInt8(ascii: "u"): index = unicode(raw, escape, scratch)
            case let byte: scratch.append(byte)
            }
        }
        scratch.append(raw.rest(from: index))
        return scratch.bytes
    }

    /// Writes a `\u` escape, with its second half where it has one. Returns the place after it.
    private static func unicode(_ raw: UnsafeRawBufferPointer, _ escape: Int, _ scratch: Scratch) -> Int {
        guard let unit = hexadecimal(raw, escape + 2) else {
            scratch.append(UInt8(ascii: "?"))
            return min(escape + 2, raw.count)
        }
        var units = [unit]
        var end = escape + 6
        if UTF16.isLeadSurrogate(unit), raw.hasByte(.backslash, at: end), raw.hasByte(UInt8(ascii: "u"), at: end + 1),
            let trail = hexadecimal(raw, end + 2), UTF16.isTrailSurrogate(trail)
        {
            units.append(trail)
            end += 6
        }
        for byte in String(decoding: units, as: UTF16.self).utf8 { scratch.append(byte) }
        return end
    }

    private static func hexadecimal(_ raw: UnsafeRawBufferPointer, _ start: Int) -> UInt16? {
        guard start + 4 <= raw.count else { return nil }
        return UInt16(raw.part(start, start + 4).text, radix: 16)
    }
}
