import ClusterModel

// The map from keys to instances at one epoch. A value that never changes: a session reads one snapshot for each
// statement, and every change makes a new table at the next epoch. Invariant: each position of each group has exactly
// one segment, and each segment exactly one location.

package struct QueryRoutingTable: Sendable {
    package let epoch: Epoch
    package let groups: [ShardGroup]
    /// By group in the order of `groups`, and in the order of the ring within each.
    package let segments: [Segment]
    let rings: [GroupRing]
    private let locations: [SegmentID: InstanceID]

    package init(
        epoch: Epoch,
        groups: [ShardGroup],
        segments: [Segment],
        locations: [SegmentID: InstanceID]
    ) throws(RoutingTableError) {
        try Self.checkNames(groups, segments)
        var rings: [GroupRing] = []
        for group in groups {
            rings.append(try GroupRing(group, segments.filter { $0.group == group.id }, locations, at: epoch))
        }
        self.epoch = epoch
        self.groups = groups
        self.rings = rings
        self.segments = rings.flatMap(\.segments)
        let names = Set(segments.map(\.id))
        self.locations = locations.filter { names.contains($0.key) }
    }

    /// Where a segment is; nil when there is no such segment.
    package subscript(segment: SegmentID) -> InstanceID? { locations[segment] }

    /// The segment that has a position. The group must be one of the table's.
    package func segment(of group: GroupID, at position: Int64) -> Segment {
        guard let ring = rings.first(where: { $0.group.id == group }) else {
            preconditionFailure("the routing table at epoch \(epoch) has no group \(group)")
        }
        return ring.segments[ring.index(of: position)]
    }

    package func segment(_ id: SegmentID) -> Segment? { segments.first { $0.id == id } }

    package func segments(on instance: InstanceID) -> [Segment] { segments.filter { locations[$0.id] == instance } }

    private static func checkNames(_ groups: [ShardGroup], _ segments: [Segment]) throws(RoutingTableError) {
        var groupNames: Set<GroupID> = []
        var tables: [TableName: GroupID] = [:]
        for group in groups {
            guard groupNames.insert(group.id).inserted else { throw .duplicateGroup(group.id) }
            for table in group.tables {
                if let other = tables.updateValue(group.id, forKey: table.table) {
                    throw .duplicateTable(table.table, other, group.id)
                }
            }
        }
        var segmentNames: Set<SegmentID> = []
        for segment in segments {
            guard groupNames.contains(segment.group) else { throw .unknownGroup(segment) }
            guard segmentNames.insert(segment.id).inserted else { throw .duplicateSegment(segment.id) }
        }
    }
}

// MARK: Changes

extension QueryRoutingTable {
    /// The table at the next epoch with one segment elsewhere. The segment must be one of the table's.
    package func relocating(_ segment: SegmentID, to instance: InstanceID) -> QueryRoutingTable {
        precondition(locations[segment] != nil, "the routing table at epoch \(epoch) has no segment \(segment)")
        var locations = locations
        locations[segment] = instance
        do throws(RoutingTableError) {
            return try QueryRoutingTable(epoch: epoch.next, groups: groups, segments: segments, locations: locations)
        } catch {
            preconditionFailure("relocating \(segment) broke the routing table: \(error)")
        }
    }

    /// The table at the next epoch with one segment cut in two after a position; both parts stay where it is.
    package func splitting(
        _ id: SegmentID,
        after position: Int64,
        into parts: (lower: SegmentID, upper: SegmentID)
    ) throws(RoutingTableError) -> QueryRoutingTable {
        guard let segment = segment(id), let location = locations[id] else { throw .unknownSegment(id) }
        guard let (lower, upper) = segment.arc.split(after: position) else {
            throw .notDivisible(segment, after: position)
        }
        return try replacing(
            [id],
            by: [
                Segment(id: parts.lower, group: segment.group, arc: lower),
                Segment(id: parts.upper, group: segment.group, arc: upper),
            ],
            on: location
        )
    }

    /// The table at the next epoch with two neighbours on one instance made one segment.
    package func merging(
        _ first: SegmentID,
        _ second: SegmentID,
        into id: SegmentID
    ) throws(RoutingTableError) -> QueryRoutingTable {
        guard let left = segment(first), let location = locations[first] else { throw .unknownSegment(first) }
        guard let right = segment(second) else { throw .unknownSegment(second) }
        guard locations[second] == location else { throw .notMergeable(left, right, "they are on two instances") }
        guard left.group == right.group, left.arc.upper < .max, left.arc.upper + 1 == right.arc.lower,
            let arc = HashArc(lower: left.arc.lower, upper: right.arc.upper)
        else { throw .notMergeable(left, right, "the second does not follow the first on one ring") }
        return try replacing([first, second], by: [Segment(id: id, group: left.group, arc: arc)], on: location)
    }

    private func replacing(
        _ old: Set<SegmentID>,
        by new: [Segment],
        on location: InstanceID
    ) throws(RoutingTableError) -> QueryRoutingTable {
        var locations = locations.filter { !old.contains($0.key) }
        for segment in new { locations[segment.id] = location }
        return try QueryRoutingTable(
            epoch: epoch.next,
            groups: groups,
            segments: segments.filter { !old.contains($0.id) } + new,
            locations: locations
        )
    }
}

// MARK: Codable

extension QueryRoutingTable: Codable {
    private enum CodingKeys: String, CodingKey { case epoch, groups, segments, locations }

    /// Checks what it reads as `init(epoch:groups:segments:locations:)` does.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let locations = try container.decode([String: InstanceID].self, forKey: .locations)
        try self.init(
            epoch: try container.decode(Epoch.self, forKey: .epoch),
            groups: try container.decode([ShardGroup].self, forKey: .groups),
            segments: try container.decode([Segment].self, forKey: .segments),
            locations: Dictionary(uniqueKeysWithValues: locations.map { (SegmentID($0.key), $0.value) })
        )
    }

    /// `locations` is the map segment_id -> location.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(epoch, forKey: .epoch)
        try container.encode(groups, forKey: .groups)
        try container.encode(segments, forKey: .segments)
        try container.encode(
            Dictionary(uniqueKeysWithValues: locations.map { ($0.key.text, $0.value) }),
            forKey: .locations
        )
    }
}
