// The small parts: times, prefixes, messages, parameters.
import ClusterModel
import Routing
import Testing

@testable import LogImport

/// Lends a text's bytes.
private func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes { try body($0) }
}

@Suite struct LogClockTests {
    private static func time(_ text: String, zone: String? = nil) throws -> String? {
        var clock = try LogClock(zoneName: zone)
        return try withBytes(text) { try clock.time($0)?.time.description }
    }

    @Test(arguments: [
        ("2026-11-23 08:00:00.123 UTC", "2026-11-23T08:00:00.123Z"),
        ("2026-11-23 08:00:00 GMT", "2026-11-23T08:00:00Z"),
        ("2026-11-23 08:00:00.123 CET", "2026-11-23T07:00:00.123Z"), ("2026-07-23 08:00:00.5 CEST", nil),
        ("2026-07-23 08:00:00.500 CEST", "2026-07-23T06:00:00.500Z"),
        ("2026-11-23 08:00:00 EST", "2026-11-23T13:00:00Z"),
        ("2026-11-23 08:00:00.123 +03", "2026-11-23T05:00:00.123Z"),
        ("2026-11-23 08:00:00.123 -0330", "2026-11-23T11:30:00.123Z"),
        ("2026-02-30 08:00:00 UTC", nil), ("2026-02-28 24:00:00 UTC", nil), ("2026-02-28 23:61:00 UTC", nil),
        ("2026-02-28 23:00:00", nil), ("2026-02-28 23:00:00 ", nil), ("", nil), ("2026-02-28 23:00:00.12", nil),
    ])
    func readsWhatServersPrint(text: String, expected: String?) throws {
        #expect(try Self.time(text) == expected)
    }

    @Test(arguments: ["CST", "IST", "BST", "XYZ", "+99"])
    func anUnclearZoneStopsTheImport(abbreviation: String) {
        #expect(throws: LogImportError.self) { try Self.time("2026-11-23 08:00:00.000 \(abbreviation)") }
    }

    @Test(arguments: [
        ("2026-01-23 08:00:00 CST", "America/Chicago", "2026-01-23T14:00:00Z"),
        ("2026-01-23 08:00:00 CST", "Asia/Shanghai", "2026-01-23T00:00:00Z"),
        ("2026-07-23 08:00:00 CDT", "America/Chicago", "2026-07-23T13:00:00Z"),
        ("2026-07-23 08:00:00 BST", "Europe/London", "2026-07-23T07:00:00Z"),
        ("2026-07-23 08:00:00 IST", "Asia/Kolkata", "2026-07-23T02:30:00Z"),
        // Put back: half past one comes twice, and the abbreviation says which.
        ("2026-11-01 01:30:00 CDT", "America/Chicago", "2026-11-01T06:30:00Z"),
        ("2026-11-01 01:30:00 CST", "America/Chicago", "2026-11-01T07:30:00Z"),
        ("2026-01-23 08:00:00 ABC", "Europe/Berlin", "2026-01-23T07:00:00Z"),
        // What is clear is believed.
        ("2026-01-23 08:00:00 UTC", "Europe/Berlin", "2026-01-23T08:00:00Z"),
    ])
    func aNamedZoneSettlesIt(text: String, zone: String, expected: String) throws {
        #expect(try Self.time(text, zone: zone) == expected)
    }

    @Test func aZoneThatIsNoneIsRefused() {
        #expect(throws: LogImportError.self) { try LogClock(zoneName: "Mars/Olympus") }
    }

    @Test func oneClockReadsManyHours() throws {
        var clock = try LogClock(zoneName: nil)
        for hour in [1, 2, 1, 23, 0] {
            let text = "2026-11-23 \(hour < 10 ? "0" : "")\(hour):10:20.030 UTC"
            let time = try withBytes(text) { try clock.time($0)?.time }
            #expect(time?.description == "\(text.prefix(10))T\(text.dropFirst(11).prefix(12))Z")
        }
    }
}

@Suite struct LinePrefixTests {
    private static func match(_ pattern: String, _ line: String) throws -> (
        database: String?, process: String?, message: String
    )? {
        let prefix = try LinePrefix(pattern)
        return withBytes(line) { bytes in
            prefix.match(bytes).map { match in
                (
                    match.database.map { bytes.part($0.lowerBound, $0.upperBound).trimmed.text },
                    match.process.map { bytes.part($0.lowerBound, $0.upperBound).text },
                    bytes.rest(from: match.message).text
                )
            }
        }
    }

    @Test(arguments: [
        ("%m [%p] ", "2026-11-23 08:00:00.123 UTC [42] LOG:  hello", nil, "42"),
        ("%m [%p] %q%u@%d ", "2026-11-23 08:00:00.123 UTC [42] app@shop LOG:  hello", "shop", "42"),
        ("%m [%p] %q%u@%d ", "2026-11-23 08:00:00.123 UTC [42] LOG:  hello", nil, "42"),
        ("%m [%p] %q%u@%d ", "2026-11-23 08:00:00.123 UTC [42] a b@c@my shop LOG:  hello", "c@my shop", "42"),
        ("%t:%r:%u@%d:[%p]:", "2026-11-23 08:00:00 UTC:10.0.0.1(5432):app@shop:[42]:LOG:  hello", "shop", "42"),
        ("%t:%r:%u@%d:[%p]:", "2026-11-23 08:00:00 +03:10.0.0.1(5432):app@shop:[42]:LOG:  hello", "shop", "42"),
        ("%t:%r:%u@%d:[%p]:", "2026-11-23 08:00:00 UTC::@:[42]:LOG:  hello", "", "42"),
        (
            "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
            "2026-11-23 08:00:00 UTC [42]: [7-1] user=app,db=shop,app=psql, v2,client=::1 LOG:  hello", "shop", "42"
        ),
        ("%-8p|%10d|%m ", "42      |      shop|2026-11-23 08:00:00.123 UTC LOG:  hello", "shop", "42"),
        ("%p%% %n %x %v %P ", "42% 1795418360.341 0 3/65  LOG:  hello", nil, "42"),
    ])
    func matches(pattern: String, line: String, database: String?, process: String?) throws {
        let match = try #require(try Self.match(pattern, line))
        #expect(match.database == database)
        #expect(match.process == process)
        #expect(match.message == "hello")
    }

    @Test(arguments: [
        "", "hello", "2026-11-23 08:00:00.123 UTC [42]", "2026-11-23 08:00:00.123 UTC [x] LOG:  hello",
        "2026-11-23 08:00:00.123 UTC [42] LOG: one blank", "\tLOG:  hello",
    ])
    func doesNotMatch(line: String) throws {
        #expect(try Self.match("%m [%p] ", line) == nil)
    }

    @Test func hostileLinesEnd() throws {
        let prefix = try LinePrefix("%m %a%u%d%h%a%u%d%h ")
        let line = "2026-11-23 08:00:00.123 UTC " + String(repeating: "a ", count: 4000)
        #expect(withBytes(line) { prefix.match($0) } == nil)
    }

    @Test(arguments: ["%z ", "no time", "%p ", ""])
    func refusesWhatTellsNoTime(pattern: String) {
        #expect(throws: LogImportError.self) { try LinePrefix(pattern) }
    }

    @Test func everyUsualPrefixIsRecognisedByItsLines() throws {
        for pattern in LinePrefix.usual {
            let line = pattern.replacing("%m", with: "2026-11-23 08:00:00.123 UTC").replacing(
                "%t", with: "2026-11-23 08:00:00 UTC"
            )
            .replacing("%p", with: "4242").replacing("%q", with: "").replacing("%u", with: "app").replacing(
                "%d", with: "shop"
            )
            .replacing("%r", with: "10.0.0.7(5555)").replacing("%h", with: "10.0.0.7").replacing("%a", with: "web")
            .replacing("%l", with: "3").replacing("%c", with: "6b03e8f6.2ccb")
            let sample = "\(line)LOG:  duration: 1.000 ms  statement: SELECT 1\n"
            let found = try #require(withBytes(sample) { LinePrefix.detected(in: $0) }, "\(pattern)")
            let time = withBytes(sample) { found.match($0)?.time }
            #expect(time != nil, "\(pattern) was taken for \(found.pattern)")
            let wanted = try LinePrefix(pattern)
            #expect(found.namesDatabase == wanted.namesDatabase, "\(pattern) was taken for \(found.pattern)")
            #expect(found.namesSessions == wanted.namesSessions, "\(pattern) was taken for \(found.pattern)")
        }
    }
}

@Suite struct LogMessageTests {
    private static func shown(_ text: String) -> String {
        withBytes(text) { bytes in
            switch LogMessage(bytes) {
            case .started(let phase, let sql): "\(phase) \(sql.text)"
            case .ended(let phase, let sql, let microseconds): "\(phase) \(microseconds) \(sql.text)"
            case .duration(let microseconds): "\(microseconds)"
            case .plan: "plan"
            case .disconnection: "disconnection"
            case .other: "other"
            case .unreadable: "unreadable"
            }
        }
    }

    @Test(arguments: [
        ("statement: SELECT 1", "statement SELECT 1"), ("execute P_0: SELECT $1", "execute SELECT $1"),
        ("execute <unnamed>: SELECT 1", "execute SELECT 1"), ("execute a/b: SELECT 'x: y'", "execute SELECT 'x: y'"),
        ("execute a:b: SELECT 1", "execute SELECT 1"), ("execute fetch from c/d: SELECT 1", "fetch SELECT 1"),
        ("duration: 0.812 ms", "812"), ("duration: 1234.005 ms  statement: SELECT 1", "statement 1234005 SELECT 1"),
        ("duration: 0.001 ms  bind <unnamed>: SELECT $1", "bind 1 SELECT $1"),
        ("duration: 0.001 ms  parse x: SELECT $1", "parse 1 SELECT $1"),
        ("duration: 5.000 ms  plan:\nQuery Text: SELECT 1", "plan"),
        ("duration: 5.0 ms", "unreadable"), ("duration: x ms", "unreadable"),
        ("duration: 99999999999999999999.000 ms", "unreadable"),
        ("duration: 5.000 ms  fastpath function call: 1", "other"), ("duration: 5.000 ms then", "unreadable"),
        ("parse x: SELECT 1", "other"), ("disconnection: session time: 0:00:01", "disconnection"), ("", "other"),
        ("checkpoint starting: time", "other"), ("duration: 3600000.000 ms", "3600000000"),
    ])
    func isWhatItSays(text: String, expected: String) { #expect(Self.shown(text) == expected) }
}

@Suite struct ParameterListTests {
    private static func read(_ text: String, _ wanted: [Int]) -> [String?]? {
        guard case .values(let values) = withBytes(text, { ParameterList.read($0, wanted: wanted) }) else { return nil }
        return values.map { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test func readsWhatIsWanted() {
        #expect(
            Self.read("parameters: $1 = '42', $2 = NULL, $3 = 'it''s, $4 = ''x'''", [1, 2, 3]) == [
                "42", nil, "it's, $4 = 'x'",
            ])
        #expect(Self.read("Parameters: $1 = '42', $2 = 'x'", [2]) == ["", "x"])
        #expect(Self.read("unnamed portal with parameters: $1 = '7'", [1]) == ["7"])
        #expect(Self.read("extended query \"w with x\" with parameters: $1 = ''", [1]) == [""])
    }

    @Test(arguments: [
        "", "parameters: ", "parameters: $2 = '1'", "parameters: $1 = 'open", "parameters: $1 = '1' $2 = '2'", "hint",
    ])
    func doesNotGuess(text: String) {
        #expect(withBytes(text) { ParameterList.read($0, wanted: [1]) } == .missing)
    }

    @Test func aValueThatWasCutOffIsNoKey() {
        #expect(withBytes("parameters: $1 = 'abc...'") { ParameterList.read($0, wanted: [1]) } == .cutOff)
        #expect(Self.read("parameters: $1 = 'abc...', $2 = '7'", [2]) == ["", "7"])
    }
}
