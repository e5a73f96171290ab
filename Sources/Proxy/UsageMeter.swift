// What each segment used since the last drain, and what was asked of it. Loop-confined. A batch that touched several
// segments is shared out evenly among them.
//
// The offered load is the number of batches that arrived times the mean busy time of those that ended: while the instance
// keeps up it is the busy time; while batches queue it goes on telling what would be needed.
import ClusterModel

/// What one batch used.
package struct BatchUsage: Sendable, Equatable {
    package var statements = 0
    package var rows = 0
    package var bytes = 0
    package var errors = 0
    package var busySeconds = 0.0
    package var waitingSeconds = 0.0
    package var latencySeconds = 0.0

    package init() {}
}

package struct UsageMeter: Sendable {
    private struct Batches {
        var arrived = 0.0
        var ended = 0.0
        /// Seconds of busy time a batch; of earlier intervals while none has ended in this one.
        var meanBusy = 0.0
    }

    private var usage: [SegmentID: SegmentUsage] = [:]
    private var batches: [SegmentID: Batches] = [:]

    package init() {}

    /// A batch is there; its `record` follows when it was answered.
    package mutating func arrived(for segments: [SegmentID]) {
        for segment in segments { batches[segment, default: Batches()].arrived += 1 / Double(segments.count) }
    }

    package mutating func record(_ batch: BatchUsage, segments: [SegmentID]) {
        let parts = segments.count
        for (index, segment) in segments.enumerated() {
            Self.add(batch, share: index, of: parts, to: &usage[segment, default: SegmentUsage()])
            if batch.busySeconds > 0 { batches[segment, default: Batches()].ended += 1 / Double(parts) }
        }
    }

    /// The usage so far; the meter starts again from nothing.
    package mutating func drain() -> [SegmentID: SegmentUsage] {
        for (segment, count) in batches {
            var next = Batches(meanBusy: count.meanBusy)
            let busy = usage[segment]?.busySeconds ?? 0
            if count.ended > 0 { next.meanBusy = busy / count.ended }
            // Of a segment of which nothing has ever ended, no more is known than what it used.
            let offered = next.meanBusy > 0 ? count.arrived * next.meanBusy : busy
            if offered > 0 { usage[segment, default: SegmentUsage()].offeredSeconds = offered }
            batches[segment] = next
        }
        defer { usage.removeAll(keepingCapacity: true) }
        return usage
    }

    private static func add(_ batch: BatchUsage, share: Int, of parts: Int, to usage: inout SegmentUsage) {
        func whole(_ count: Int) -> Int { count / parts + (share < count % parts ? 1 : 0) }
        usage.statements += whole(batch.statements)
        usage.rows += whole(batch.rows)
        usage.bytes += whole(batch.bytes)
        usage.errors += share == 0 ? batch.errors : 0
        usage.busySeconds += batch.busySeconds / Double(parts)
        usage.waitingSeconds += batch.waitingSeconds / Double(parts)
        usage.latency.record(seconds: batch.latencySeconds)
    }
}
