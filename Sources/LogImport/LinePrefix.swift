// A log_line_prefix as a pattern (PostgreSQL's documentation, section 20.8.3). Escapes of a known form match that form;
// names and the like match as little as the rest of the pattern allows. After `%q` a process without a session prints
// nothing, so the pattern may end there. What follows the prefix must be a severity and `:  `: that is what makes a
// match certain.
//
// Matching goes back when a name was taken too short; `stepsMax` bounds that on hostile lines.

import ClusterModel

/// What a server prints before each entry.
package struct LinePrefix: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case literal([UInt8])
        case escape(Escape)
        /// `%q`
        case sessionsOnly
    }

    /// An escape, by what it looks like in the log.
    enum Escape: Sendable, Equatable {
        /// `%t`, `%m`
        case time
        /// `%n`
        case epoch
        /// `%p`
        case process
        /// `%c`
        case session
        /// `%d`
        case database
        /// `%l`, `%P`, `%x`, `%Q`: a number, or nothing
        case number
        /// `%s`: the time of the session's start
        case sessionStart
        /// `%e`
        case state
        /// `%a`, `%u`, `%r`, `%h`, `%b`, `%i`, `%v`: anything
        case text
    }

    package let pattern: String
    let parts: [Part]

    /// - Throws: when an escape is unknown, or the prefix lacks a time.
    package init(_ pattern: String) throws(LogImportError) {
        self.pattern = pattern
        parts = try Self.parts(of: Array(pattern.utf8), pattern)
        let hasTime = parts.contains { $0 == .escape(.time) || $0 == .escape(.epoch) }
        guard hasTime else {
            throw LogImportError(
                .prefixLacks, "the prefix `\(pattern)` has no time (%t, %m or %n): without one its log tells no load")
        }
    }

    /// Durations on lines of their own belong to a statement of the same session; without this they cannot be told.
    package var namesSessions: Bool { parts.contains { $0 == .escape(.session) || $0 == .escape(.process) } }
    package var namesDatabase: Bool { parts.contains(.escape(.database)) }

    private static func parts(of bytes: [UInt8], _ pattern: String) throws(LogImportError) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
        }
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                literal.append(bytes[index])
                index += 1
                continue
            }
            index += 1
            // Padding: `%-10u`, `%5p`.
            if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
            while index < bytes.count, bytes[index].isDecimal { index += 1 }
            // A lone % at the end prints nothing.
            guard index < bytes.count else { break }
            switch bytes[index] {
            case UInt8(ascii: "%"): literal.append(UInt8(ascii: "%"))
            case UInt8(ascii: "q"):
                flush()
                parts.append(.sessionsOnly)
            case let letter:
                guard let escape = Escape(letter) else {
                    throw LogImportError(
                        .invalidPrefix,
                        "the prefix `\(pattern)` has the unknown escape %\(String(UnicodeScalar(letter))): give it as "
                            + "`SHOW log_line_prefix` prints it")
                }
                flush()
                parts.append(.escape(escape))
            }
            index += 1
        }
        flush()
        return parts
    }
}

extension LinePrefix.Escape {
    fileprivate init?(_ letter: UInt8) {
        switch Character(UnicodeScalar(letter)) {
        case "t", "m": self = .time
        case "n": self = .epoch
        case "p": self = .process
        case "c": self = .session
        case "d": self = .database
        case "l", "P", "x", "Q": self = .number
        case "s": self = .sessionStart
        case "e": self = .state
        case "a", "u", "r", "h", "b", "i", "v", "L": self = .text
        default: return nil
        }
    }
}

extension LinePrefix {
    /// Prefixes that are in use, the more telling ones first: those of the documentation, Debian, pgBadger's manual and
    /// the large hosts.
    static let usual: [String] = [
        "%m [%p] ", "%t [%p] ", "%m [%p] %q%u@%d ", "%t [%p] %q%u@%d ", "%t [%p]: ", "%m [%p]: ",
        "%t:%r:%u@%d:[%p]:", "%m:%r:%u@%d:[%p]:", "%t:%r:%u@%d:[%p]: ",
        "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
        "%t [%p]: user=%u,db=%d,app=%a,client=%h ", "%m [%p]: user=%u,db=%d,app=%a,client=%h ",
        "%t [%p]: [%l-1] user=%u,db=%d,client=%h ", "%t [%p]: [%l-1] user=%u,db=%d ", "%t [%p]: user=%u,db=%d ",
        "%t [%p]: [%l-1] %u@%d ", "%m [%p]: [%l-1] %u@%d ", "%m [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
        "%t [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ", "%t [%p]: db=%d,user=%u,app=%a,client=%h ",
        "%m [%p] %u@%d ", "%t [%p] %u@%d ", "%m [%p] %q%u@%d/%a ", "%m [%p] %q[user=%u,db=%d,app=%a] ",
        "[%p]: [%l-1] db=%d,user=%u,app=%a,client=%h time=%m ", "pid=%p,user=%u,db=%d,app=%a,client=%h,time=%m ",
        "%m [%c] %u@%d ", "%m %u@%d [%p] ", "%t %u@%d [%p] ", "%m %p ", "%t %p ", "%m-%p-%l-%u-%d ", "%t-%c-",
        "%t ", "%m ",
    ]

    /// The usual prefix that most of the lines begin with; nil when none fits at least half of them.
    static func detected(in sample: UnsafeRawBufferPointer) -> LinePrefix? {
        var lines: [UnsafeRawBufferPointer] = []
        var index = 0
        while lines.count < 200, let newline = sample.place(of: .newline, from: index) {
            if sample[index] != .tab { lines.append(sample.part(index, newline)) }
            index = newline + 1
        }
        guard !lines.isEmpty else { return nil }
        var best: (prefix: LinePrefix, count: Int)?
        for pattern in usual {
            guard let prefix = try? LinePrefix(pattern) else { continue }
            let count = lines.count { prefix.match($0) != nil }
            if count > best?.count ?? 0 { best = (prefix, count) }
        }
        guard let best, best.count * 2 >= lines.count else { return nil }
        return best.prefix
    }
}
