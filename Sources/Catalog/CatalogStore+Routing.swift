import ClusterModel
import GRDB

extension CatalogStore {
    /// Nil before the first table was saved.
    package func routing() throws -> RoutingSnapshot? { try database.read(Self.routing) }

    /// Replaces the whole table, if its epoch still is `expected` (nil: there is none yet). A segment of an unfinished
    /// move has to stay as it is: only the move may change its location.
    package func save(_ snapshot: RoutingSnapshot, replacing expected: Epoch?) throws {
        try database.write { db in
            let present = try Self.routing(db)
            guard present?.epoch == expected else {
                throw CatalogError(
                    .conflict,
                    "the routing table is at epoch \(Self.text(present?.epoch)), not \(Self.text(expected))."
                )
            }
            if let expected, snapshot.epoch <= expected {
                throw CatalogError(.conflict, "epoch \(snapshot.epoch) does not come after \(expected).")
            }
            try Self.refuseChangeUnderMove(from: present, to: snapshot, db)
            try Self.replace(with: snapshot, db)
        }
    }

    private static func routing(_ db: Database) throws -> RoutingSnapshot? {
        guard let epoch = try Int64.fetchOne(db, sql: "SELECT epoch FROM cluster") else { return nil }
        let groups = try String.fetchAll(db, sql: "SELECT definition FROM groups ORDER BY position")
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT s.* FROM segments s JOIN groups g ON g.id = s.group_id ORDER BY g.position, s.lower"
        )
        let segments = try rows.map(segment)
        return RoutingSnapshot(
            epoch: Epoch(epoch),
            groups: try groups.map { try fromJSON(ShardGroup.self, $0) },
            segments: segments,
            locations: Dictionary(
                uniqueKeysWithValues: zip(segments, rows).map { ($0.id, InstanceID($1["location"])) }
            ),
            segmentEpochs: Dictionary(uniqueKeysWithValues: zip(segments, rows).map { ($0.id, Epoch($1["epoch"])) })
        )
    }

    private static func segment(_ row: Row) throws -> Segment {
        guard let arc = HashArc(lower: row["lower"], upper: row["upper"]) else { throw unreadable("an arc", row["id"]) }
        return Segment(id: SegmentID(row["id"]), group: GroupID(row["group_id"]), arc: arc)
    }

    private static func replace(with snapshot: RoutingSnapshot, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM segments; DELETE FROM groups")
        for (position, group) in snapshot.groups.enumerated() {
            try db.execute(
                sql: "INSERT INTO groups (id, position, definition) VALUES (?, ?, ?)",
                arguments: [group.id.text, position, try jsonText(group)]
            )
        }
        for segment in snapshot.segments {
            guard let location = snapshot.locations[segment.id], let epoch = snapshot.segmentEpochs[segment.id] else {
                throw CatalogError(.conflict, "segment \(segment.id) has no location or no epoch.")
            }
            try db.execute(
                sql: """
                    INSERT INTO segments (id, group_id, lower, upper, location, epoch) VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    segment.id.text, segment.group.text, segment.arc.lower, segment.arc.upper, location.text,
                    epoch.number,
                ]
            )
        }
        try db.execute(sql: "UPDATE cluster SET epoch = ?", arguments: [snapshot.epoch.number])
    }

    private static func refuseChangeUnderMove(
        from present: RoutingSnapshot?,
        to next: RoutingSnapshot,
        _ db: Database
    ) throws {
        guard let present else { return }
        let moving = try String.fetchAll(db, sql: "SELECT segment FROM moves WHERE is_over = 0").map { SegmentID($0) }
        for id in moving {
            let isSame =
                present.segments.first { $0.id == id } == next.segments.first { $0.id == id }
                && present.locations[id] == next.locations[id] && present.segmentEpochs[id] == next.segmentEpochs[id]
            guard isSame else { throw CatalogError(.conflict, "segment \(id) is being moved and cannot be changed.") }
        }
    }

    private static func text(_ epoch: Epoch?) -> String { epoch?.description ?? "none" }
}
