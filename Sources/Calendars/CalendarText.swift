// Cuts a calendar into its events and time zones before libical reads each of them, which it does without line numbers.
// Of an event only what Foreshard uses is kept: a real calendar has empty descriptions and private properties that are
// not to the letter, and whatever libical then complains of is an error.

/// The events and time zones of an iCalendar file (RFC 5545), each as text.
struct CalendarText {
    static let bytesMax = 16 << 20
    static let lineBytesMax = 64 * 1024

    struct Block {
        enum Kind { case event, timeZone }
        let kind: Kind
        /// Where it begins, counted from 1.
        let line: Int
        /// Unfolded.
        var lines: [String]
        var text: String { lines.joined(separator: "\r\n") + "\r\n" }
    }

    private static let usedOfEvents: Set<String> = [
        "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS",
        "SUMMARY",
        "CATEGORIES", "X-FORESHARD-SEGMENTS", "X-FORESHARD-UPLIFT", "X-FORESHARD-LEAD", "X-FORESHARD-TAIL",
    ]

    private(set) var blocks: [Block] = []
    private let file: String
    /// The components that are open, outermost first.
    private var open: [(name: String, line: Int)] = []
    private var calendars = 0

    init(_ bytes: [UInt8], file: String) throws(CalendarError) {
        self.file = file
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw error(.notText, line: 0, "is not UTF-8 text: is this an iCalendar file?")
        }
        for (line, text) in try unfolded(bytes) { try read(text, line: line) }
        if let last = open.last {
            throw error(.notClosed, line: last.line, "\(last.name) has no END: the file is cut off, get it whole")
        }
        guard calendars > 0 else {
            throw error(.notACalendar, line: 0, "has no BEGIN:VCALENDAR: is this an iCalendar file?")
        }
    }

    /// The content lines that are not empty, with the number of their first line.
    private func unfolded(_ bytes: [UInt8]) throws(CalendarError) -> [(line: Int, text: String)] {
        var lines: [(line: Int, bytes: [UInt8])] = []
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        for (index, physical) in content.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            let text = physical.last == 13 ? physical.dropLast() : physical
            if let first = text.first, first == 32 || first == 9, !lines.isEmpty {
                lines[lines.count - 1].bytes += text.dropFirst()
            } else if !text.isEmpty {
                lines.append((index + 1, Array(text)))
            }
            guard lines.last.map({ $0.bytes.count <= Self.lineBytesMax }) ?? true else {
                throw error(
                    .lineTooLong, line: index + 1,
                    "is longer than \(Self.lineBytesMax) bytes: is this an iCalendar file?")
            }
        }
        return lines.map { ($0.line, String(decoding: $0.bytes, as: UTF8.self)) }
    }

    private mutating func read(_ text: String, line: Int) throws(CalendarError) {
        let name = text.prefix { $0 != ":" && $0 != ";" }.uppercased()
        let value = text.utf8.firstIndex(of: UInt8(ascii: ":")).map { text[text.index(after: $0)...] } ?? ""
        switch name {
        case "BEGIN": try begin(value.uppercased(), line: line)
        case "END": try end(value.uppercased(), line: line)
        default:
            guard !open.isEmpty else {
                throw error(.notACalendar, line: line, "stands outside of BEGIN:VCALENDAR: is this an iCalendar file?")
            }
            keep(text, isUsedOfEvents: Self.usedOfEvents.contains(name) && !value.isEmpty)
        }
    }

    private mutating func begin(_ name: String, line: Int) throws(CalendarError) {
        guard open.isEmpty == (name == "VCALENDAR"), open.count < 8 else {
            throw error(
                .notACalendar, line: line, "`BEGIN:\(name.prefix(40))` cannot stand here: is this an iCalendar file?")
        }
        open.append((name, line))
        if name == "VCALENDAR" { calendars += 1 }
        if open.count == 2, let kind = Self.kind(name) {
            blocks.append(Block(kind: kind, line: line, lines: ["BEGIN:\(name)"]))
        } else if openKind == .timeZone {
            blocks[blocks.count - 1].lines.append("BEGIN:\(name)")
        }
    }

    private mutating func end(_ name: String, line: Int) throws(CalendarError) {
        guard let last = open.last, last.name == name else {
            let wanted = open.last.map { "END:\($0.name) is expected, of line \($0.line)" } ?? "nothing is open"
            throw error(.notClosed, line: line, "`END:\(name.prefix(40))` closes nothing: \(wanted)")
        }
        if openKind == .timeZone || (openKind == .event && open.count == 2) {
            blocks[blocks.count - 1].lines.append("END:\(name)")
        }
        open.removeLast()
    }

    private mutating func keep(_ text: String, isUsedOfEvents: Bool) {
        if openKind == .timeZone || (openKind == .event && open.count == 2 && isUsedOfEvents) {
            blocks[blocks.count - 1].lines.append(text)
        }
    }

    /// What the present line belongs to; nil when that is of no interest.
    private var openKind: Block.Kind? { open.count >= 2 ? Self.kind(open[1].name) : nil }

    private static func kind(_ name: String) -> Block.Kind? {
        switch name {
        case "VEVENT": .event
        case "VTIMEZONE": .timeZone
        default: nil
        }
    }

    private func error(_ code: CalendarError.Code, line: Int, _ message: String) -> CalendarError {
        CalendarError(code: code, file: file, line: line, uid: nil, message: message)
    }
}
