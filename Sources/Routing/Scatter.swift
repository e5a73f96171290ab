import ClusterModel
import SQLAnalysis

/// A read of several segments of one group, and who owns which of them.
package struct Scatter: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package let instance: InstanceID
        /// In the order of the ring.
        package let segments: [Segment]
    }

    /// By instance, so that all reads ask the instances in the same order.
    package let parts: [Part]
    /// Nil where the statement's text is still to be planned: its keys lie in several segments.
    package let plan: ScatterPlan?

    package var segments: [SegmentID] { parts.flatMap { $0.segments.map(\.id) } }

    init(_ segments: [Segment], plan: ScatterPlan?, _ table: QueryRoutingTable) {
        let owned = segments.compactMap { segment in table[segment.id].map { ($0, segment) } }
        parts = Dictionary(grouping: owned, by: { $0.0 }).map {
            Part(instance: $0.key, segments: $0.value.map { $0.1 })
        }
        .sorted { $0.instance < $1.instance }
        self.plan = plan
    }
}
