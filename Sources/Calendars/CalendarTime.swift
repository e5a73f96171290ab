// A time as an event gives it: fields on a wall clock, and the zone of that clock.
import CLibical

/// A wall clock's time in its zone.
struct CalendarTime {
    /// Calendars mean by dates outside these years something else than dates.
    static let years = 1900...2500

    let fields: icaltimetype
    let zone: OpaquePointer

    /// - Parameter fields: as libical read them from `property`, whose TZID says the zone unless they are in UTC.
    init(
        _ fields: icaltimetype, of property: OpaquePointer, zones: CalendarZones, name: String, _ place: CalendarPlace
    ) throws(CalendarError) {
        guard Self.isPossible(fields, years: Self.years) else {
            throw place.error(
                .notATime,
                "\(name) is not a date or time of the years \(Self.years.lowerBound) to \(Self.years.upperBound)")
        }
        let named = try zones.zone(of: property, place)
        zone = icaltime_is_utc(fields) != 0 ? icaltimezone_get_utc_timezone() : named ?? zones.floating
        var fields = fields
        if fields.is_date == 0 { icaltime_set_timezone(&fields, zone) }
        self.fields = fields
    }

    private init(fields: icaltimetype, zone: OpaquePointer) {
        self.fields = fields
        self.zone = zone
    }

    var isDate: Bool { fields.is_date != 0 }

    /// Seconds since 1970. A time that a change of the clocks skips is read as if they had not been changed yet.
    var instant: Int {
        var clock = fields
        clock.is_date = 0
        return Int(icaltime_as_timet_with_zone(clock, zone))
    }

    /// The same time on another day.
    func adding(days: Int) -> CalendarTime {
        var moved = fields
        icaltime_adjust(&moved, Int32(clamping: days), 0, 0, 0)
        return CalendarTime(fields: moved, zone: zone)
    }

    /// The time that the recurrence of this one has come to.
    func at(_ fields: icaltimetype) -> CalendarTime { CalendarTime(fields: fields, zone: zone) }

    /// The day on the wall clock, as a number.
    var day: Int { Int(fields.year) * 10_000 + Int(fields.month) * 100 + Int(fields.day) }

    static func isPossible(_ fields: icaltimetype, years: ClosedRange<Int>) -> Bool {
        years.contains(Int(fields.year)) && (1...12).contains(fields.month)
            && (1...icaltime_days_in_month(fields.month, fields.year)).contains(fields.day)
            && (0...23).contains(fields.hour) && (0...59).contains(fields.minute) && (0...60).contains(fields.second)
    }
}

/// How long an event lasts: days by the wall clock, then seconds by the stopwatch (RFC 5545, section 3.3.6).
struct CalendarLength {
    static let daysMax = 400
    let days: Int
    let seconds: Int

    init(days: Int, seconds: Int) {
        self.days = days
        self.seconds = seconds
    }

    /// Nil when it is negative or longer than an event may last.
    init?(_ duration: icaldurationtype) {
        let wholeDays = Int(duration.weeks) * 7 + Int(duration.days)
        let rest = Int(duration.hours) * 3600 + Int(duration.minutes) * 60 + Int(duration.seconds)
        guard icaldurationtype_is_bad_duration(duration) == 0, duration.is_neg == 0, wholeDays <= Self.daysMax,
            rest <= Self.daysMax * 86_400
        else { return nil }
        days = wholeDays
        seconds = rest
    }

    func end(of start: CalendarTime) -> Int { (days == 0 ? start : start.adding(days: days)).instant + seconds }
}
