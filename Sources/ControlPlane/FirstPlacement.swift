// The routing table of a catalog that has none yet: each group's ring in equal arcs, placed on the homes by consistent
// hashing with bounded loads. Afterwards the catalog is the truth, and the configuration has to agree with it.
import Catalog
import ClusterModel
import Foundation
import Routing
import Settings

package struct FirstPlacement {
    private static let homesSetting = "segment_homes"

    let configuration: Configuration

    /// The stored table; the first one is made and stored when there is none.
    func loadOrMake(in catalog: CatalogStore) throws -> RoutingSnapshot {
        guard let stored = try catalog.routing(), !stored.segments.isEmpty else { return try make(in: catalog) }
        let configured = configuration.groups.map(\.group)
        guard Set(stored.groups) == Set(configured) else {
            throw ClusterError(
                """
                the groups in the configuration are not those in the catalog (\(stored.groups.map(\.id.text).joined(separator: ", "))). \
                Groups cannot be changed yet once data is placed by them: restore the earlier configuration, or begin \
                with a new data_directory.
                """)
        }
        return stored
    }

    /// Where each segment lives in ordinary times.
    func homes(in catalog: CatalogStore) throws -> [SegmentID: InstanceID] {
        guard let text = try catalog.setting(Self.homesSetting) else { return [:] }
        return try JSONDecoder().decode([String: InstanceID].self, from: Data(text.utf8))
            .reduce(into: [:]) { $0[SegmentID($1.key)] = $1.value }
    }

    /// The table that a first start would make.
    package static func table(of configuration: Configuration) throws -> QueryRoutingTable {
        try QueryRoutingTable(snapshot(of: configuration))
    }

    private static func snapshot(of configuration: Configuration) -> RoutingSnapshot {
        let segments = configuration.groups.flatMap { Self.segments(of: $0) }
        let capacities = Dictionary(
            uniqueKeysWithValues: configuration.instances.map { ($0.instance.id, $0.instance.capacity.activeSessions) })
        return RoutingSnapshot(
            epoch: .initial, groups: configuration.groups.map(\.group), segments: segments,
            locations: Placement.initial(segments: segments, homes: capacities),
            segmentEpochs: Dictionary(uniqueKeysWithValues: segments.map { ($0.id, .initial) }))
    }

    private func make(in catalog: CatalogStore) throws -> RoutingSnapshot {
        let snapshot = Self.snapshot(of: configuration)
        _ = try QueryRoutingTable(snapshot)
        // The homes first: without a table the next start makes both again.
        let homes = Dictionary(uniqueKeysWithValues: snapshot.locations.map { ($0.key.text, $0.value) })
        try catalog.set(Self.homesSetting, to: String(decoding: JSONEncoder().encode(homes), as: UTF8.self))
        try catalog.save(snapshot, replacing: try catalog.routing()?.epoch)
        return snapshot
    }

    /// Equal arcs, named `<group>-<number>` with as many digits as the last one needs.
    package static func segments(of settings: GroupSettings) -> [Segment] {
        let width = String(settings.segments - 1).count
        return HashArc.equalParts(settings.segments).enumerated().map { index, arc in
            let number = String(repeating: "0", count: width - String(index).count) + String(index)
            return Segment(id: SegmentID("\(settings.group.id)-\(number)"), group: settings.group.id, arc: arc)
        }
    }
}
