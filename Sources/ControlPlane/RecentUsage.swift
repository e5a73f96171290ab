// The last minutes of measurement, for decisions that cannot wait for a forecast and for the watch over a move.
// Bounded: intervals older than the span are forgotten.
import ClusterModel
import DequeModule

package struct RecentUsage: Sendable {
    private struct Interval {
        let end: Timestamp
        let length: Duration
        let usage: [SegmentID: SegmentUsage]
    }

    private let span: Duration
    private var intervals: Deque<Interval> = []

    /// - Parameter span: how far back measurements are kept.
    package init(span: Duration) { self.span = span }

    package mutating func add(_ usage: [SegmentID: SegmentUsage], end: Timestamp, length: Duration) {
        intervals.append(Interval(end: end, length: length, usage: usage))
        while let first = intervals.first, end - first.end >= span { intervals.removeFirst() }
    }

    /// The end of the newest interval. Who takes what is new since the last time remembers this, not the time of looking:
    /// an interval is added some time after its end.
    var newest: Timestamp? { intervals.last?.end }

    /// What the segments used together in the intervals that ended after `start`.
    package func usage(of segments: some Sequence<SegmentID>, since start: Timestamp? = nil) -> SegmentUsage {
        var sum = SegmentUsage()
        for interval in intervals where start.map({ interval.end > $0 }) ?? true {
            for segment in segments {
                if let usage = interval.usage[segment] { sum += usage }
            }
        }
        return sum
    }

    /// The time that the intervals ending after `start` cover.
    package func covered(since start: Timestamp? = nil) -> Duration {
        intervals.filter { interval in start.map { interval.end > $0 } ?? true }.reduce(.zero) { $0 + $1.length }
    }

    /// The mean load of the segments together; zero before anything was measured.
    package func load(of segments: some Sequence<SegmentID>) -> Load {
        let covered = covered()
        return covered > .zero ? usage(of: segments).load(over: covered) : .zero
    }
}
