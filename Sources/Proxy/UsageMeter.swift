// What each segment used since the last drain. Loop-confined. A batch that touched several segments is shared out
// evenly among them.
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
    private var usage: [SegmentID: SegmentUsage] = [:]

    package init() {}

    package mutating func record(_ batch: BatchUsage, segments: [SegmentID]) {
        let parts = segments.count
        for (index, segment) in segments.enumerated() {
            Self.add(batch, share: index, of: parts, to: &usage[segment, default: SegmentUsage()])
        }
    }

    /// The usage so far; the meter starts again from nothing.
    package mutating func drain() -> [SegmentID: SegmentUsage] {
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
