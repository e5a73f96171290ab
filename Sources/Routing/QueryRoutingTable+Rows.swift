// Which rows of an INSERT belong on which instance.
import ClusterModel
import SQLAnalysis

/// The rows of one INSERT that one instance takes.
package struct RowShare: Sendable, Equatable {
    package let instance: InstanceID
    package var segments: [SegmentID]
    /// From 0, in their order.
    package var rows: [Int]
}

extension QueryRoutingTable {
    /// - Parameter keys: of each row.
    /// - Returns: in the order of the instances' names, as all statements take them.
    package func shares(
        of keys: [KeyExpression], _ statement: AnalyzedStatement, parameters: [ParameterValue]
    ) throws(Refusal) -> [RowShare] {
        guard case .keyed(let group, _) = statement.target, let ring = rings.first(where: { $0.group.id == group })
        else { throw .unknownConstruct }
        try checkTypes(statement.looselyTypedParameters, ring.group.keyType, parameters)
        var shares: [InstanceID: RowShare] = [:]
        for (row, key) in keys.enumerated() {
            var segment: SegmentID?
            try forEachIndex(of: [key], in: ring, statement, parameters) { segment = ring.segments[$0].id }
            // No segment has a key beyond its type; the statement as it is would say so.
            guard let segment, let owner = self[segment] else { throw .keyBeyondType(ring.group.keyType) }
            var share = shares[owner] ?? RowShare(instance: owner, segments: [], rows: [])
            share.rows.append(row)
            if !share.segments.contains(segment) { share.segments.append(segment) }
            shares[owner] = share
        }
        return shares.values.sorted { $0.instance < $1.instance }
    }
}

extension Refusal {
    fileprivate static func keyBeyondType(_ type: ShardKeyType) -> Refusal {
        Refusal(
            construct: "invalid shard key", message: "a shard key is out of range for type \(type.rawValue)",
            hint: "Give the shard key as a value of type \(type.rawValue).", sqlState: "22003")
    }
}
