// Scheduled events: `start,end,segment,kind,known_in_advance,label`; segment `*` means all. The columns
// `uplift,lead,tail` may follow: what is expected of the event, empty where nobody knows. What was not known in advance
// labels a trace for measuring detectors and must not reach a forecast, so it is kept apart.

import ClusterModel

/// The events of a trace.
package struct EventTrace: Sendable {
    /// A longer event is taken for a slip in one of its years.
    static let daysMax = 400
    static let header = ["start", "end", "segment", "kind", "known_in_advance", "label"]
    static let expectation = ["uplift", "lead", "tail"]

    /// What an operator could have put in a calendar.
    package private(set) var scheduled: [ScheduledEvent] = []
    /// What only shows afterwards.
    package private(set) var labelled: [ScheduledEvent] = []

    /// Reads a file of events.
    package init(path: String) throws(TraceError) {
        var rows = try CSVRows(path: path, header: Self.header, optional: Self.expectation)
        while let fields = try rows.next() {
            let start = try Self.timestamp(fields[0], column: "start", rows)
            let end = try Self.timestamp(fields[1], column: "end", rows)
            guard start <= end else {
                throw rows.failure(.endsBeforeStart, column: "end", "\(end) is before the start, \(start)")
            }
            guard end - start <= .seconds(Self.daysMax * 86_400) else {
                throw rows.failure(
                    .lastsTooLong, column: "end",
                    "is more than \(Self.daysMax) days after the start: correct one of them")
            }
            let segments = fields[2] == "*" || fields[2].isEmpty ? nil : [SegmentID(fields[2])]
            let event = ScheduledEvent(
                kind: fields[3], label: fields[5], start: start, end: end, segments: segments,
                uplift: try Self.uplift(fields, rows), lead: try Self.margin(fields, 7, rows),
                tail: try Self.margin(fields, 8, rows))
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

    private static func uplift(_ fields: [String], _ rows: borrowing CSVRows) throws(TraceError) -> Double? {
        guard fields.count > header.count, !fields[6].isEmpty else { return nil }
        guard let factor = Double(fields[6]), ScheduledEvent.uplifts.contains(factor) else {
            throw rows.failure(
                .notAnUplift, column: "uplift",
                "`\(fields[6].prefix(40))` is not a factor from \(ScheduledEvent.upliftsInWords)")
        }
        return factor
    }

    private static func margin(
        _ fields: [String], _ index: Int, _ rows: borrowing CSVRows
    ) throws(TraceError) -> Duration? {
        guard fields.count > header.count, !fields[index].isEmpty else { return nil }
        guard let margin = Duration(text: fields[index]), margin <= ScheduledEvent.marginMax else {
            throw rows.failure(
                .notADuration, column: expectation[index - header.count],
                "`\(fields[index].prefix(40))` is not a length of time such as 45m or 2h, of 7d at most")
        }
        return margin
    }
}
