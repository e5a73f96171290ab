// How many rows and bytes a segment has, estimated from the planner's statistics of the home instances: a group's rows
// spread evenly over the ring are near enough for the time that a move takes.
import ClusterModel
import PostgresClient

package struct SegmentSizes: Sendable {
    private struct Total { var rows = 0.0, bytes = 0.0 }

    private var totals: [GroupID: Total] = [:]

    /// Nothing known: moves are taken to be small.
    package init() {}

    /// Asks each home for the size of the groups' tables.
    package init(groups: [ShardGroup], homes: [Instance]) async throws {
        for home in homes {
            let connection = try await PostgresConnection.connect(to: home.endpoint)
            for group in groups {
                for table in group.tables {
                    let size = try await connection.execute(
                        """
                        SELECT greatest(c.reltuples, 0), pg_relation_size(c.oid) FROM pg_class c
                        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2
                        """, [table.table.schema, table.table.name])
                    guard let row = size.rows.first else { continue }
                    totals[group.id, default: Total()].rows += row[0].flatMap { Double($0) } ?? 0
                    totals[group.id, default: Total()].bytes += row[1].flatMap { Double($0) } ?? 0
                }
            }
            await connection.close()
        }
    }

    package func size(of segment: Segment) -> (rows: Int, bytes: Int) {
        let total = totals[segment.group] ?? Total()
        return (Int(total.rows * segment.arc.share), Int(total.bytes * segment.arc.share))
    }
}
