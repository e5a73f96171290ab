// What is out of the ordinary, for people and programs: what was told, from the audit, and what still lasts, from the
// last forecasts. Invariant: an onset is shown once, also when both know of it.
import ClusterModel
import Forecasting

package struct AnomalyView: Codable, Sendable, Equatable {
    package var segmentID: String
    /// `spike`, `level shift`, `changed variance` or `missing data`.
    package var kind: String
    /// The start of the step with which it began, and the end of the one at which it was noticed.
    package var since: String
    package var at: String
    /// Whether it lasts, by the last forecast.
    package var isOpen: Bool
    /// Loads of the step at which it was noticed; `seen` is nil where nothing was measured.
    package var expected: Double
    package var seen: Double?
    /// How many robust standard deviations of recent residuals lie between the two; 0 for missing data.
    package var score: Double
    /// The scheduled event that reaches into it, if there is one.
    package var event: String?
    package var explanation: String
}

/// How many anomalies of a kind were told since the process began, and how many of them last.
package struct AnomalyCountView: Codable, Sendable, Equatable {
    package var kind: String
    package var told: Int
    package var open: Int
}

/// An anomaly as the audit keeps it, in JSON.
struct AnomalyNote: Codable {
    var kind: String
    var since: Timestamp
    var at: Timestamp
    var expected: Double
    var seen: Double
    var score: Double

    init(_ anomaly: Anomaly) {
        kind = anomaly.kind.rawValue
        since = anomaly.since
        at = anomaly.at
        expected = anomaly.expected
        seen = anomaly.seen
        score = anomaly.score
    }

    /// Nil for a kind that this version does not know.
    var anomaly: Anomaly? {
        Anomaly.Kind(rawValue: kind).map {
            Anomaly(kind: $0, at: at, since: since, expected: expected, seen: seen, score: score)
        }
    }
}

/// An anomaly and whose it is.
struct SegmentAnomaly: Equatable {
    let segment: SegmentID
    let anomaly: Anomaly
}

extension AnomalyView {
    /// Those that last first, each part newest first.
    static func list(
        told: [SegmentAnomaly], lasting: [SegmentAnomaly], events: [ScheduledEvent]
    ) -> [AnomalyView] {
        let past = told.filter { !lasting.contains($0) }
        return newestFirst(lasting).map { AnomalyView($0, isOpen: true, events: events) }
            + newestFirst(past).map { AnomalyView($0, isOpen: false, events: events) }
    }

    private static func newestFirst(_ anomalies: [SegmentAnomaly]) -> [SegmentAnomaly] {
        anomalies.sorted { ($1.anomaly.at, $0.segment) < ($0.anomaly.at, $1.segment) }
    }

    private init(_ found: SegmentAnomaly, isOpen: Bool, events: [ScheduledEvent]) {
        let anomaly = found.anomaly
        let event = events.first { event in
            event.concerns(found.segment) && event.start - (event.lead ?? .zero) < anomaly.at
                && event.end + (event.tail ?? .zero) > anomaly.since
        }
        self.init(
            segmentID: found.segment.text, kind: anomaly.kind.rawValue, since: anomaly.since.description,
            at: anomaly.at.description, isOpen: isOpen, expected: anomaly.expected,
            seen: anomaly.kind == .missing ? nil : anomaly.seen, score: anomaly.score,
            event: event.map { $0.label.isEmpty ? $0.kind : $0.label }, explanation: anomaly.explanation)
    }
}
