import ClusterModel

/// How many moves may still be started or switched now. Invariant: what is counted never exceeds the limits by an order
/// of this plan; a snapshot that already exceeds them only blocks.
struct MoveBudget {
    private let configuration: PlanningConfiguration
    private var copies: [InstanceID: Int] = [:]
    private var switches: [InstanceID: Int] = [:]
    private var streams: [InstanceID: Int] = [:]

    init(configuration: PlanningConfiguration, moves: [MoveInFlight]) {
        self.configuration = configuration
        for move in moves {
            streams[move.source, default: 0] += 1
            if move.phase == .preparing { copies[move.source, default: 0] += 1 }
            if move.phase == .cuttingOver { switches[move.source, default: 0] += 1 }
        }
    }

    func allowsCopy(from source: InstanceID) -> Bool {
        copies[source, default: 0] < configuration.movesInFlightPerSourceMax
            && copies.values.reduce(0, +) < configuration.movesInFlightMax
    }

    /// Whether one more move of this source may exist.
    func allowsStream(from source: InstanceID) -> Bool {
        streams[source, default: 0] < configuration.openStreamsPerSourceMax
    }

    func allowsCutOver(from source: InstanceID) -> Bool {
        switches[source, default: 0] < configuration.cutOversPerSourceMax
    }

    mutating func prepareOrdered(from source: InstanceID) {
        copies[source, default: 0] += 1
        streams[source, default: 0] += 1
    }

    mutating func cutOverOrdered(from source: InstanceID) { switches[source, default: 0] += 1 }
}
