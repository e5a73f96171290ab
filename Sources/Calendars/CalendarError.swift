/// Why a calendar could not be read: what is wrong, where, and what to do.
package struct CalendarError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case cannotOpen, cannotRead, tooLarge, notText, lineTooLong, notACalendar, notClosed
        case notUnderstood, noStart, notATime, unknownZone, unfitZone, endsBeforeStart, lastsTooLong
        case unfitRule, endless, tooManyOccurrences, unfitOverride, notAnUplift, notADuration
    }

    package let code: Code
    package let file: String
    /// Counted from 1: where the event begins, or the line itself; 0 where no line is to blame.
    package let line: Int
    package let uid: String?
    package let message: String

    package var description: String {
        let place = line == 0 ? file : "\(file):\(line)"
        return place + (uid.map { ", event \($0.prefix(80))" } ?? "") + ": \(message)"
    }
}

/// Where in the file something stands, for errors about it.
struct CalendarPlace {
    let file: String
    let line: Int
    var uid: String?

    func error(_ code: CalendarError.Code, _ message: String) -> CalendarError {
        CalendarError(code: code, file: file, line: line, uid: uid, message: message)
    }
}
