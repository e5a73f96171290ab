import ClusterModel
import Testing

@testable import Demonstration

@Suite struct ReplayedDayTests {
    private func replayed(_ name: String, isQuick: Bool = false) throws -> ReplayedDay {
        try ReplayedDay(
            name, isQuick: isQuick, traceStart: #require(Timestamp("1998-06-01T00:00:00Z")),
            traceEnd: #require(Timestamp("1998-07-03T00:00:00Z")))
    }

    @Test func theStandardDayIsTheWholeOne() throws {
        let day = try replayed(ReplayedDay.standard)
        #expect(day.start == Timestamp("1998-06-30T13:30:00Z"))
        #expect(day.end == Timestamp("1998-07-01T00:15:00Z"))
        #expect(day.historyStart == Timestamp("1998-06-02T13:30:00Z"))
        #expect(day.historyDays == 28)
    }

    @Test func anotherDayHasTheSameClockAndTheHistoryThatThereIs() throws {
        let day = try replayed("1998-06-16", isQuick: true)
        #expect(day.start == Timestamp("1998-06-16T13:30:00Z"))
        #expect(day.end == Timestamp("1998-06-16T16:45:00Z"))
        #expect(day.historyStart == Timestamp("1998-06-01T00:00:00Z"))
        #expect(day.historyDays == 15.5625)
    }

    @Test func theFirstAndTheLastDay() throws {
        for name in ["1998-06-15", "1998-07-01"] { #expect(try replayed(name).name == name) }
        #expect(try replayed("1998-07-02", isQuick: true).isQuick)
        #expect(throws: DemonstrationError.self) { try replayed("1998-07-03", isQuick: true) }
    }

    @Test(arguments: ["1998-06-14", "1998-07-02", "1997-06-30", "2026-01-01"])
    func namesTheRange(name: String) {
        #expect {
            try replayed(name)
        } throws: { error in
            "\(error)".contains("\(name) cannot be replayed")
                && "\(error)".hasSuffix("Possible: 1998-06-15 to 1998-07-01")
        }
    }

    @Test(arguments: ["", "30 June", "1998-6-30", "1998-06-31", "1998-06-30T00:00", "tomorrow"])
    func refusesWhatIsNoDay(name: String) {
        #expect {
            try replayed(name)
        } throws: {
            "\($0)" == "`\(name)` is not a day: write it as 1998-06-30"
        }
    }

    @Test func theFilesHoldTheStandardDay() throws {
        let trace = try ReplayedTrace()
        let day = try ReplayedDay(
            ReplayedDay.standard, isQuick: false, traceStart: trace.requests.start, traceEnd: trace.requests.end)
        #expect(trace.requests[day.end] != nil)
        #expect(day.historyDays == 28)
    }
}
