import ClusterModel

/// One group's segments in the order of the ring. Invariant: their arcs cover every position exactly once.
/// A class, because routing looks at it for every statement and a copy of its arrays would cost more than the search.
final class GroupRing: Sendable {
    let group: ShardGroup
    let segments: [Segment]
    /// The decision for each segment, made once.
    let decisions: [RouteDecision]
    /// The first position of each segment, apart from the segments to be searched fast.
    private let lowerBounds: [Int64]

    init(
        _ group: ShardGroup,
        _ segments: [Segment],
        _ locations: [SegmentID: InstanceID],
        at epoch: Epoch
    ) throws(RoutingTableError) {
        let sorted = segments.sorted { $0.arc.lower < $1.arc.lower }
        try Self.checkCover(sorted, group.id)
        var decisions: [RouteDecision] = []
        for segment in sorted {
            guard let location = locations[segment.id] else { throw .unplaced(segment.id) }
            decisions.append(.to(segment, on: location, at: epoch))
        }
        self.group = group
        self.segments = sorted
        self.decisions = decisions
        lowerBounds = sorted.map(\.arc.lower)
    }

    /// The index of the segment that has this position.
    func index(of position: Int64) -> Int {
        var low = 0
        var high = lowerBounds.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lowerBounds[middle] <= position { low = middle } else { high = middle }
        }
        return low
    }

    private static func checkCover(_ segments: [Segment], _ group: GroupID) throws(RoutingTableError) {
        guard let first = segments.first, let last = segments.last else { throw .gap(group, .min, .max) }
        if first.arc.lower > .min { throw .gap(group, .min, first.arc.lower - 1) }
        for (left, right) in zip(segments, segments.dropFirst()) {
            if right.arc.lower <= left.arc.upper { throw .overlap(left, right) }
            // left.arc.upper < right.arc.lower, so it is not the greatest number.
            if right.arc.lower > left.arc.upper + 1 { throw .gap(group, left.arc.upper + 1, right.arc.lower - 1) }
        }
        if last.arc.upper < .max { throw .gap(group, last.arc.upper + 1, .max) }
    }
}
