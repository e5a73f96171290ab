// What a message of severity LOG says of statements (PostgreSQL's src/backend/tcop/postgres.c, in English):
//
//     statement: SELECT 1                                   log_statement, before a simple query runs
//     execute name: SELECT $1                               log_statement, before a bound statement runs
//     duration: 0.812 ms                                    after what was logged before, or of what nobody logged
//     duration: 0.812 ms  statement: SELECT 1               log_min_duration_statement
//     duration: 0.812 ms  parse name: SELECT $1             also bind, execute, execute fetch from

/// One message, classified. Texts lie in the message.
enum LogMessage {
    enum Phase: Equatable {
        /// A simple query.
        case statement
        case parse
        case bind
        case execute
        /// More rows of what was executed before.
        case fetch
    }

    /// A statement that is about to run; it is a simple query or an execution.
    case started(Phase, UnsafeRawBufferPointer)
    /// A statement, or a phase of one, that took so many microseconds.
    case ended(Phase, UnsafeRawBufferPointer, microseconds: Int64)
    case duration(microseconds: Int64)
    /// auto_explain's: the statement's own line comes too.
    case plan
    /// The session's end.
    case disconnection
    case other
    /// A duration that cannot be read.
    case unreadable

    /// A week: longer is no duration.
    static let microsecondsMax: Int64 = 7 * 86_400 * 1_000_000

    init(_ text: UnsafeRawBufferPointer) {
        if text.begins(with: "duration: ") {
            self = Self.timed(text)
        } else if let (phase, start) = Self.phase(text, at: 0), phase != .parse, phase != .bind {
            self = .started(phase, text.rest(from: start))
        } else if text.begins(with: "disconnection: ") {
            self = .disconnection
        } else {
            self = .other
        }
    }

    /// `duration: 0.812 ms` and what follows it.
    private static func timed(_ text: UnsafeRawBufferPointer) -> LogMessage {
        guard let (microseconds, end) = microseconds(text, from: 10), text.begins(with: " ms", at: end) else {
            return .unreadable
        }
        let rest = end + 3
        if rest == text.count { return .duration(microseconds: microseconds) }
        guard text.begins(with: "  ", at: rest) else { return .unreadable }
        if let (phase, start) = phase(text, at: rest + 2) {
            return .ended(phase, text.rest(from: start), microseconds: microseconds)
        }
        return text.begins(with: "plan:", at: rest + 2) ? .plan : .other
    }

    /// The phase that is named at a place, and where its SQL begins.
    @inline(__always)
    private static func phase(_ text: UnsafeRawBufferPointer, at index: Int) -> (Phase, Int)? {
        if text.begins(with: "statement: ", at: index) { return (.statement, index + 11) }
        let named: (Phase, Int)
        if text.begins(with: "execute fetch from ", at: index) {
            named = (.fetch, index + 19)
        } else if text.begins(with: "execute ", at: index) {
            named = (.execute, index + 8)
        } else if text.begins(with: "bind ", at: index) {
            named = (.bind, index + 5)
        } else if text.begins(with: "parse ", at: index) {
            named = (.parse, index + 6)
        } else {
            return nil
        }
        // A name may hold anything but is a short word in practice; `: ` ends it.
        var colon = text.place(of: UInt8(ascii: ":"), from: named.1)
        while let found = colon, !text.hasByte(.blank, at: found + 1) {
            colon = text.place(of: UInt8(ascii: ":"), from: found + 1)
        }
        return colon.map { (named.0, $0 + 2) }
    }

    /// Milliseconds with three decimals, as microseconds.
    @inline(__always)
    private static func microseconds(_ text: UnsafeRawBufferPointer, from start: Int) -> (Int64, end: Int)? {
        var index = start
        var value: Int64 = 0
        while index < text.count, text[index].isDecimal, value < microsecondsMax {
            value = value * 10 + Int64(text[index] - 0x30)
            index += 1
        }
        guard index > start, text.hasByte(UInt8(ascii: "."), at: index),
            let decimals = text.number(index + 1, index + 4)
        else { return nil }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: 1000)
        guard !overflow, scaled + decimals <= microsecondsMax else { return nil }
        return (scaled + decimals, index + 4)
    }
}
