// The clock that people live by. Loads follow it, so where it is put forward or back the same hour of two days is 23 or
// 25 hours apart. Models need not know: the past is told to them as if the clock had always shown what it shows now.
// An hour that was left out in spring is then missing, and of an hour that came twice in autumn the second counts.

import ClusterModel

/// How far a time zone's clock is ahead of UTC, and since when.
package struct ZoneOffsets: Hashable, Sendable {
    package struct Change: Hashable, Sendable {
        package let at: Timestamp
        /// Local time minus UTC from then on.
        package let offset: Duration

        package init(at: Timestamp, offset: Duration) {
            self.at = at
            self.offset = offset
        }
    }

    private let first: Duration
    private let changes: [Change]

    /// `first` holds before the first of the changes.
    package init(first: Duration = .zero, changes: [Change] = []) {
        self.first = first
        self.changes = changes.sorted { $0.at < $1.at }
    }

    package static let utc = ZoneOffsets()

    /// Local time minus UTC.
    package func offset(at time: Timestamp) -> Duration {
        changes.last { $0.at <= time }?.offset ?? first
    }

    /// When after `start` and before `end` the clock was changed.
    func changes(after start: Timestamp, before end: Timestamp) -> [Timestamp] {
        changes.map(\.at).filter { start < $0 && $0 < end }
    }
}

/// The past by the clock of one moment.
struct PresentClock: Sendable {
    private let zone: ZoneOffsets
    private let now: Timestamp

    init(_ zone: ZoneOffsets, at now: Timestamp) {
        self.zone = zone
        self.now = now
    }

    /// Local time minus UTC now.
    var utcOffset: Duration { zone.offset(at: now) }

    /// How much later the clock of today would have shown a time of the past. Zero for the future: what the clock will
    /// do is not foreseen, which matters only to forecasts that reach over a change.
    private func shift(of time: Timestamp) -> Duration { time < now ? zone.offset(at: time) - utcOffset : .zero }

    /// The same loads where today's clock would have shown them, by whole steps.
    func told(_ series: LoadSeries) -> LoadSeries {
        let changes = zone.changes(after: series.start, before: min(series.end, now))
        guard !changes.isEmpty else { return series }
        let bounds = [series.start] + changes + [series.end]
        var values = [Double](repeating: .nan, count: series.values.count)
        for (from, to) in zip(bounds, bounds.dropFirst()) {
            let moved = Int((shift(of: from) / series.step).rounded())
            let stretch = series.values.indices.clamped(to: series.index(of: from)..<series.index(of: to))
            for index in stretch where values.indices.contains(index + moved) && !series.values[index].isNaN {
                values[index + moved] = series.values[index]
            }
        }
        return LoadSeries(start: series.start, step: series.step, values: values)
    }

    /// The same event when today's clock would have shown it.
    func told(_ event: ScheduledEvent) -> ScheduledEvent {
        ScheduledEvent(
            kind: event.kind, label: event.label, start: event.start + shift(of: event.start),
            end: event.end + shift(of: event.end), segments: event.segments, uplift: event.uplift, lead: event.lead,
            tail: event.tail)
    }
}

extension LoadSeries {
    /// How many steps after the first the step of `time` lies.
    fileprivate func index(of time: Timestamp) -> Int { Self.stepNumber(of: time, step: step) - firstStep }
}
