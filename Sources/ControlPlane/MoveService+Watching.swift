// Feeds the watch over a move with what the router measured.
//
// Invariant: each measured interval that ends after the last one seen is seen once, however late it was added.
import ClusterModel
import Planning

extension MoveService.Tracked {
    /// - Parameter placement: what each instance owns; the control is on none of the move's two.
    mutating func look(at recent: RecentUsage, placement: [InstanceID: [SegmentID]], now: Timestamp) {
        if let newest = recent.newest, newest > lastSample {
            let order = record.order
            let others = placement.filter { $0.key != order.source && $0.key != order.target }.flatMap(\.value)
            _ = watch.sampled(
                WatchSample(
                    at: newest, moved: CohortSample(recent, of: [order.segment.id], since: lastSample),
                    unmoved: CohortSample(recent, of: others, since: lastSample)))
            lastSample = newest
        }
        _ = watch.timePassed(to: now)
    }

    /// The target owns the segment: what was measured up to now is of before, and the statements that waited too.
    mutating func cutOverCompleted(at now: Timestamp) {
        lastSample = now
        watch.cutOverCompleted(at: now)
    }
}

extension CohortSample {
    /// Statements below which an interval's p99 is chance.
    private static let statementsMin = 10

    init(_ recent: RecentUsage, of segments: [SegmentID], since start: Timestamp?) {
        self.init(recent.usage(of: segments, since: start), over: recent.covered(since: start))
    }

    init(_ usage: SegmentUsage, over covered: Duration) {
        self.init(
            statements: usage.statements, errors: usage.errors,
            p99Seconds: usage.statements >= Self.statementsMin ? usage.latency.quantile(0.99) : nil,
            load: covered > .zero ? usage.load(over: covered).activeSessions : 0)
    }
}
