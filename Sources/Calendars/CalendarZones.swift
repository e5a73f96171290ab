// Time zones by TZID: the file's own VTIMEZONE first, else the system's zone of that name.
import CLibical

/// The zones of one file. Lives inside the lock on libical.
final class CalendarZones {
    private let file: String
    /// Not read before they are asked for: many calendars carry zones that no event is in.
    private var blocks: [String: CalendarText.Block] = [:]
    private var made: [String: OpaquePointer] = [:]
    /// Of times without a zone.
    let floating: OpaquePointer

    init(_ text: CalendarText, floatingZone: String, file: String) throws(CalendarError) {
        self.file = file
        guard let floating = Self.system(floatingZone) else {
            throw CalendarError(
                code: .unknownZone, file: file, line: 0, uid: nil,
                message: """
                    the local time zone `\(floatingZone.prefix(60))` is not known here: install tzdata, or set TZ to one \
                    such as Europe/Berlin
                    """)
        }
        self.floating = floating
        for block in text.blocks where block.kind == .timeZone {
            for line in block.lines where line.uppercased().hasPrefix("TZID") {
                guard let colon = line.firstIndex(of: ":") else { continue }
                blocks[line[line.index(after: colon)...].trimmed] = block
            }
        }
    }

    deinit { for zone in made.values { icaltimezone_free(zone, 1) } }

    /// The zone of a property's TZID; nil when it has none.
    func zone(of property: OpaquePointer, _ place: CalendarPlace) throws(CalendarError) -> OpaquePointer? {
        guard let parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER),
            let text = icalparameter_get_tzid(parameter)
        else { return nil }
        let id = String(cString: text).trimmed
        if let zone = made[id] { return zone }
        if let block = blocks[id] {
            let zone = try Self.zone(block, place: CalendarPlace(file: file, line: block.line))
            made[id] = zone
            return zone
        }
        guard let zone = Self.system(id) else {
            throw place.error(
                .unknownZone,
                """
                has the unknown time zone `\(id.prefix(60))`: name one such as Europe/Berlin, or let the file carry its \
                VTIMEZONE
                """
            )
        }
        return zone
    }

    /// A zone of the system. The name becomes a path, so it must look like a zone's.
    private static func system(_ name: String) -> OpaquePointer? {
        let isName = name.utf8.allSatisfy {
            (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || "/_+-".utf8.contains($0)
        }
        guard isName, name.first?.isLetter == true, name.utf8.count <= 60, !name.contains("//") else { return nil }
        if ["UTC", "GMT", "Etc/UTC", "Etc/GMT", "Z"].contains(name) { return icaltimezone_get_utc_timezone() }
        return icaltimezone_get_builtin_timezone(name)
    }

    private static func zone(_ block: CalendarText.Block, place: CalendarPlace) throws(CalendarError) -> OpaquePointer {
        let component = try ParsedComponent(block.text, kind: ICAL_VTIMEZONE_COMPONENT, place: place)
        let observances = component.children
        guard !observances.isEmpty, observances.allSatisfy(isWhole) else {
            throw place.error(
                .unfitZone, "the time zone lacks a STANDARD or DAYLIGHT part with DTSTART, TZOFFSETFROM and TZOFFSETTO")
        }
        // libical spells out every change of the offset for centuries, so that only yearly ones are harmless.
        guard observances.allSatisfy(isYearly) else {
            throw place.error(
                .unfitZone, "the time zone changes more often than by plain yearly rules: name a zone of the system")
        }
        guard let zone = icaltimezone_new() else { throw place.error(.unfitZone, "the time zone cannot be used") }
        let raw = component.take()
        guard icaltimezone_set_component(zone, raw) != 0 else {
            icalcomponent_free(raw)
            icaltimezone_free(zone, 1)
            throw place.error(.unfitZone, "the time zone has no TZID")
        }
        return zone
    }

    private static func isWhole(_ observance: OpaquePointer) -> Bool {
        let starts = ParsedComponent.properties(ICAL_DTSTART_PROPERTY, of: observance)
        return starts.count == 1 && CalendarTime.isPossible(icalproperty_get_dtstart(starts[0]), years: 1...2500)
            && [ICAL_TZOFFSETFROM_PROPERTY, ICAL_TZOFFSETTO_PROPERTY].allSatisfy {
                ParsedComponent.properties($0, of: observance).count == 1
            }
    }

    private static func isYearly(_ observance: OpaquePointer) -> Bool {
        ParsedComponent.properties(ICAL_RRULE_PROPERTY, of: observance).allSatisfy {
            let rule = icalproperty_get_rrule($0)
            return rule.freq == ICAL_YEARLY_RECURRENCE && rule.rscale == nil && RecurrenceRule.isUnset(rule.by_second.0)
                && RecurrenceRule.isUnset(rule.by_minute.0) && RecurrenceRule.isUnset(rule.by_hour.0)
                && RecurrenceRule.isUnset(rule.by_year_day.0) && RecurrenceRule.isUnset(rule.by_week_no.0)
        }
    }
}
