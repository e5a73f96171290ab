import ClusterModel
import Forecasting
import Foundation
import Testing

@testable import ControlPlane

private let start = Timestamp(seconds: 1_000_000)

private func found(
    _ segment: SegmentID, _ kind: Anomaly.Kind = .spike, minute: Int64, seen: Double = 6
) -> SegmentAnomaly {
    let at = start + .seconds(minute * 60)
    return SegmentAnomaly(
        segment: segment,
        anomaly: Anomaly(kind: kind, at: at, since: at - .seconds(300), expected: 2, seen: seen, score: 9))
}

@Suite struct AnomalyViewTests {
    @Test func whatLastsComesFirstAndEachPartNewestFirst() {
        let views = AnomalyView.list(
            told: [found("a", minute: 30), found("b", minute: 40)],
            lasting: [found("c", .levelShift, minute: 10), found("d", .variance, minute: 20)], events: [])
        #expect(views.map(\.segmentID) == ["d", "c", "b", "a"])
        #expect(views.map(\.isOpen) == [true, true, false, false])
    }

    @Test func anOnsetThatTheAuditAndTheForecastKnowIsShownOnce() {
        let shift = found("a", .levelShift, minute: 30)
        let views = AnomalyView.list(told: [shift, found("b", .levelShift, minute: 30)], lasting: [shift], events: [])
        #expect(views.map(\.segmentID) == ["a", "b"])
        #expect(views.map(\.isOpen) == [true, false])
    }

    @Test func anEventIsNamedWhereItReachesIn() {
        func event(_ label: String, _ from: Int64, _ to: Int64, segments: [SegmentID]? = nil) -> ScheduledEvent {
            ScheduledEvent(
                kind: "sale", label: label, start: start + .seconds(from * 60), end: start + .seconds(to * 60),
                segments: segments, tail: .seconds(600))
        }
        func name(_ event: ScheduledEvent) -> String? {
            AnomalyView.list(told: [found("a", minute: 30)], lasting: [], events: [event])[0].event
        }
        #expect(name(event("over", 0, 15)) == nil)
        #expect(name(event("its tail", 0, 16)) == "its tail")
        #expect(name(event("", 29, 90)) == "sale")
        #expect(name(event("later", 30, 90)) == nil)
        #expect(name(event("elsewhere", 0, 90, segments: ["b"])) == nil)
    }

    @Test func nothingWasSeenWhereDataAreMissing() {
        let view = AnomalyView.list(told: [found("a", .missing, minute: 5, seen: 0)], lasting: [], events: [])[0]
        #expect(view.seen == nil && view.kind == "missing data")
    }

    @Test(arguments: Anomaly.Kind.allCases)
    func theAuditKeepsAllOfIt(kind: Anomaly.Kind) throws {
        let anomaly = found("a", kind, minute: 7).anomaly
        let data = try JSONEncoder().encode(AnomalyNote(anomaly))
        #expect(try JSONDecoder().decode(AnomalyNote.self, from: data).anomaly == anomaly)
    }
}
