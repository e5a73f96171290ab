// Logs that are no logs: nothing traps, every byte is passed, and what is whole around the damage is counted.
import ClusterModel
import Foundation
import Testing

@testable import LogImport

@Suite struct HostileLogTests {
    private static let samples = [
        ("work.csv", LogFormat.csvlog), ("work.json", .jsonlog), ("separate.log", .stderr), ("prefixes.log", .stderr),
    ]

    private static func read(_ bytes: [UInt8], _ format: LogFormat, prefix: String?) throws -> ImportReport {
        try withDirectory { directory in
            try write(bytes, to: directory + "/log")
            return try imported([directory + "/log"], prefix: prefix) { options in
                options.format = format
                options.bufferBytes = 200
                options.entryBytesMax = 4000
                options.zoneName = "UTC"
            }.report
        }
    }

    private static func prefix(_ name: String, _ format: LogFormat) -> String? {
        guard format == .stderr else { return nil }
        return name == "prefixes.log" ? LogImportOptions.allEscapes : "%t:%r:%u@%d:[%p]: "
    }

    @Test(arguments: samples)
    func damagedLogsAreReadAroundTheDamage(name: String, format: LogFormat) throws {
        let sample = try Sample.bytes(name)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<60 {
            var bytes = Array(sample.prefix(6000))
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[place...].prefix(300), at: place)
                case 3: bytes.removeSubrange(place..<min(bytes.count, place + 200))
                default: bytes.insert(contentsOf: Array("\",\n\t{}\\'$%".utf8), at: place)
                }
            }
            let report = try Self.read(bytes, format, prefix: Self.prefix(name, format))
            #expect(report.entries > 0)
            #expect(report.malformed.values.allSatisfy { $0.samples.count <= ImportReport.samplesMax })
        }
    }

    @Test(arguments: LogFormat.allCases)
    func randomBytesAreNoLog(format: LogFormat) throws {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<40 {
            let alphabet: [UInt8]? =
                Bool.random(using: &random) ? Array("\"\",\n\t {}:\\2026-11-23 08:00:00.123 UTC LOG:  ".utf8) : nil
            var bytes = (0..<Int.random(in: 1...6000, using: &random)).map { _ in
                alphabet?.randomElement(using: &random) ?? UInt8.random(in: 0...255, using: &random)
            }
            bytes.append(UInt8(ascii: "\n"))
            _ = try Self.read(bytes, format, prefix: format == .stderr ? "%m [%p] " : nil)
        }
    }

    @Test func aBrokenRowCostsOnlyItself() throws {
        let row = { (second: Int, message: String) in
            "2026-11-23 08:00:0\(second).000 UTC,\"u\",\"d\",1,\"h\",s.1,1,\"SELECT\","
                + "2026-11-23 07:00:00 UTC,3/0,0,LOG,00000,"
                + "\"duration: 1.000 ms  statement: \(message)\",,,,,,,,,\"psql\",\"client backend\",,0\n"
        }
        let good = row(1, "SELECT v FROM shop WHERE id = 1")
        let broken = row(2, "SELECT v FROM shop WHERE id = 2").replacing("1.000 ms  st", with: "1.000 \"ms  st")
        let unended =
            row(3, "SELECT v FROM shop WHERE id = 3").replacing("3\",,,,,,,,,", with: "3,,,,,,,,,").prefix(150) + "\n"
        for bad in [broken, String(unended), "\n", "garbage\n", String(good.prefix(40)) + "\n"] {
            let report = try Self.read(Array((good + bad + good + good).utf8), .csvlog, prefix: nil)
            #expect(report.counted.statements == 3, "\(bad)")
            #expect(report.malformed.values.reduce(0) { $0 + $1.count } == 1, "\(bad)")
            #expect(report.malformed.values.first?.samples.first?.hasSuffix("/log:2") == true)
        }
    }

    @Test func anEntryThatNeverEndsIsLeftOut() throws {
        let good =
            "2026-11-23 08:00:01.000 UTC [1] LOG:  duration: 1.000 ms  statement: SELECT v FROM shop WHERE id = 1\n"
        let long =
            "2026-11-23 08:00:01.000 UTC [1] LOG:  statement: SELECT '" + String(repeating: "x", count: 20_000) + "'\n"
        let report = try Self.read(Array((good + long + good).utf8), .stderr, prefix: "%m [%p] ")
        #expect(report.counted.statements == 2)
        #expect(report.malformed[.tooLong] != nil)
    }

    @Test func anEntryFromTheFutureIsDamage() throws {
        let line = { (year: Int) in
            "\(year)-11-23 08:00:01.000 UTC [1] LOG:  duration: 1.000 ms  statement: SELECT v FROM shop WHERE id = 1\n"
        }
        try withDirectory { directory in
            try write((line(2026) + line(2062) + line(2026)).utf8, to: directory + "/log")
            let report = try imported([directory + "/log"]) { $0.timeMax = Timestamp("2027-01-01T00:00:00Z") }.report
            #expect(report.counted.statements == 2 && report.malformed[.future]?.count == 1)
        }
    }

    @Test func aLogMayBeginInsideOfAnEntry() throws {
        for (name, format) in [("work.csv", LogFormat.csvlog), ("work.json", .jsonlog), ("work.log", .stderr)] {
            let bytes = try Sample.bytes(name).dropFirst(900)
            #expect(Array(bytes).withUnsafeBytes { LogFormat.detected(in: $0) } == format)
        }
    }

    @Test func anUnclearZoneNamesItsPlace() throws {
        try withDirectory { directory in
            try write("2026-11-23 08:00:01.000 CST [1] LOG:  hello\n".utf8, to: directory + "/log")
            let error = #expect(throws: LogImportError.self) { try imported([directory + "/log"]) }
            #expect(error?.code == .unknownTimeZone)
            #expect(error?.description.contains("/log") == true && error?.description.contains("--time-zone") == true)
        }
    }

    @Test func whatIsNoLogIsRefusedByName() throws {
        try withDirectory { directory in
            try write("Dear diary,\n".utf8, to: directory + "/diary")
            #expect(throws: LogImportError.self) { try imported([directory + "/diary"]) }
            #expect(throws: LogImportError.self) { try imported([directory + "/nothing"]) }
            let report = try imported([directory]).report
            #expect(report.files.map(\.note) == ["left out: no log of PostgreSQL is recognised in it"])
        }
    }

    @Test func onlyTheDatabaseThatIsAskedFor() throws {
        let all = try imported([Sample.path("work.csv")]).report
        let own = try imported([Sample.path("work.csv")]) { $0.database = "postgres" }.report
        let other = try imported([Sample.path("work.csv")]) { $0.database = "shop" }.report
        #expect(own.counted == all.counted && own.otherDatabases > 0)
        #expect(other.counted.statements == 0 && other.otherDatabases == all.entries)
        try withDirectory { directory in
            try write("2026-11-23 08:00:01.000 UTC [1] LOG:  hello\n".utf8, to: directory + "/log")
            #expect(throws: LogImportError.self) { try imported([directory + "/log"]) { $0.database = "shop" } }
        }
    }
}
