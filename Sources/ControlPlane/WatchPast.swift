// What the watch over a move would have seen of the last minutes, had it begun earlier. A small segment is copied within
// one or two intervals; without this there would be nothing to compare it with after it changed owner.
// Bounded: the last intervals only.
import ClusterModel
import Planning

struct WatchPast: Sendable {
    private struct Interval {
        let at: Timestamp
        let segments: [InstanceID: [SegmentID: CohortSample]]
        /// Of everything that is on none but this instance, by instance.
        let others: [InstanceID: CohortSample]
    }

    static let intervalsMax = 10

    private var intervals: [Interval] = []

    /// The end of the newest interval.
    var newest: Timestamp? { intervals.last?.at }

    /// - Parameter recent: what was measured; from it, what came after the last call. Nothing new adds nothing.
    mutating func add(_ recent: RecentUsage, placement: [InstanceID: [SegmentID]]) {
        let since = intervals.last?.at
        guard let newest = recent.newest, since.map({ newest > $0 }) ?? true else { return }
        let segments = placement.mapValues { own in
            Dictionary(
                own.map { ($0, CohortSample(recent, of: [$0], since: since)) }, uniquingKeysWith: { first, _ in first })
        }
        let covered = recent.covered(since: since)
        let sums = placement.mapValues { recent.usage(of: $0, since: since) }
        let others = sums.keys.map { instance in
            (instance, sums.reduce(into: SegmentUsage()) { if $1.key != instance { $0 += $1.value } })
        }
        intervals.append(
            Interval(
                at: newest, segments: segments,
                others: Dictionary(
                    others.map { ($0, CohortSample($1, over: covered)) }, uniquingKeysWith: { first, _ in first })))
        if intervals.count > Self.intervalsMax { intervals.removeFirst() }
    }

    /// Of a segment that is about to leave an instance, for as long as it was there; oldest first.
    func samples(of segment: SegmentID, leaving source: InstanceID) -> [WatchSample] {
        intervals.compactMap { interval in
            guard let moved = interval.segments[source]?[segment], let unmoved = interval.others[source] else {
                return nil
            }
            return WatchSample(at: interval.at, moved: moved, unmoved: unmoved)
        }
    }
}
