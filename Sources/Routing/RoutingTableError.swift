import ClusterModel

/// Why segments and locations make no routing table.
package struct RoutingTableError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case gap, overlap, unknownGroup, duplicateGroup, duplicateTable, duplicateSegment, unplacedSegment
        case unknownSegment, notDivisible, notMergeable
    }

    package let code: Code
    package let description: String

    static func gap(_ group: GroupID, _ lower: Int64, _ upper: Int64) -> RoutingTableError {
        RoutingTableError(
            code: .gap,
            description: "no segment of group \(group) covers the positions \(lower) to \(upper)"
        )
    }

    static func overlap(_ first: Segment, _ second: Segment) -> RoutingTableError {
        RoutingTableError(
            code: .overlap,
            description: "the segments \(first.id) \(first.arc) and \(second.id) \(second.arc) of group \(first.group) "
                + "overlap"
        )
    }

    static func unknownGroup(_ segment: Segment) -> RoutingTableError {
        RoutingTableError(
            code: .unknownGroup,
            description: "segment \(segment.id) is of group \(segment.group), which does not exist"
        )
    }

    static func duplicateGroup(_ group: GroupID) -> RoutingTableError {
        RoutingTableError(code: .duplicateGroup, description: "there are two groups \(group)")
    }

    static func duplicateTable(_ table: TableName, _ first: GroupID, _ second: GroupID) -> RoutingTableError {
        RoutingTableError(
            code: .duplicateTable,
            description: "table \(table) is in the groups \(first) and \(second)"
        )
    }

    static func duplicateSegment(_ segment: SegmentID) -> RoutingTableError {
        RoutingTableError(code: .duplicateSegment, description: "there are two segments \(segment)")
    }

    static func unplaced(_ segment: SegmentID) -> RoutingTableError {
        RoutingTableError(code: .unplacedSegment, description: "segment \(segment) is on no instance")
    }

    static func unknownSegment(_ segment: SegmentID) -> RoutingTableError {
        RoutingTableError(code: .unknownSegment, description: "there is no segment \(segment)")
    }

    static func notDivisible(_ segment: Segment, after position: Int64) -> RoutingTableError {
        RoutingTableError(
            code: .notDivisible,
            description: "segment \(segment.id) \(segment.arc) has no two parts when cut after \(position)"
        )
    }

    static func notMergeable(_ first: Segment, _ second: Segment, _ reason: String) -> RoutingTableError {
        RoutingTableError(
            code: .notMergeable,
            description: "the segments \(first.id) and \(second.id) cannot be merged: \(reason)"
        )
    }
}
