import ClusterModel
import Planning

/// A small cluster to plan for: two homes of capacity 100 in zone a, two warm contingents in zones b and a; segments of
/// home-1 whose forecast is given as a level over time.
struct ClusterBuilder {
    static let now = Timestamp("2026-03-01T12:00:00Z") ?? Timestamp(seconds: 0)
    static let stepCount = 24

    var now = ClusterBuilder.now
    var instances = [
        InstanceSnapshot(id: "home-1", role: .home, zone: "a", capacity: 100),
        InstanceSnapshot(id: "home-2", role: .home, zone: "a", capacity: 100),
        InstanceSnapshot(id: "contingent-1", role: .contingent, zone: "b", capacity: 100),
        InstanceSnapshot(id: "contingent-2", role: .contingent, zone: "a", capacity: 100),
    ]
    var segments: [SegmentSnapshot] = []
    var moves: [MoveInFlight] = []
    var freezes: [Freeze] = []

    var steps: [Timestamp] { (1...Self.stepCount).map { now + .seconds(300 * $0) } }

    /// `load` gives the median of each step by the minutes until it begins; `spread` is the relative distance of the 10 %
    /// and 90 % quantiles from it.
    mutating func add(
        _ id: SegmentID,
        home: InstanceID = "home-1",
        owner: InstanceID? = nil,
        measured: Double? = nil,
        spread: Double = 0,
        minutesToMove: Int = 20,
        load: (Int) -> Double
    ) {
        let forecast = (0..<Self.stepCount).map { Self.distribution(load($0 * 5), spread: spread) }
        segments.append(
            SegmentSnapshot(
                id: id,
                home: home,
                owner: owner,
                measuredLoad: measured ?? load(0),
                forecast: forecast,
                timeToMove: .seconds(60 * minutesToMove)
            )
        )
    }

    static func distribution(_ median: Double, spread: Double) -> LoadDistribution {
        guard spread > 0 else { return LoadDistribution(certain: median) }
        let quantiles = [(0.1, 1 - spread), (0.5, 1), (0.9, 1 + spread)].map {
            QuantileValue(level: $0.0, value: median * $0.1)
        }
        return LoadDistribution(quantiles) ?? LoadDistribution(certain: median)
    }

    mutating func changeInstance(_ instance: InstanceID, _ body: (inout InstanceSnapshot) -> Void) {
        for index in instances.indices where instances[index].id == instance { body(&instances[index]) }
    }

    mutating func changeSegment(_ segment: SegmentID, _ body: (inout SegmentSnapshot) -> Void) {
        for index in segments.indices where segments[index].id == segment { body(&segments[index]) }
    }

    mutating func addMove(
        _ segment: SegmentID,
        to target: InstanceID,
        _ phase: MoveInFlight.Phase,
        from source: InstanceID = "home-1",
        startedMinutesAgo: Int = 5
    ) {
        moves.append(
            MoveInFlight(
                id: MoveID("m-\(segment)"),
                segment: segment,
                source: source,
                target: target,
                phase: phase,
                startedAt: now - .seconds(60 * startedMinutesAgo)
            )
        )
    }

    /// Measured loads of instances are those of their segments unless they were set.
    var snapshot: ClusterSnapshot {
        var instances = instances
        for index in instances.indices where instances[index].measuredLoad == 0 {
            instances[index].measuredLoad = segments.filter { $0.owner == instances[index].id }.reduce(0) {
                $0 + $1.measuredLoad
            }
        }
        return ClusterSnapshot(
            now: now,
            steps: steps,
            instances: instances,
            segments: segments,
            moves: moves,
            freezes: freezes
        )
    }
}

extension PlanningConfiguration {
    static func test(_ change: (inout PlanningConfiguration) -> Void = { _ in }) -> PlanningConfiguration {
        var configuration = PlanningConfiguration()
        configuration.mode = .auto
        change(&configuration)
        return configuration
    }
}

extension ShardingController {
    /// The plan after the same snapshot was seen `times` times, a minute apart.
    mutating func plan(_ cluster: ClusterBuilder, times: Int) -> Plan {
        var cluster = cluster
        for _ in 1..<times {
            _ = plan(cluster.snapshot)
            cluster.now = cluster.now + .seconds(60)
        }
        return plan(cluster.snapshot)
    }
}

extension Plan {
    var kinds: [PlannedAction.Kind] { actions.map(\.kind) }
    var moved: [SegmentID] { directives.map(\.segmentID) }
    func notes(_ rule: DecisionRule) -> [DecisionRecord] { notes.filter { $0.rule == rule } }
}
