// What a replay asks of the cluster, and what the models know before it: from a trace, or from a scenario's function.
import ClusterModel
import ControlPlane
import Forecasting
import Routing
import Settings
import Workload

struct ReplayedLoad: Sendable {
    /// The rate of visits during the replay, in real time.
    let curve: RateCurve
    /// Each segment's load before the replay.
    let history: [SegmentID: LoadSeries]
    let events: [ScheduledEvent]
}

/// The shop's segments as they are placed at the start, and how visits are spread over them.
struct ShopLayout: Sendable {
    let keys: ZipfKeys
    let segments: [Segment]
    /// The share of all visits that each segment gets.
    let shares: [SegmentID: Double]

    init(_ stage: Stage) {
        keys = ZipfKeys(count: Int(stage.shop.customers), exponent: stage.keyExponent, seed: stage.seed)
        segments = FirstPlacement.segments(of: GroupSettings(group: Shop.group, segments: stage.segments))
        shares = Self.shares(of: segments, keys: keys)
    }

    /// What lives on each home at first.
    func placement(_ stage: Stage) -> [InstanceID: [Segment]] {
        let homes = DemonstrationServers.homeNames(stage)
        let capacities = Dictionary(
            uniqueKeysWithValues: homes.map { (InstanceID($0), Double(stage.homeConnections)) })
        let placement = Placement.initial(segments: segments, homes: capacities)
        return Dictionary(grouping: segments) { placement[$0.id] ?? "home-1" }
    }

    /// The load of all visits at which the busier home is exactly full.
    func fullLoad(_ stage: Stage) -> Double {
        let owned = placement(stage).values.map { segments in
            segments.reduce(0) { $0 + (shares[$1.id] ?? 0) }
        }
        return Double(stage.homeConnections) / (owned.max() ?? 1)
    }

    private static func shares(of segments: [Segment], keys: ZipfKeys) -> [SegmentID: Double] {
        var shares = Dictionary(uniqueKeysWithValues: segments.map { ($0.id, 0.0) })
        for (key, probability) in keys.probabilities {
            let position = PostgresHash.int8(key)
            if let segment = segments.first(where: { $0.arc.contains(position) }) {
                shares[segment.id, default: 0] += probability
            }
        }
        return shares
    }
}
