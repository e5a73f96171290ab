import ClusterModel
import Routing
import SQLAnalysis

extension ShardGroup {
    static let shop = ShardGroup(
        id: "shop",
        keyType: .bigint,
        tables: [
            ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id"),
            ShardedTable(table: TableName(name: "items"), keyColumn: "customer_id"),
        ]
    )
    static let library = ShardGroup(
        id: "library",
        keyType: .text,
        tables: [ShardedTable(table: TableName(name: "documents"), keyColumn: "owner")]
    )
}

extension Segment {
    /// `count` segments of equal arcs: `shop-0`, `shop-1`, …
    static func equal(_ count: Int, of group: GroupID) -> [Segment] {
        HashArc.equalParts(count).enumerated().map { index, arc in
            Segment(id: SegmentID("\(group)-\(index)"), group: group, arc: arc)
        }
    }
}

extension QueryRoutingTable {
    /// Two groups in four segments each, alternating over two homes.
    static func example() throws -> QueryRoutingTable {
        let segments = Segment.equal(4, of: "shop") + Segment.equal(4, of: "library")
        let locations = segments.enumerated().map { index, segment in
            (segment.id, InstanceID(index % 2 == 0 ? "home-1" : "home-2"))
        }
        return try QueryRoutingTable(
            epoch: .initial,
            groups: [.shop, .library],
            segments: segments,
            locations: Dictionary(uniqueKeysWithValues: locations)
        )
    }

    func route(_ sql: String, _ parameters: ParameterValue...) throws -> RouteDecision {
        var analyzer = StatementAnalyzer(schema: ShardedSchema(groups: groups), cacheBytesMax: 1 << 16)
        return route(try analyzer.analyze(sql).statements[0], parameters: parameters)
    }
}

extension ParameterValue {
    static func text(_ text: String?, typeOID: UInt32 = 0) -> ParameterValue {
        ParameterValue(format: .text, typeOID: typeOID, bytes: text.map { Array($0.utf8) })
    }
}

extension RouteDecision {
    var segment: SegmentID? { if case .segment(let id, _, _) = self { id } else { nil } }
    var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }
    var isAnywhere: Bool { if case .anywhere = self { true } else { false } }
}

extension QueryRoutingTable {
    /// Routes what was analysed with another table's groups.
    func routeAsAnalysedBy(_ other: QueryRoutingTable, _ sql: String) throws -> RouteDecision {
        var analyzer = StatementAnalyzer(schema: ShardedSchema(groups: other.groups), cacheBytesMax: 1 << 16)
        return route(try analyzer.analyze(sql).statements[0])
    }
}
