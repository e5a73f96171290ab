// Scheduled events: `start,end,segment,kind,known_in_advance,label`; segment `*` means all. What was not known in
// advance labels a trace for measuring detectors and must not reach a forecast, so it is kept apart.

import ClusterModel

/// The events of a trace.
package struct EventTrace: Sendable {
    /// A longer event is taken for a slip in one of its years.
    static let daysMax = 400
    static let header = ["start", "end", "segment", "kind", "known_in_advance", "label"]

    /// What an operator could have put in a calendar.
    package private(set) var scheduled: [ScheduledEvent] = []
    /// What only shows afterwards.
    package private(set) var labelled: [ScheduledEvent] = []

    /// Reads a file of events.
    package init(path: String) throws(TraceError) {
        var rows = try CSVRows(path: path, header: Self.header)
        while let fields = try rows.next() {
            let start = try Self.timestamp(fields[0], column: "start", rows)
            let end = try Self.timestamp(fields[1], column: "end", rows)
            guard start <= end else {
                throw rows.failure(.endsBeforeStart, column: "end", "\(end) is before the start, \(start)")
            }
            guard end - start <= .seconds(Self.daysMax * 86_400) else {
                throw rows.failure(
                    .lastsTooLong, column: "end", "is more than \(Self.daysMax) days after the start: correct one of them")
            }
            let segments = fields[2] == "*" || fields[2].isEmpty ? nil : [SegmentID(fields[2])]
            let event = ScheduledEvent(kind: fields[3], label: fields[5], start: start, end: end, segments: segments)
            switch fields[4] {
            case "true": scheduled.append(event)
            case "false": labelled.append(event)
            default:
                throw rows.failure(
                    .notABoolean,
                    column: "known_in_advance",
                    "`\(fields[4].prefix(40))` is neither `true` nor `false`"
                )
            }
        }
    }

    private static func timestamp(
        _ field: String,
        column: String,
        _ rows: borrowing CSVRows
    ) throws(TraceError) -> Timestamp {
        guard let time = Timestamp(field) else {
            throw rows.failure(
                .notATimestamp,
                column: column,
                "`\(field.prefix(40))` is not a timestamp: write 1998-06-30T14:30:00Z"
            )
        }
        return time
    }
}
