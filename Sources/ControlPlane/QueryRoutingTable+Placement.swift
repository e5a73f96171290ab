import ClusterModel
import Routing

extension QueryRoutingTable {
    /// Where one of this table's own segments is.
    func owner(of segment: Segment) -> InstanceID {
        guard let owner = self[segment.id] else {
            preconditionFailure("\(segment.id) is not in the table it came from")
        }
        return owner
    }

    /// The segments of each instance that has any.
    var placement: [InstanceID: [SegmentID]] {
        Dictionary(grouping: segments, by: owner(of:)).mapValues { $0.map(\.id) }
    }
}
