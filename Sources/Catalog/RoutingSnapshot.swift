import ClusterModel

/// The whole routing table as stored: groups, their segments, and where each segment is.
package struct RoutingSnapshot: Hashable, Sendable {
    package let epoch: Epoch
    package let groups: [ShardGroup]
    /// By group in the order of `groups`, then by arc.
    package let segments: [Segment]
    package let locations: [SegmentID: InstanceID]
    /// The epoch at which each segment's owner got it: the even value of the owner's register.
    package let segmentEpochs: [SegmentID: Epoch]

    package init(
        epoch: Epoch,
        groups: [ShardGroup],
        segments: [Segment],
        locations: [SegmentID: InstanceID],
        segmentEpochs: [SegmentID: Epoch]
    ) {
        self.epoch = epoch
        self.groups = groups
        self.segments = segments
        self.locations = locations
        self.segmentEpochs = segmentEpochs
    }
}
