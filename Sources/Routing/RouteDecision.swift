import ClusterModel
import SQLAnalysis

/// Where one statement goes, and why.
package enum RouteDecision: Sendable, Equatable {
    case segment(SegmentID, on: InstanceID, because: String)
    /// To the instance that has the tables of no group.
    case unsharded(on: InstanceID, because: String)
    /// To whichever instance is convenient.
    case anywhere(because: String)
    indirect case refused(Refusal)
    /// A read of several segments.
    indirect case several(Scatter)
    /// An INSERT whose rows lie in at least these two segments: see `QueryRoutingTable.shares`.
    case rows(SegmentID, SegmentID)

    /// The one decision that stands for all statements of a segment: its text is made once, not for each statement.
    static func to(_ segment: Segment, on instance: InstanceID, at epoch: Epoch) -> RouteDecision {
        .segment(
            segment.id,
            on: instance,
            because: "its shard keys lie in \(segment.arc) of group \(segment.group), which is segment \(segment.id) "
                + "on \(instance) at epoch \(epoch)"
        )
    }

    static func unsharded(on instance: InstanceID) -> RouteDecision {
        .unsharded(on: instance, because: "it touches tables of no group only, and \(instance) has them")
    }

    static let noTable = RouteDecision.anywhere(because: "it touches no sharded table")
    static let noRow = RouteDecision.anywhere(because: "no row can have its shard key")
}

extension Refusal {
    package static func severalSegments(_ first: SegmentID, _ second: SegmentID) -> Refusal {
        Refusal(
            construct: "several segments",
            message: "the shard keys of the statement lie in the segments \(first) and \(second)",
            hint: "Send one statement for each key, or group the keys by segment."
        )
    }

    static func invalidKey(_ error: ShardKeyError, _ type: ShardKeyType) -> Refusal {
        Refusal(
            construct: "invalid shard key",
            message: error.message,
            hint: "Give the shard key as a value of type \(type.rawValue).",
            sqlState: error.sqlState
        )
    }

    static func nullKey(_ group: GroupID) -> Refusal {
        Refusal(
            construct: "null shard key",
            message: "a row without a shard key belongs to no segment of group \(group)",
            hint: "Give the shard key a value.",
            sqlState: "23502"
        )
    }

    static func looselyTyped(_ number: Int, _ type: ShardKeyType) -> Refusal {
        Refusal(
            construct: "parameter of unknown type",
            message: "$\(number) is a shard key and stands elsewhere too, so its type is not certain",
            hint: "Declare its type (\(type.rawValue)) when preparing, or use another parameter for the other place."
        )
    }

    static func unboundParameter(_ number: Int, _ bound: Int) -> Refusal {
        Refusal(
            construct: "unbound parameter",
            message: "the shard key is $\(number), but \(bound) parameters are bound",
            hint: "Bind a value to every parameter.",
            sqlState: "08P01"
        )
    }

    static func unknownGroup(_ group: GroupID) -> Refusal {
        Refusal(
            construct: "unknown group",
            message: "group \(group) has no segments yet",
            hint: "Add the group to the cluster, then retry.",
            sqlState: "55000"
        )
    }
}
