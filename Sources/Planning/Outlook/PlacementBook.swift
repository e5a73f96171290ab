// Which instance carries which segment, and the load that follows from it: now, or once the moves in flight are done.
// Invariant: every segment is on exactly one instance, and each instance's aggregate is that of its members.

import ClusterModel

struct PlacementBook {
    private(set) var locations: [SegmentID: InstanceID]
    private var aggregates: [InstanceID: LoadAggregate]
    private var counts: [InstanceID: Int] = [:]
    private let outlook: Outlook

    init(outlook: Outlook, instances: [InstanceID], locations: [(SegmentID, InstanceID)]) {
        self.outlook = outlook
        self.locations = Dictionary(locations, uniquingKeysWith: { first, _ in first })
        aggregates = [:]
        for instance in instances { aggregates[instance] = outlook.aggregate(of: []) }
        for (segment, instance) in locations {
            aggregates[instance]?.add(outlook[segment])
            counts[instance, default: 0] += 1
        }
    }

    /// What an instance carries; nothing when it is not in the snapshot.
    subscript(instance: InstanceID) -> LoadAggregate { aggregates[instance] ?? outlook.aggregate(of: []) }

    /// Whether it carries any segment.
    func isUsed(_ instance: InstanceID) -> Bool { counts[instance, default: 0] > 0 }

    mutating func move(_ segment: SegmentID, to target: InstanceID) {
        guard let source = locations[segment], source != target else { return }
        aggregates[source]?.remove(outlook[segment])
        aggregates[target]?.add(outlook[segment])
        locations[segment] = target
        counts[source, default: 0] -= 1
        counts[target, default: 0] += 1
    }
}
