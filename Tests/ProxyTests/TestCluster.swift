import ClusterModel
import Proxy
import Routing

/// Two homes and four segments of `kv(k bigint, v text)`.
enum TestCluster {
    static let group = ShardGroup(
        id: "kv", keyType: .bigint, tables: [ShardedTable(table: TableName(name: "kv"), keyColumn: "k")])
    static let instances = [instance("home-1", port: 1), instance("home-2", port: 2)]
    static let segments = zip(0..., HashArc.equalParts(4)).map {
        Segment(id: SegmentID("s\($0.0)"), group: group.id, arc: $0.1)
    }

    static func table(_ instances: [Instance] = instances) throws -> QueryRoutingTable {
        let locations = segments.enumerated().map { ($0.element.id, instances[$0.offset % instances.count].id) }
        return try QueryRoutingTable(
            epoch: .initial, groups: [group], segments: segments, locations: Dictionary(uniqueKeysWithValues: locations)
        )
    }

    static func routed(_ instances: [Instance]) -> [RoutedInstance] {
        instances.map { RoutedInstance(instance: $0, connectionsMax: 8) }
    }

    static func instance(_ id: InstanceID, port: Int) -> Instance {
        Instance(
            id: id, role: .home, zone: "a",
            endpoint: Endpoint(host: "127.0.0.1", port: port, database: "postgres", user: "postgres", password: nil),
            capacity: Load(4), costPerHour: 1)
    }
}
