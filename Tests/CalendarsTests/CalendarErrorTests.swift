import ClusterModel
import Foundation
import Testing

@testable import Calendars

@Suite struct CalendarErrorTests {
    @Test(
        arguments: [
            ("", CalendarError.Code.notACalendar, 0),
            ("start,end,segment,kind\n", .notACalendar, 1),
            ("BEGIN:VEVENT\nEND:VEVENT\n", .notACalendar, 1),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101T000000Z\n", .notClosed, 2),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", .notClosed, 3),
            ("BEGIN:VCALENDAR\nX:" + String(repeating: "a", count: 70_000), .lineTooLong, 2),
            ("BEGIN:VCALENDAR\nX:\u{0}\nEND:VCALENDAR", .notText, 0),
            (event("SUMMARY:when?"), .noStart, 4),
            (event("DTSTART:tomorrow"), .notUnderstood, 4),
            (event("DTSTART:20261345T250000Z"), .notATime, 4),
            (event("DTSTART:20260229T120000Z"), .notATime, 4),
            (event("DTSTART:20260102T000000Z\nDTEND:20260101T000000Z"), .endsBeforeStart, 4),
            (event("DTSTART:20260102T000000Z\nDTEND:20290101T000000Z"), .lastsTooLong, 4),
            (event("DTSTART:20260102T000000Z\nDURATION:-PT1H"), .lastsTooLong, 4),
            (event("DTSTART:20260102T000000Z\nDURATION:P99999D"), .lastsTooLong, 4),
            (event("DTSTART:20260102T000000Z\nRRULE:FREQ=NEVER"), .notUnderstood, 4),
            (event("DTSTART:20260102T000000Z\nEXDATE:never"), .notUnderstood, 4),
            (event("DTSTART:20260102T000000Z\nEXRULE:FREQ=DAILY"), .unfitRule, 4),
            (event("DTSTART:20260102T000000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260102T000000Z"), .unfitOverride, 4),
            (event("DTSTART:20260102T000000Z\nX-FORESHARD-UPLIFT:0"), .notAnUplift, 4),
            (event("DTSTART:20260102T000000Z\nX-FORESHARD-UPLIFT:nan"), .notAnUplift, 4),
            (event("DTSTART:20260102T000000Z\nX-FORESHARD-LEAD:soon"), .notADuration, 4),
            (event("DTSTART:20260102T000000Z\nX-FORESHARD-TAIL:P30D"), .notADuration, 4),
        ] as [(String, CalendarError.Code, Int)]
    )
    func saysWhatIsWrongAndWhere(text: String, code: CalendarError.Code, line: Int) {
        let failure = failure(text)
        #expect(failure?.code == code, "\(failure.map(\.description) ?? "no error")")
        #expect(failure?.line == line)
        #expect(failure?.file == "c.ics")
    }

    /// libical spells a zone out for centuries: a rule by the second would fill the memory.
    @Test func aZoneThatChangesAllTheTimeIsRefused() {
        let zone = """
            BEGIN:VTIMEZONE
            TZID:Mad
            BEGIN:STANDARD
            DTSTART:16010101T000000
            TZOFFSETFROM:+0100
            TZOFFSETTO:+0200
            RRULE:FREQ=SECONDLY
            END:STANDARD
            END:VTIMEZONE
            BEGIN:VEVENT
            DTSTART;TZID=Mad:20260101T000000
            END:VEVENT
            """
        #expect(failure(calendar(zone))?.code == .unfitZone)
        #expect(failure(calendar(zone))?.line == 4)
        #expect(failure(calendar(zone.replacing("RRULE:FREQ=SECONDLY\n", with: ""))) == nil)
    }

    @Test func readsFilesAndKnowsThemByTheirBeginning() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("calendar-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: CalendarError.self) {
            try CalendarFile.events(path: path, window: year2026, floatingZone: "UTC")
        }
        try Data(("\u{FEFF}" + event("DTSTART:20260301T080000Z")).utf8).write(to: URL(fileURLWithPath: path))
        #expect(CalendarFile.isCalendar(path: path))
        #expect(CalendarFile.isCalendar(path: "/nowhere/Team.ICS"))
        #expect(try CalendarFile.events(path: path, window: year2026, floatingZone: "UTC").count == 1)
        try Data("start,end,segment,kind,known_in_advance,label\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(!CalendarFile.isCalendar(path: path))
    }
}

@Suite struct CalendarMutationTests {
    private static let whole = calendar(
        """
        BEGIN:VTIMEZONE
        TZID:Berlin
        BEGIN:STANDARD
        DTSTART:19701025T030000
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        END:STANDARD
        BEGIN:DAYLIGHT
        DTSTART:19700329T020000
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
        TZOFFSETFROM:+0100
        TZOFFSETTO:+0200
        END:DAYLIGHT
        END:VTIMEZONE
        BEGIN:VEVENT
        UID:match
        SUMMARY:Match\\, final
        CATEGORIES:match,sport
        DTSTART;TZID=Berlin:20260302T200000
        DTEND;TZID=Europe/Berlin:20260302T220000
        RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,WE;WKST=MO;UNTIL=20261231T000000Z
        EXDATE;TZID=Berlin:20260304T200000,20260309T200000
        RDATE;VALUE=PERIOD:20260601T120000Z/PT3H
        X-FORESHARD-SEGMENTS:a,b
        X-FORESHARD-UPLIFT:2.5
        END:VEVENT
        BEGIN:VEVENT
        UID:match
        RECURRENCE-ID;TZID=Berlin:20260311T200000
        DTSTART;VALUE=DATE:20260311
        DURATION:P1DT2H
        RRULE:FREQ=MONTHLY;BYDAY=2TU;BYSETPOS=1;COUNT=5
        STATUS:CONFIRMED
        END:VEVENT
        """)

    @Test func everyTruncationIsReadOrRefused() {
        let bytes = Array(Self.whole.utf8)
        for length in 0..<bytes.count - "\n".utf8.count {
            #expect(throws: CalendarError.self) {
                try CalendarFile.events(
                    in: Array(bytes[..<length]), file: "c.ics", window: year2026, floatingZone: "UTC")
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func noDamageTraps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let whole = Array(Self.whole.utf8)
        let spice = [
            "99999999999", "-1", ";", ":", ",", "=", "\n", "\r\n ", "\"", "BYDAY=", "FREQ=HOURLY", "INTERVAL=",
            "COUNT=",
            "20260229", "\u{FF}", "VALUE=DATE", "VALUE=PERIOD", "TZID=", "BEGIN:VEVENT\n", "END:VEVENT\n", "0", "SKIP=",
            "BYSETPOS=-400",
        ]
        var readable = 0
        for _ in 0..<1_500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 1...127, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
                case 2: bytes.insert(contentsOf: spice.randomElement(using: &random)!.utf8, at: place)
                default:
                    let from = Int.random(in: 0..<bytes.count, using: &random)
                    bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + 20)], at: place)
                }
            }
            let found = try? CalendarFile.events(
                in: bytes, file: "c.ics", window: year2026, floatingZone: "Europe/Berlin")
            for event in found ?? [] { #expect(event.start <= event.end) }
            readable += found == nil ? 0 : 1
        }
        #expect(readable > 50, "the damage is too great to test anything: \(readable)")
    }
}
