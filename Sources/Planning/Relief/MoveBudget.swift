import ClusterModel

/// How many moves may still be started or switched now, and what may still be spent. Invariant: what is counted never
/// exceeds the limits by an order of this plan; a snapshot that already exceeds them only blocks.
struct MoveBudget {
    private let configuration: PlanningConfiguration
    private var copies: [InstanceID: Int] = [:]
    private var switches: [InstanceID: Int] = [:]
    private var streams: [InstanceID: Int] = [:]
    /// Within the last hour.
    private var begun: Int
    /// What the contingent instances that are ours cost in an hour.
    private(set) var costPerHour = 0.0

    init(
        configuration: PlanningConfiguration, moves: [MoveInFlight], begunWithinTheHour: Int,
        instances: [InstanceSnapshot]
    ) {
        self.configuration = configuration
        begun = begunWithinTheHour
        for move in moves {
            streams[move.source, default: 0] += 1
            if move.phase == .preparing { copies[move.source, default: 0] += 1 }
            if move.phase == .cuttingOver { switches[move.source, default: 0] += 1 }
        }
        for instance in instances where instance.role == .contingent && instance.isOurs {
            costPerHour += instance.costPerHour
        }
    }

    func allowsCopy(from source: InstanceID) -> Bool {
        copies[source, default: 0] < configuration.movesInFlightPerSourceMax
            && copies.values.reduce(0, +) < configuration.movesInFlightMax
    }

    /// Whether one more move may begin within this hour.
    var allowsBeginning: Bool { configuration.movesPerHourMax.map { begun < $0 } ?? true }

    /// Whether one more move of this source may exist.
    func allowsStream(from source: InstanceID) -> Bool {
        streams[source, default: 0] < configuration.openStreamsPerSourceMax
    }

    func allowsCutOver(from source: InstanceID) -> Bool {
        switches[source, default: 0] < configuration.cutOversPerSourceMax
    }

    /// Whether it may be leased besides those that are ours; sums of prices are compared with some tolerance.
    func allowsLease(of instance: InstanceSnapshot) -> Bool {
        configuration.contingentCostPerHourMax.map { costPerHour + instance.costPerHour <= $0 * (1 + 1e-9) } ?? true
    }

    mutating func prepareOrdered(from source: InstanceID) {
        copies[source, default: 0] += 1
        streams[source, default: 0] += 1
        begun += 1
    }

    mutating func cutOverOrdered(from source: InstanceID) { switches[source, default: 0] += 1 }

    mutating func leaseOrdered(of instance: InstanceSnapshot) { costPerHour += instance.costPerHour }
}
