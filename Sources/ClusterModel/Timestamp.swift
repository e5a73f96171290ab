/// A point of the cluster's own time, in milliseconds since 1970-01-01T00:00:00Z.
///
/// Cluster time is wall time, or a faster clock when a replay is accelerated. Every decision uses cluster time;
/// only deadlines of I/O use the machine's clock. Spans of it are `Duration`s.
package struct Timestamp: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(seconds: Int64) { milliseconds = seconds * 1000 }

    package var seconds: Double { Double(milliseconds) / 1000 }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
    package static func + (a: Timestamp, span: Duration) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds + span.wholeMilliseconds)
    }
    package static func - (a: Timestamp, span: Duration) -> Timestamp {
        Timestamp(milliseconds: a.milliseconds - span.wholeMilliseconds)
    }
    package static func - (a: Timestamp, b: Timestamp) -> Duration { .milliseconds(a.milliseconds - b.milliseconds) }

    /// The start of the step of length `step` that this point lies in, counted from 1970.
    package func floored(to step: Duration) -> Timestamp {
        let width = step.wholeMilliseconds
        let remainder = milliseconds % width
        return Timestamp(milliseconds: milliseconds - (remainder < 0 ? remainder + width : remainder))
    }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }
}

extension Timestamp {
    /// ISO 8601 in UTC: `1998-06-30T21:39:00Z`, with milliseconds only when there are some.
    package var description: String {
        let days = (milliseconds - Self.mod(milliseconds, 86_400_000)) / 86_400_000
        let time = Self.mod(milliseconds, 86_400_000)
        let (year, month, day) = Self.civil(fromDays: days)
        let fraction = time % 1000 == 0 ? "" : "." + Self.padded(time % 1000, 3)
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T"
            + "\(Self.padded(time / 3_600_000, 2)):\(Self.padded(time / 60_000 % 60, 2)):\(Self.padded(time / 1000 % 60, 2))"
            + "\(fraction)Z"
    }

    /// Parses `YYYY-MM-DDTHH:MM[:SS[.mmm]]` followed by `Z` or `±HH:MM`; nil for anything else, for a day that its month
    /// does not have, and for an offset that PostgreSQL would refuse too (16 hours or more).
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            return bytes[range].reduce(Int64?(0)) { sum, byte in
                guard let sum, (0x30...0x39).contains(byte) else { return nil }
                return sum * 10 + Int64(byte - 0x30)
            }
        }
        func has(_ character: Character, at index: Int) -> Bool {
            index < bytes.count && bytes[index] == character.asciiValue
        }
        guard let year = number(0..<4), has("-", at: 4), let month = number(5..<7), has("-", at: 7),
            let day = number(8..<10), has("T", at: 10) || has(" ", at: 10),
            let hour = number(11..<13), has(":", at: 13), let minute = number(14..<16),
            (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day), hour < 24, minute < 60
        else { return nil }
        var index = 16
        var millis: Int64 = 0
        if has(":", at: index) {
            guard let second = number(index + 1..<index + 3), second < 61 else { return nil }
            millis = second * 1000
            index += 3
            if has(".", at: index) {
                guard let fraction = number(index + 1..<index + 4) else { return nil }
                millis += fraction
                index += 4
            }
        }
        var offsetMinutes: Int64 = 0
        if has("+", at: index) || has("-", at: index) {
            guard let hours = number(index + 1..<index + 3), has(":", at: index + 3),
                let minutes = number(index + 4..<index + 6), hours < 16, minutes < 60
            else { return nil }
            offsetMinutes = (has("-", at: index) ? -1 : 1) * (hours * 60 + minutes)
            index += 6
        } else if has("Z", at: index) {
            index += 1
        } else {
            return nil
        }
        guard index == bytes.count else { return nil }
        let minutes = Self.days(year: year, month: month, day: day) * 1440 + hour * 60 + minute - offsetMinutes
        milliseconds = minutes * 60_000 + millis
    }

    // Days and civil dates: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        let (nextYear, nextMonth) = month == 12 ? (year + 1, 1) : (year, month + 1)
        return days(year: nextYear, month: nextMonth, day: 1) - days(year: year, month: month, day: 1)
    }

    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func mod(_ value: Int64, _ modulus: Int64) -> Int64 {
        let remainder = value % modulus
        return remainder < 0 ? remainder + modulus : remainder
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Duration {
    /// Whole milliseconds, rounded toward zero.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds as a floating-point number, for arithmetic on measurements.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
