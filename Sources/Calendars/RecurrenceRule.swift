// The instances of one RRULE. libical walks from DTSTART, so rules with more instances than anybody means are refused.
import CLibical

#if canImport(Glibc)
    import Glibc
#endif

/// A recurrence rule that is safe to walk.
struct RecurrenceRule {
    /// Instances between DTSTART and the end of the window; hourly ones last 22 years.
    static let stepsMax = 200_000

    private let rule: icalrecurrencetype

    init(_ rule: icalrecurrencetype, _ place: CalendarPlace) throws(CalendarError) {
        let hourlyOrLess: [icalrecurrencetype_frequency] = [
            ICAL_HOURLY_RECURRENCE, ICAL_DAILY_RECURRENCE, ICAL_WEEKLY_RECURRENCE, ICAL_MONTHLY_RECURRENCE,
            ICAL_YEARLY_RECURRENCE,
        ]
        guard hourlyOrLess.contains(rule.freq), Self.isUnset(rule.by_second.1), Self.isUnset(rule.by_minute.1) else {
            throw place.error(
                .unfitRule,
                "recurs more than once an hour: use FREQ=HOURLY or rarer, with at most one BYMINUTE and BYSECOND")
        }
        guard rule.rscale == nil else {
            throw place.error(.unfitRule, "recurs by another calendar (RSCALE): write the dates as RDATE")
        }
        guard Self.isUnset(rule.until.year) || CalendarTime.isPossible(rule.until, years: CalendarTime.years) else {
            throw place.error(.unfitRule, "has an UNTIL that is not a date or time")
        }
        self.rule = rule
    }

    /// What libical puts behind the last item of a BYxxx list.
    static func isUnset(_ item: Int16) -> Bool { Int(item) == Int(ICAL_RECURRENCE_ARRAY_MAX.rawValue) }
    private static func isUnset(_ year: Int32) -> Bool { year == 0 }

    /// The instances that start by `last`, in seconds since 1970.
    func instances(of start: CalendarTime, through last: Int, _ place: CalendarPlace) throws(CalendarError)
        -> [CalendarTime]
    {
        guard start.instant <= last else { return [] }
        guard let walk = icalrecur_iterator_new(rule(until: last), start.fields) else {
            throw place.error(.unfitRule, "has an RRULE that contradicts itself: correct it")
        }
        defer { icalrecur_iterator_free(walk) }
        var instances: [CalendarTime] = []
        for _ in 0..<Self.stepsMax {
            let next = icalrecur_iterator_next(walk)
            guard icaltime_is_null_time(next) == 0 else { return instances }
            let instance = start.at(next)
            guard instance.instant <= last else { return instances }
            instances.append(instance)
        }
        throw place.error(
            .endless,
            "recurs more than \(Self.stepsMax) times since its DTSTART: begin it later, or let it recur more rarely")
    }

    /// Ends soon after `last`: libical looks for the next match until a rule's end, or else for five centuries. Two
    /// days are more than any zone is off, because UNTIL need not be in UTC.
    private func rule(until last: Int) -> icalrecurrencetype {
        let soonAfter = last + 2 * 86_400
        guard Self.isUnset(rule.until.year) || Int(icaltime_as_timet(rule.until)) > soonAfter else { return rule }
        var rule = rule
        rule.until = icaltime_from_timet_with_zone(time_t(soonAfter), 0, icaltimezone_get_utc_timezone())
        return rule
    }
}
