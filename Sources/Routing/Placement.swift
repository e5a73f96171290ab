import ClusterModel

// Consistent hashing with bounded loads (V. Mirrokni, M. Thorup, M. Zadimoghaddam, SODA 2018): instances stand on a
// ring at many virtual nodes; a segment goes to the first instance after its own position that still has room. No
// instance gets more than 1 + ε times its share, and a change of the instances moves few segments.

package enum Placement {
    /// ε: the room that an instance has above its share.
    package static let slack = 0.25
    /// Virtual nodes of the heaviest instance; the others have fewer in proportion.
    private static let virtualNodesMax = 256

    /// Spreads segments over instances in proportion to their weights. Instances without a positive, finite weight get
    /// none; without any such instance, nothing is placed.
    package static func initial(segments: [Segment], homes: [InstanceID: Double]) -> [SegmentID: InstanceID] {
        let weights = homes.filter { $0.value > 0 && $0.value.isFinite }
        let nodes = virtualNodes(weights)
        guard !nodes.isEmpty else { return [:] }
        var room = rooms(for: segments.count, weights)
        var placement: [SegmentID: InstanceID] = [:]
        for segment in segments.map(\.id).sorted() {
            let start = firstNode(nodes, after: PostgresHash.text(segment.text))
            let home = (0..<nodes.count).lazy.map { nodes[(start + $0) % nodes.count].instance }
                .first { room[$0, default: 0] > 0 }
            guard let home else {
                preconditionFailure("no room for \(segment): the rooms sum to less than the segments")
            }
            room[home, default: 0] -= 1
            placement[segment] = home
        }
        return placement
    }

    private struct VirtualNode {
        let position: Int64
        let instance: InstanceID
    }

    private static func virtualNodes(_ weights: [InstanceID: Double]) -> [VirtualNode] {
        guard let heaviest = weights.values.max() else { return [] }
        let nodes = weights.flatMap { instance, weight in
            let count = max(1, Int((weight / heaviest * Double(virtualNodesMax)).rounded()))
            return (0..<count).map { number in
                VirtualNode(position: PostgresHash.text("\(instance)#\(number)"), instance: instance)
            }
        }
        return nodes.sorted { ($0.position, $0.instance) < ($1.position, $1.instance) }
    }

    /// ⌈(1 + ε) · n · w / Σw⌉ for each instance; the sum is at least n.
    private static func rooms(for count: Int, _ weights: [InstanceID: Double]) -> [InstanceID: Int] {
        // Shares of the heaviest first, so that the sum of very large weights stays finite.
        let heaviest = weights.values.max() ?? 1
        let total = weights.values.reduce(0) { $0 + $1 / heaviest }
        return weights.mapValues { weight in
            Int(((1 + slack) * Double(count) * (weight / heaviest) / total).rounded(.up))
        }
    }

    /// The index of the first node at or after a position, round the ring.
    private static func firstNode(_ nodes: [VirtualNode], after position: Int64) -> Int {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low % nodes.count
    }
}
