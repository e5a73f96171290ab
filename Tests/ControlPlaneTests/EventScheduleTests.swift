import ClusterModel
import Foundation
import Logging
import Testing

@testable import ControlPlane

private let now = Timestamp("2026-03-01T00:00:00Z")!
private let hour = Duration.seconds(3600)

private func calendar(_ rule: String) -> String {
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260101T120000Z\nRRULE:\(rule)\nEND:VEVENT\nEND:VCALENDAR\n"
}

private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
}

@Suite struct EventScheduleTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)").path

    private func schedule(segments: [SegmentID] = ["a"]) throws -> EventSchedule {
        var configuration = EventSchedule.Configuration(
            configured: [ScheduledEvent(kind: "own", label: "own", start: now, end: now + hour)], files: [path],
            past: .seconds(28 * 86_400))
        configuration.floatingZone = "UTC"
        return try EventSchedule(
            configuration, segments: segments, at: now,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func theWindowMovesWithTime() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(calendar("FREQ=DAILY"), to: path)
        let schedule = try schedule()
        #expect(schedule.events.first?.label == "own")
        #expect(schedule.events.last?.start == Timestamp("2026-04-29T12:00:00Z"))
        #expect(schedule.events(at: now + hour - .seconds(1)).last?.start == Timestamp("2026-04-29T12:00:00Z"))
        #expect(schedule.events(at: now + hour * 24 * 100).last?.start == Timestamp("2026-08-07T12:00:00Z"))
    }

    @Test func aFileThatBecameWrongLeavesWhatWasKnown() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(calendar("FREQ=DAILY"), to: path)
        let schedule = try schedule()
        let known = schedule.events
        try write("BEGIN:VCALENDAR\n", to: path)
        #expect(schedule.events(at: now + hour) == known)
        let mended = "2026-03-02T00:00:00Z,2026-03-03T00:00:00Z,a,sale,true,mended\n"
        try write("start,end,segment,kind,known_in_advance,label\n" + mended, to: path)
        #expect(schedule.events(at: now + hour * 2).map(\.label) == ["own", "mended"])
    }

    @Test func freezesAreNoLoad() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let freeze = "2026-03-01T02:00:00Z,2026-03-01T03:00:00Z,*,freeze,true,backup\n"
        try write("start,end,segment,kind,known_in_advance,label\n" + freeze, to: path)
        let schedule = try schedule()
        #expect(schedule.events.map(\.label) == ["own", "backup"], "people see all")
        #expect(schedule.events(at: now).map(\.label) == ["own"])
        #expect(schedule.freezes(at: now).map(\.label) == ["backup"])
        #expect(schedule.freezes(at: now + hour * 3).isEmpty)
    }

    @Test func refusesWhatIsWrongAtTheStart() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: (any Error).self) { try schedule() }
        try write(calendar("FREQ=DAILY\nX-FORESHARD-SEGMENTS:b"), to: path)
        #expect(throws: ClusterError.self) { try schedule() }
        #expect(throws: Never.self) { try schedule(segments: ["a", "b"]) }
    }
}
