// Rows of a csvlog, as PostgreSQL 9.0 to 17 write them: 23 columns, 24 from 13 on, 26 from 14 on. A quoted column may
// hold commas, newlines and doubled quotes; it is only copied when it has doubled quotes and is needed.

import ClusterModel

struct CSVReader: EntryReader {
    private struct Field {
        var start = 0
        var end = 0
        var hasDoubledQuotes = false
    }

    /// By their order (PostgreSQL's documentation, section 20.8.4).
    private enum Column {
        static let database = 2
        static let process = 3
        static let session = 5
        static let severity = 11
        static let message = 13
        static let detail = 14
        static let context = 18
        static let query = 19
    }

    private static let columnsMin = 22
    private static let columnsMax = 40

    private var clock: LogClock
    private var fields = Array(repeating: Field(), count: CSVReader.columnsMax)
    private let message = Scratch()
    private let detail = Scratch()
    private let context = Scratch()
    private let query = Scratch()
    /// What comes next belongs to something that is no row.
    private var isSkipping = false

    init(clock: LogClock) { self.clock = clock }

    mutating func next(_ window: UnsafeRawBufferPointer, isEnd: Bool) throws(LogImportError) -> EntryStep {
        if isSkipping { return skipped(window, isEnd) }
        switch cut(window) {
        case .incomplete: return isEnd ? unended(window) : .incomplete
        case .broken: return malformed(.notCSV, window, isEnd)
        case .tooMany: return malformed(.columns, window, isEnd)
        case .row(let columns, let end):
            guard columns >= Self.columnsMin else { return malformed(.columns, window, isEnd) }
            // The time is the first column, and is never quoted.
            guard let (time, _) = try clock.time(window.part(0, fields[0].end)) else {
                return malformed(.noTime, window, isEnd)
            }
            return .entry(entry(window, time), bytes: end, lines: window.part(0, end).count(of: .newline))
        }
    }

    mutating func beginSkipping() { isSkipping = true }

    // MARK: Columns

    private enum Cut {
        case row(columns: Int, end: Int)
        case broken
        case tooMany
        case incomplete
    }

    /// Cuts one row into `fields`.
    @inline(__always)
    private mutating func cut(_ window: UnsafeRawBufferPointer) -> Cut {
        let count = window.count
        return fields.withUnsafeMutableBufferPointer { fields in
            var index = 0
            var column = 0
            while true {
                guard column < Self.columnsMax else { return .tooMany }
                guard index < count else { return .incomplete }
                if window[index] == .quote {
                    let start = index + 1
                    var search = start
                    var isDoubled = false
                    while true {
                        guard let quote = window.place(of: .quote, from: search), quote + 1 < count else {
                            return .incomplete
                        }
                        index = quote + 1
                        if window[index] != .quote { break }
                        isDoubled = true
                        search = index + 1
                    }
                    fields[column] = Field(start: start, end: index - 1, hasDoubledQuotes: isDoubled)
                } else {
                    let start = index
                    while index < count, window[index] != .comma, window[index] != .newline { index += 1 }
                    guard index < count else { return .incomplete }
                    fields[column] = Field(start: start, end: index, hasDoubledQuotes: false)
                }
                column += 1
                switch window[index] {
                case .comma: index += 1
                case .newline: return .row(columns: column, end: index + 1)
                case .carriageReturn where window.hasByte(.newline, at: index + 1):
                    return .row(columns: column, end: index + 2)
                default: return .broken
                }
            }
        }
    }

    private func entry(_ window: UnsafeRawBufferPointer, _ time: Timestamp) -> LogEntry {
        func raw(_ column: Int) -> UnsafeRawBufferPointer { window.part(fields[column].start, fields[column].end) }
        func value(_ column: Int, _ scratch: Scratch) -> UnsafeRawBufferPointer {
            fields[column].hasDoubledQuotes ? Self.undoubled(raw(column), scratch) : raw(column)
        }
        var entry = LogEntry(time: time)
        let session = raw(Column.session)
        entry.session = (session.isEmpty ? raw(Column.process) : session).storedHash()
        entry.database = raw(Column.database)
        entry.severity = LogEntry.Severity(raw(Column.severity))
        entry.message = value(Column.message, message)
        entry.detail = value(Column.detail, detail)
        if entry.severity == .error || entry.severity == .fatal {
            entry.context = value(Column.context, context)
            entry.statement = value(Column.query, query)
        }
        return entry
    }

    private static func undoubled(_ text: UnsafeRawBufferPointer, _ scratch: Scratch) -> UnsafeRawBufferPointer {
        scratch.clear()
        var index = 0
        while let quote = text.place(of: .quote, from: index) {
            scratch.append(text.part(index, quote + 1))
            index = quote + 2
        }
        scratch.append(text.rest(from: index))
        return scratch.bytes
    }

    // MARK: Rows that are none

    /// A row begins after a newline, with a time: so a broken row costs no more than itself.
    private enum Start {
        case at(Int)
        /// Not in the window. So many bytes can be passed; what follows may be the beginning of one.
        case notBefore(Int)
    }

    private static let startBytes = 21

    private static func start(in window: UnsafeRawBufferPointer) -> Start {
        var index = 0
        while let newline = window.place(of: .newline, from: index) {
            index = newline + 1
            if looksLikeStart(window.rest(from: index)) { return .at(index) }
            if window.count - index < startBytes { return .notBefore(newline) }
        }
        return .notBefore(window.count)
    }

    private mutating func malformed(_ reason: MalformedEntry, _ window: UnsafeRawBufferPointer, _ isEnd: Bool)
        -> EntryStep
    {
        isSkipping = true
        guard case .skipped(let bytes, let lines) = skipped(window, isEnd) else {
            // Nothing can be passed yet.
            isSkipping = false
            return .incomplete
        }
        return .malformed(reason, bytes: bytes, lines: lines)
    }

    private mutating func skipped(_ window: UnsafeRawBufferPointer, _ isEnd: Bool) -> EntryStep {
        var end = window.count
        switch Self.start(in: window) {
        case .at(let place):
            end = place
            isSkipping = false
        case .notBefore(let place): if !isEnd { end = place }
        }
        return end > 0 ? .skipped(bytes: end, lines: window.part(0, end).count(of: .newline)) : .incomplete
    }

    /// A row without an end at the log's end: the end may come yet, unless whole rows follow.
    private mutating func unended(_ window: UnsafeRawBufferPointer) -> EntryStep {
        guard case .at(let place) = Self.start(in: window), case .row(let columns, _) = cut(window.rest(from: place)),
            columns >= Self.columnsMin
        else { return .incomplete }
        return .malformed(.notCSV, bytes: place, lines: window.part(0, place).count(of: .newline))
    }

    /// `2026-11-23 08:00:00.123 `.
    static func looksLikeStart(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count >= startBytes && line.number(0, 4) != nil && line[4] == UInt8(ascii: "-")
            && line[7] == UInt8(ascii: "-") && line[10] == .blank && line[13] == UInt8(ascii: ":")
            && line[16] == UInt8(ascii: ":") && line[19] == UInt8(ascii: ".")
    }
}
