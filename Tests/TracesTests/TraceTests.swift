import ClusterModel
import Forecasting
import Foundation
import Testing

@testable import Traces

private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString).csv").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

private func failure(_ body: () throws -> Void) -> TraceError? {
    do {
        try body()
        return nil
    } catch {
        return error as? TraceError
    }
}

@Suite struct LoadTraceTests {
    private let header = "timestamp,segment,load\n"

    @Test func readsSegmentsAndGaps() throws {
        let text =
            header + """
                2024-01-01T00:00:00Z,a,1
                2024-01-01T00:05:00Z,a,
                2024-01-01T00:15:00Z,a,4.5\r
                2024-01-01T00:05:00Z,"b, the second",0

                """
        let series = try withFile(text) { try LoadTrace.read(path: $0, step: .seconds(300)) }
        #expect(series.keys.sorted() == ["a", "b, the second"])
        #expect(series["a"]?.values.map { $0.isNaN ? -1 : $0 } == [1, -1, -1, 4.5])
        #expect(series["b, the second"]?.start == Timestamp("2024-01-01T00:05:00Z"))
        #expect(series["b, the second"]?.values == [0])
    }

    @Test(
        arguments: [
            ("", TraceError.Code.wrongHeader, 1, nil),
            ("time,segment,load\n", .wrongHeader, 1, nil),
            ("timestamp,segment,load\n2024-01-01T00:00:00Z,a\n", .wrongColumnCount, 2, nil),
            ("timestamp,segment,load\n\nyesterday,a,1\n", .notATimestamp, 3, "timestamp"),
            ("timestamp,segment,load\n2024-01-01T00:00:00Z,,1\n", .emptySegment, 2, "segment"),
            ("timestamp,segment,load\n2024-01-01T00:00:00Z,a,-1\n", .notALoad, 2, "load"),
            ("timestamp,segment,load\n2024-01-01T00:00:00Z,a,nan\n", .notALoad, 2, "load"),
            ("timestamp,segment,load\n2024-01-01T00:01:00Z,a,1\n", .offTheGrid, 2, "timestamp"),
            (
                "timestamp,segment,load\n2024-01-01T00:05:00Z,a,1\n2024-01-01T00:05:00Z,a,1\n", .notInOrder, 3,
                "timestamp"
            ),
            (
                "timestamp,segment,load\n2024-01-01T00:05:00Z,a,1\n2024-01-01T00:00:00Z,a,1\n", .notInOrder, 3,
                "timestamp"
            ),
            ("timestamp,segment,load\n2024-01-01T00:05:00Z,\"a,1\n", .unclosedQuote, 2, nil),
        ] as [(String, TraceError.Code, Int, String?)]
    )
    func saysWhereItIsWrong(text: String, code: TraceError.Code, line: Int, column: String?) throws {
        try withFile(text) { path in
            let error = failure { _ = try LoadTrace.read(path: path, step: .seconds(300)) }
            #expect(error?.code == code)
            #expect(error?.line == line)
            #expect(error?.column == column)
        }
    }

    @Test func refusesWhatIsNoText() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("trace-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(failure { _ = try LoadTrace.read(path: path, step: .seconds(60)) }?.code == .cannotOpen)
        try Data(repeating: 0xFF, count: 10).write(to: URL(fileURLWithPath: path))
        #expect(failure { _ = try LoadTrace.read(path: path, step: .seconds(60)) }?.code == .notText)
        try Data(repeating: 0x41, count: 300_000).write(to: URL(fileURLWithPath: path))
        #expect(failure { _ = try LoadTrace.read(path: path, step: .seconds(60)) }?.code == .lineTooLong)
    }

    /// Lines lie across the reader's buffers in every way.
    @Test func readsFilesLongerThanItsBuffer() throws {
        let start = Timestamp("2024-01-01T00:00:00Z")!
        let count = 20_000
        let lines = (0..<count).map { "\(start + .seconds(60 * $0)),a,\($0)" }
        let series = try withFile(header + lines.joined(separator: "\n")) {
            try LoadTrace.read(path: $0, step: .seconds(60))
        }
        #expect(series["a"]?.values == (0..<count).map(Double.init))
    }
}

@Suite struct EventTraceTests {
    private let header = "start,end,segment,kind,known_in_advance,label\n"

    @Test func keepsWhatWasKnownApart() throws {
        let text =
            header + """
                2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,*,sale,true,New Year
                2024-01-02T00:00:00Z,2024-01-02T01:00:00Z,a,anomaly,false,"odd, very"
                """
        let events = try withFile(text) { try EventTrace(path: $0) }
        #expect(events.scheduled.map(\.label) == ["New Year"])
        #expect(events.scheduled.first?.segments == nil)
        #expect(events.labelled.map(\.label) == ["odd, very"])
        #expect(events.labelled.first?.segments == ["a"])
    }

    @Test func readsWhatIsExpectedWhereTheHeaderSaysSo() throws {
        let text = """
            start,end,segment,kind,known_in_advance,label,uplift,lead,tail
            2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,*,sale,true,a,2.5,45m,0m
            2024-01-02T00:00:00Z,2024-01-02T01:00:00Z,*,sale,true,b,,,
            """
        let events = try withFile(text) { try EventTrace(path: $0) }.scheduled
        #expect(events.map(\.uplift) == [2.5, nil])
        #expect(events.map(\.lead) == [.seconds(2700), nil])
        #expect(events.map(\.tail) == [.zero, nil])
    }

    @Test(arguments: [
        ("0,,", TraceError.Code.notAnUplift, "uplift"), ("much,,", .notAnUplift, "uplift"),
        ("nan,,", .notAnUplift, "uplift"),
        (",soon,", .notADuration, "lead"), (",,30d", .notADuration, "tail"),
    ])
    func refusesWhatCannotBeExpected(columns: String, code: TraceError.Code, column: String) throws {
        let row = "2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,*,sale,true,a,"
        try withFile("start,end,segment,kind,known_in_advance,label,uplift,lead,tail\n" + row + columns) { path in
            let error = failure { _ = try EventTrace(path: path) }
            #expect(error?.code == code)
            #expect(error?.column == column)
        }
    }

    @Test(arguments: [
        ("x,2024-01-01T01:00:00Z,*,k,true,l", TraceError.Code.notATimestamp, "start"),
        ("2024-01-01T00:00:00Z,y,*,k,true,l", .notATimestamp, "end"),
        ("2024-01-01T02:00:00Z,2024-01-01T01:00:00Z,*,k,true,l", .endsBeforeStart, "end"),
        ("2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,*,k,yes,l", .notABoolean, "known_in_advance"),
    ])
    func saysWhereItIsWrong(row: String, code: TraceError.Code, column: String) throws {
        try withFile(header + row) { path in
            let error = failure { _ = try EventTrace(path: path) }
            #expect(error?.code == code)
            #expect(error?.line == 2)
            #expect(error?.column == column)
        }
    }
}
