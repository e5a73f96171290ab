import ClusterModel
import Testing

@testable import Calendars

/// A calendar around the given lines.
func calendar(_ lines: String) -> String {
    "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n\(lines)\nEND:VCALENDAR\n"
}

func event(_ lines: String) -> String { calendar("BEGIN:VEVENT\nUID:one\n\(lines)\nEND:VEVENT") }

let year2026 = CalendarWindow(start: Timestamp("2026-01-01T00:00:00Z")!, end: Timestamp("2027-01-01T00:00:00Z")!)

func read(
    _ text: String, in window: CalendarWindow = year2026, floatingZone: String = "UTC"
) throws(CalendarError) -> [ScheduledEvent] {
    try CalendarFile.events(in: Array(text.utf8), file: "c.ics", window: window, floatingZone: floatingZone)
}

private func starts(_ text: String, floatingZone: String = "UTC") throws -> [String] {
    try read(text, floatingZone: floatingZone).map(\.start.description)
}

@Suite struct CalendarEventTests {
    @Test func takesWhatAnEventSays() throws {
        let text = event(
            """
            DTSTART:20261127T080000Z\r
            DTEND:20261128T000000Z\r
            SUMMARY:Black Friday\\, all
              shops\r
            CATEGORIES:campaign,retail\r
            DESCRIPTION:\r
            X-FORESHARD-SEGMENTS:shop-01, shop-02\r
            X-FORESHARD-UPLIFT:3.5\r
            X-FORESHARD-LEAD:PT45M\r
            X-FORESHARD-TAIL:2h\r
            BEGIN:VALARM\r
            TRIGGER:-PT15M\r
            ACTION:DISPLAY\r
            END:VALARM\r
            """)
        #expect(
            try read(text) == [
                ScheduledEvent(
                    kind: "campaign", label: "Black Friday, all shops", start: Timestamp("2026-11-27T08:00:00Z")!,
                    end: Timestamp("2026-11-28T00:00:00Z")!, segments: ["shop-01", "shop-02"], uplift: 3.5,
                    lead: .seconds(2700), tail: .seconds(7200))
            ])
    }

    @Test func withoutCategoriesTheSummaryIsTheKind() throws {
        let found = try read(event("DTSTART:20260301T080000Z\nDURATION:PT90M\nSUMMARY: Flash  Sale"))
        #expect(found.map(\.kind) == ["flash-sale"])
        #expect(found.map(\.end.description) == ["2026-03-01T09:30:00Z"])
        #expect(found.first?.segments == nil)
        #expect(try read(event("DTSTART:20260301T080000Z")).map(\.label) == ["event"])
    }

    @Test func cancelledEventsAreLeftOut() throws {
        #expect(try read(event("DTSTART:20260301T080000Z\nSTATUS:CANCELLED")).isEmpty)
        #expect(try read(event("DTSTART:20260301T080000Z\nSTATUS:TENTATIVE")).count == 1)
    }

    @Test func anAllDayEventIsADayOfTheLocalZone() throws {
        let text = event("DTSTART;VALUE=DATE:20260329\nRRULE:FREQ=DAILY;COUNT=2")
        let found = try read(text, floatingZone: "Europe/Berlin")
        #expect(found.map(\.start.description) == ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"])
        #expect(found.map(\.end.description) == ["2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"])
        let long = try read(event("DTSTART;VALUE=DATE:20260601\nDTEND;VALUE=DATE:20260604"))
        #expect(long.map(\.end.description) == ["2026-06-04T00:00:00Z"])
    }

    @Test func aFloatingTimeIsOfTheLocalZone() throws {
        let text = event("DTSTART:20260701T090000\nDURATION:PT1H")
        #expect(try starts(text, floatingZone: "America/New_York") == ["2026-07-01T13:00:00Z"])
        #expect(try starts(text, floatingZone: "Etc/UTC") == ["2026-07-01T09:00:00Z"])
    }
}

@Suite struct CalendarZoneTests {
    @Test(arguments: [("Europe/Berlin", ["06", "06", "05"]), ("America/Argentina/Buenos_Aires", ["10", "10", "10"])])
    func anOlsonNameNeedsNoDefinition(zone: String, hours: [String]) throws {
        let text = event("DTSTART;TZID=\(zone):20260327T070000\nRRULE:FREQ=DAILY;COUNT=3\nDURATION:PT1H")
        #expect(try starts(text) == zip(["27", "28", "29"], hours).map { "2026-03-\($0)T\($1):00:00Z" })
    }

    @Test func bothChangesOfTheClocksKeepLocalTime() throws {
        let text = event(
            """
            DTSTART;TZID=Europe/Berlin:20260101T180000
            DTEND;TZID=Europe/Berlin:20260101T200000
            RRULE:FREQ=WEEKLY;BYDAY=TH
            """
        )
        let found = try read(text)
        #expect(found.count == 53)
        for occurrence in found {
            let isSummer = (Timestamp("2026-03-29T01:00:00Z")!..<Timestamp("2026-10-25T01:00:00Z")!).contains(
                occurrence.start)
            #expect(occurrence.start.description.hasSuffix(isSummer ? "T16:00:00Z" : "T17:00:00Z"))
            #expect(occurrence.end - occurrence.start == .seconds(7200))
        }
    }

    @Test func theFilesOwnZoneComesFirst() throws {
        let zone = """
            BEGIN:VTIMEZONE
            TZID:Moon Standard Time
            BEGIN:STANDARD
            DTSTART:16011028T030000
            RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
            TZOFFSETFROM:+0330
            TZOFFSETTO:+0230
            END:STANDARD
            BEGIN:DAYLIGHT
            DTSTART:16010325T020000
            RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
            TZOFFSETFROM:+0230
            TZOFFSETTO:+0330
            END:DAYLIGHT
            END:VTIMEZONE
            BEGIN:VEVENT
            UID:m
            DTSTART;TZID="Moon Standard Time":20260115T120000
            RRULE:FREQ=MONTHLY;INTERVAL=6;COUNT=2
            END:VEVENT
            """
        #expect(try starts(calendar(zone)) == ["2026-01-15T09:30:00Z", "2026-07-15T08:30:00Z"])
    }

    @Test(arguments: ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe//Berlin", "zone.tab", "Europe"])
    func anUnknownZoneIsRefused(zone: String) {
        let failure = failure(event("DTSTART;TZID=\(zone):20260327T070000"))
        #expect(failure?.code == .unknownZone)
        #expect(failure?.description.hasPrefix("c.ics:4, event one: has the unknown time zone `\(zone)`") == true)
    }
}

@Suite struct RecurrenceTests {
    @Test func exceptionsAreLeftOutAndAnInstanceCanBeMoved() throws {
        let text = calendar(
            """
            BEGIN:VEVENT
            UID:match
            SUMMARY:Match
            DTSTART;TZID=Europe/Berlin:20260302T200000
            DURATION:PT2H
            RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20260318T235959Z
            EXDATE;TZID=Europe/Berlin:20260304T200000
            END:VEVENT
            BEGIN:VEVENT
            UID:match
            SUMMARY:Match, moved
            RECURRENCE-ID;TZID=Europe/Berlin:20260309T200000
            DTSTART;TZID=Europe/Berlin:20260310T180000
            DURATION:PT2H
            END:VEVENT
            BEGIN:VEVENT
            UID:match
            RECURRENCE-ID:20260311T190000Z
            DTSTART;TZID=Europe/Berlin:20260311T200000
            STATUS:CANCELLED
            END:VEVENT
            """)
        let found = try read(text)
        #expect(
            found.map(\.start.description) == [
                "2026-03-02T19:00:00Z", "2026-03-10T17:00:00Z", "2026-03-16T19:00:00Z", "2026-03-18T19:00:00Z",
            ])
        #expect(found[1].label == "Match, moved")
    }

    @Test func datesAreAddedAndWholeDaysExcepted() throws {
        let text = event(
            """
            DTSTART:20260401T120000Z
            DURATION:PT1H
            RRULE:FREQ=DAILY;COUNT=3
            RDATE:20260501T120000Z,20260502T120000Z
            RDATE;VALUE=PERIOD:20260601T120000Z/20260601T150000Z,20260602T120000Z/PT30M
            EXDATE;VALUE=DATE:20260402
            """)
        let found = try read(text)
        #expect(
            found.map(\.start.description) == [
                "2026-04-01T12:00:00Z", "2026-04-03T12:00:00Z", "2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z",
                "2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z",
            ])
        #expect(found.map { $0.end - $0.start } == [60, 60, 60, 60, 180, 30].map { .seconds($0 * 60) })
    }

    @Test func onlyTheWindowIsSpeltOut() throws {
        let window = CalendarWindow(start: Timestamp("2026-05-01T12:30:00Z")!, end: Timestamp("2026-05-03T12:00:00Z")!)
        let daily = event("DTSTART:20000101T120000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")
        #expect(
            try read(daily, in: window).map(\.start.description) == [
                "2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z", "2026-05-03T12:00:00Z",
            ])
        #expect(try read(event("DTSTART:20300101T120000Z\nRRULE:FREQ=DAILY"), in: window).isEmpty)
    }

    @Test func tooManyOccurrencesAreRefused() {
        var window = year2026
        window.occurrencesPerEventMax = 10
        #expect(failure(event("DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY"), in: window)?.code == .tooManyOccurrences)
        window.occurrencesPerEventMax = 400
        window.occurrencesMax = 500
        let daily = "BEGIN:VEVENT\nDTSTART:20260101T000000Z\nRRULE:FREQ=DAILY\nEND:VEVENT"
        #expect(failure(calendar(daily), in: window) == nil)
        #expect(failure(calendar("\(daily)\n\(daily)"), in: window)?.code == .tooManyOccurrences)
    }

    /// Rules that would keep a naive expansion busy for hours.
    @Test(arguments: [
        "FREQ=SECONDLY", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYMINUTE=0,30;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=1;BYSECOND=1,2,3",
    ])
    func rulesWithoutRestAreRefused(rule: String) {
        #expect(failure(event("DTSTART:20260101T000000Z\nRRULE:\(rule)"))?.code == .unfitRule)
    }

    @Test(arguments: [
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMONTH=2;BYMONTHDAY=30",
    ])
    func rulesThatNeverMatchEnd(rule: String) {
        let found = try? read(event("DTSTART:20260101T000000Z\nRRULE:\(rule)"))
        #expect((found?.count ?? 0) <= 1)
    }

    @Test func anHourlyEventOfDecadesIsRefused() {
        #expect(failure(event("DTSTART:19500101T000000Z\nRRULE:FREQ=HOURLY"))?.code == .endless)
    }
}

func failure(_ text: String, in window: CalendarWindow = year2026) -> CalendarError? {
    do {
        _ = try read(text, in: window)
        return nil
    } catch {
        return error
    }
}
