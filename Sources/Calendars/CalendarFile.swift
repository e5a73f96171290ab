// Scheduled events from an iCalendar file (RFC 5545): campaigns, matches and sales are in somebody's calendar already.
//
//   CATEGORIES (the first), else SUMMARY   kind             STATUS:CANCELLED   left out
//   SUMMARY                                label            X-FORESHARD-SEGMENTS (a,b), -UPLIFT (3), -LEAD, -TAIL (45m)
//
// Recurrences have no end, so they are spelt out over a window only, and the reader of the file moves the window along.

import CLibical
import ClusterModel
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The time over which recurring events are spelt out, and how many occurrences that may give.
package struct CalendarWindow: Sendable {
    package let start: Timestamp
    package let end: Timestamp
    package var occurrencesPerEventMax = 5_000
    package var occurrencesMax = 20_000

    package init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = max(start, end)
    }

    var firstSecond: Int { Int(start.milliseconds / 1000) }
    var lastSecond: Int { Int(end.milliseconds / 1000) }
}

/// Reads iCalendar files.
package enum CalendarFile {
    /// libical keeps state for the whole process: errors, zones.
    private static let library = Mutex(())

    /// The events that touch the window, by start.
    ///
    /// - Parameter floatingZone: the Olson name of the zone of all-day events and of times without a zone.
    package static func events(
        path: String, window: CalendarWindow, floatingZone: String
    ) throws(CalendarError) -> [ScheduledEvent] {
        try events(in: try bytes(of: path), file: path, window: window, floatingZone: floatingZone)
    }

    /// Whether a file that begins like this is a calendar, whatever its name.
    package static func isCalendar(path: String) -> Bool {
        if path.lowercased().hasSuffix(".ics") || path.lowercased().hasSuffix(".ical") { return true }
        guard let file = fopen(path, "re") else { return false }
        defer { fclose(file) }
        var beginning = [UInt8](repeating: 0, count: 64)
        let count = fread(&beginning, 1, beginning.count, file)
        let text = String(decoding: beginning[..<count], as: UTF8.self)
        return text.drop { $0 == "\u{FEFF}" || $0.isWhitespace }.uppercased().hasPrefix("BEGIN:VCALENDAR")
    }

    static func events(
        in bytes: [UInt8], file: String, window: CalendarWindow, floatingZone: String
    ) throws(CalendarError) -> [ScheduledEvent] {
        let text = try CalendarText(bytes, file: file)
        return try library.withLock { _ throws(CalendarError) in
            icalerror_set_errors_are_fatal(0)
            return try spelledOut(text, file: file, window: window, floatingZone: floatingZone)
        }
    }

    private static func spelledOut(
        _ text: CalendarText, file: String, window: CalendarWindow, floatingZone: String
    ) throws(CalendarError) -> [ScheduledEvent] {
        let zones = try CalendarZones(text, floatingZone: floatingZone, file: file)
        let events = try text.blocks.filter { $0.kind == .event }.map { block throws(CalendarError) in
            try CalendarEvent(block, zones: zones, file: file)
        }
        let replacing = Dictionary(grouping: events.filter { $0.standsInFor != nil }) { $0.place.uid ?? "" }
        var found: [ScheduledEvent] = []
        for event in events where !event.isCancelled {
            let replaced = event.standsInFor == nil ? (replacing[event.place.uid ?? ""] ?? []) : []
            found += try event.occurrences(in: window, without: replaced.compactMap(\.standsInFor))
            guard found.count <= window.occurrencesMax else {
                throw event.place.error(
                    .tooManyOccurrences,
                    """
                    the file has more than \(window.occurrencesMax) occurrences from \(window.start) to \(window.end): \
                    split it, or leave events out
                    """
                )
            }
        }
        return found.sorted { ($0.start, $0.kind, $0.label) < ($1.start, $1.kind, $1.label) }
    }

    private static func bytes(of path: String) throws(CalendarError) -> [UInt8] {
        func failure(_ code: CalendarError.Code, _ message: String) -> CalendarError {
            CalendarError(code: code, file: path, line: 0, uid: nil, message: message)
        }
        guard let file = fopen(path, "re") else {
            throw failure(
                .cannotOpen,
                "cannot be opened (\(String(cString: strerror(errno)))): check the path and its permissions")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = fread(&part, 1, part.count, file)
            guard ferror(file) == 0 else {
                throw failure(.cannotRead, "cannot be read (\(String(cString: strerror(errno))))")
            }
            guard count > 0 else { return bytes }
            bytes += part[..<count]
            guard bytes.count <= CalendarText.bytesMax else {
                throw failure(.tooLarge, "has more than \(CalendarText.bytesMax >> 20) MiB: is this an iCalendar file?")
            }
        }
    }
}
