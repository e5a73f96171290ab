import ClusterModel
import Foundation
import Testing

@testable import Catalog

/// A path for a catalog in a directory of its own, which is removed when `body` ends.
func withTemporaryPath<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let directory = NSTemporaryDirectory() + "foreshard-catalog-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory + "/catalog.sqlite")
}

func withCatalog<Result>(_ body: (CatalogStore) async throws -> Result) async throws -> Result {
    try await withTemporaryPath { path in try await body(try CatalogStore(path: path, now: { Timestamp(seconds: 7) })) }
}

let shop = ShardGroup(
    id: "shop",
    keyType: .bigint,
    tables: [ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id")]
)

/// Two segments of one group, both on `home-1`.
func twoSegments(epoch: Epoch = .initial, locations: [SegmentID: InstanceID] = ["s1": "home-1", "s2": "home-1"])
    -> RoutingSnapshot
{
    let arcs = HashArc.equalParts(2)
    return RoutingSnapshot(
        epoch: epoch,
        groups: [shop],
        segments: [Segment(id: "s1", group: "shop", arc: arcs[0]), Segment(id: "s2", group: "shop", arc: arcs[1])],
        locations: locations,
        segmentEpochs: ["s1": .initial, "s2": .initial]
    )
}
