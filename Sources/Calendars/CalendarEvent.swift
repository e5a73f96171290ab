// One VEVENT: what it is about, when it is, when it recurs.
import CLibical
import ClusterModel

/// An event of a calendar, not yet spelt out into its occurrences.
struct CalendarEvent {
    let place: CalendarPlace
    let isCancelled: Bool
    let start: CalendarTime
    /// The instance of the event with the same UID that this one stands in for.
    let standsInFor: CalendarTime?
    private let length: CalendarLength
    private let rules: [RecurrenceRule]
    private let extraStarts: [(start: CalendarTime, length: CalendarLength?)]
    private let exceptions: [CalendarTime]
    private let kind: String
    private let label: String
    private let segments: [SegmentID]?
    private let expectation: ExpectedEffect

    init(_ block: CalendarText.Block, zones: CalendarZones, file: String) throws(CalendarError) {
        var place = CalendarPlace(file: file, line: block.line)
        let parsed = try ParsedComponent(block.text, kind: ICAL_VEVENT_COMPONENT, place: place)
        place.uid = parsed.text(ICAL_UID_PROPERTY)
        self.place = place
        guard let first = parsed.properties(ICAL_DTSTART_PROPERTY).first else {
            throw place.error(.noStart, "has no DTSTART: say when it begins")
        }
        start = try CalendarTime(icalproperty_get_dtstart(first), of: first, zones: zones, name: "DTSTART", place)
        length = try Self.length(parsed, start: start, zones: zones, place)
        isCancelled = parsed.properties(ICAL_STATUS_PROPERTY).contains {
            icalproperty_get_status($0) == ICAL_STATUS_CANCELLED
        }
        standsInFor = try Self.standsInFor(parsed, zones: zones, place)
        rules = try Self.rules(parsed, place)
        extraStarts = try Self.extraStarts(parsed, zones: zones, place)
        exceptions = try parsed.properties(ICAL_EXDATE_PROPERTY).map { property throws(CalendarError) in
            try CalendarTime(icalproperty_get_exdate(property), of: property, zones: zones, name: "EXDATE", place)
        }
        let summary = parsed.text(ICAL_SUMMARY_PROPERTY)
        kind =
            parsed.text(ICAL_CATEGORIES_PROPERTY).flatMap(Self.firstOfList) ?? summary.map(Self.normalised) ?? "event"
        label = summary ?? kind
        segments = parsed.extra("X-FORESHARD-SEGMENTS").flatMap(Self.segments)
        expectation = try ExpectedEffect(parsed, place)
    }

    // MARK: When

    private static func length(
        _ parsed: borrowing ParsedComponent, start: CalendarTime, zones: CalendarZones, _ place: CalendarPlace
    ) throws(CalendarError) -> CalendarLength {
        if let property = parsed.properties(ICAL_DTEND_PROPERTY).first {
            let end = try CalendarTime(
                icalproperty_get_dtend(property), of: property, zones: zones, name: "DTEND", place)
            return try length(from: start, to: end, place)
        }
        guard let property = parsed.properties(ICAL_DURATION_PROPERTY).first else {
            return CalendarLength(days: start.isDate ? 1 : 0, seconds: 0)
        }
        guard let length = CalendarLength(icalproperty_get_duration(property)) else {
            throw place.error(
                .lastsTooLong,
                "has a DURATION that is negative or longer than \(CalendarLength.daysMax) days: correct it")
        }
        return length
    }

    /// Whole days stay whole days when a later instance has a change of the clocks in it.
    private static func length(
        from start: CalendarTime, to end: CalendarTime, _ place: CalendarPlace
    ) throws(CalendarError) -> CalendarLength {
        let seconds = end.instant - start.instant
        guard seconds >= 0 else {
            throw place.error(.endsBeforeStart, "ends before it starts: correct DTSTART or DTEND")
        }
        guard seconds <= CalendarLength.daysMax * 86_400 else {
            throw place.error(
                .lastsTooLong, "lasts longer than \(CalendarLength.daysMax) days: correct DTSTART or DTEND")
        }
        guard start.isDate, end.isDate else { return CalendarLength(days: 0, seconds: seconds) }
        return CalendarLength(days: (seconds + 43_200) / 86_400, seconds: 0)
    }

    private static func standsInFor(
        _ parsed: borrowing ParsedComponent, zones: CalendarZones, _ place: CalendarPlace
    ) throws(CalendarError) -> CalendarTime? {
        guard let property = parsed.properties(ICAL_RECURRENCEID_PROPERTY).first else { return nil }
        guard icalproperty_get_first_parameter(property, ICAL_RANGE_PARAMETER) == nil else {
            throw place.error(
                .unfitOverride,
                "changes its instance and all later ones (RANGE): end the rule there and begin a new event")
        }
        return try CalendarTime(
            icalproperty_get_recurrenceid(property), of: property, zones: zones, name: "RECURRENCE-ID", place)
    }

    private static func rules(
        _ parsed: borrowing ParsedComponent, _ place: CalendarPlace
    ) throws(CalendarError) -> [RecurrenceRule] {
        guard parsed.properties(ICAL_EXRULE_PROPERTY).isEmpty else {
            throw place.error(.unfitRule, "has an EXRULE, which RFC 5545 did away with: write its dates as EXDATE")
        }
        return try parsed.properties(ICAL_RRULE_PROPERTY).map { property throws(CalendarError) in
            try RecurrenceRule(icalproperty_get_rrule(property), place)
        }
    }

    private static func extraStarts(
        _ parsed: borrowing ParsedComponent, zones: CalendarZones, _ place: CalendarPlace
    ) throws(CalendarError) -> [(start: CalendarTime, length: CalendarLength?)] {
        try parsed.properties(ICAL_RDATE_PROPERTY).map { property throws(CalendarError) in
            let given = icalproperty_get_rdate(property)
            func time(_ fields: icaltimetype) throws(CalendarError) -> CalendarTime {
                try CalendarTime(fields, of: property, zones: zones, name: "RDATE", place)
            }
            guard icaltime_is_null_time(given.time) != 0 else { return (start: try time(given.time), length: nil) }
            let start = try time(given.period.start)
            if icaltime_is_null_time(given.period.end) == 0 {
                return (start: start, length: try length(from: start, to: time(given.period.end), place))
            }
            guard let length = CalendarLength(given.period.duration) else {
                throw place.error(.lastsTooLong, "has an RDATE whose period is negative or too long: correct it")
            }
            return (start: start, length: length)
        }
    }

    // MARK: What

    private static func firstOfList(_ list: String) -> String? {
        list.split(separator: ",").lazy.map(\.trimmed).first { !$0.isEmpty }
    }

    /// `Flash  Sale` and `flash sale` are one kind, `flash-sale`.
    private static func normalised(_ summary: String) -> String {
        summary.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: "-")
    }

    /// Nil, which means all, for `*` and for an empty list.
    private static func segments(_ list: String) -> [SegmentID]? {
        let names = list.split(separator: ",").map { $0.trimmed.filter { $0 != "\\" } }.filter { !$0.isEmpty }
        return names.isEmpty || names == ["*"] ? nil : names.map { SegmentID($0) }
    }
}

extension CalendarEvent {
    /// The occurrences that touch the window.
    ///
    /// - Parameter replaced: instances that another event stands in for.
    func occurrences(
        in window: CalendarWindow, without replaced: [CalendarTime]
    ) throws(CalendarError) -> [ScheduledEvent] {
        let exceptions = exceptions + replaced
        let left = Set(exceptions.filter { !$0.isDate }.map(\.instant))
        let daysLeft = Set(exceptions.filter(\.isDate).map(\.day))
        var lengths: [Int: (start: CalendarTime, length: CalendarLength)] = [start.instant: (start, length)]
        for rule in rules {
            for instance in try rule.instances(of: start, through: window.lastSecond, place) {
                lengths[instance.instant] = (instance, length)
            }
        }
        for extra in extraStarts { lengths[extra.start.instant] = (extra.start, extra.length ?? length) }
        let touching = lengths.filter { first, occurrence in
            first <= window.lastSecond && occurrence.length.end(of: occurrence.start) >= window.firstSecond
                && !left.contains(first) && !daysLeft.contains(occurrence.start.day)
        }
        guard touching.count <= window.occurrencesPerEventMax else {
            throw place.error(
                .tooManyOccurrences,
                """
                occurs more than \(window.occurrencesPerEventMax) times from \(window.start) to \(window.end): let it recur \
                more rarely
                """
            )
        }
        return touching.keys.sorted().compactMap { first in
            touching[first].map { scheduled(from: first, to: max(first, $0.length.end(of: $0.start))) }
        }
    }

    private func scheduled(from first: Int, to last: Int) -> ScheduledEvent {
        ScheduledEvent(
            kind: kind, label: label, start: Timestamp(seconds: Int64(first)), end: Timestamp(seconds: Int64(last)),
            segments: segments, uplift: expectation.uplift, lead: expectation.lead, tail: expectation.tail)
    }
}

/// What the calendar's owner expects of an event.
private struct ExpectedEffect {
    let uplift: Double?
    let lead: Duration?
    let tail: Duration?

    init(_ parsed: borrowing ParsedComponent, _ place: CalendarPlace) throws(CalendarError) {
        if let text = parsed.extra("X-FORESHARD-UPLIFT") {
            guard let factor = Double(text), ScheduledEvent.uplifts.contains(factor) else {
                throw place.error(
                    .notAnUplift,
                    "X-FORESHARD-UPLIFT `\(text.prefix(40))` is not a factor from \(ScheduledEvent.upliftsInWords)")
            }
            uplift = factor
        } else {
            uplift = nil
        }
        lead = try Self.span("X-FORESHARD-LEAD", parsed, place)
        tail = try Self.span("X-FORESHARD-TAIL", parsed, place)
    }

    /// Durations are written as Foreshard's configuration does, `45m`, or as iCalendar does, `PT45M`.
    private static func span(
        _ name: String, _ parsed: borrowing ParsedComponent, _ place: CalendarPlace
    ) throws(CalendarError) -> Duration? {
        guard let text = parsed.extra(name) else { return nil }
        let ours = Duration(text: text)
        let theirs = CalendarLength(icaldurationtype_from_string(text)).map {
            Duration.seconds($0.days * 86_400 + $0.seconds)
        }
        guard let span = ours ?? theirs, span >= .zero, span <= ScheduledEvent.marginMax else {
            throw place.error(
                .notADuration,
                "\(name) `\(text.prefix(40))` is not a length of time such as 45m or PT45M, of 7 days at most")
        }
        return span
    }
}
