import ClusterModel
import Planning

/// Everything that a run depends on; with the seed it decides every number of the outcome.
package struct Scenario: Sendable {
    package var seed: UInt64
    package var truth: TrueLoad
    package var instances: [VirtualInstance]
    package var homes: [SegmentID: InstanceID]
    package var planning: PlanningConfiguration
    package var quality: ForecastQuality
    /// The 95th percentile of the time a move takes until it is ready.
    package var timeToMove: [SegmentID: Duration]
    /// How long the run goes on after the truth ends, at its last load.
    package var coolingTime = Duration.seconds(3 * 3600)
    /// When the run begins; what the truth says of earlier times is the past that forecasts know.
    package var begin: Timestamp
    package static let defaultTick = Duration.seconds(10)
    package var tick = defaultTick
    package var planEvery = Duration.seconds(60)
    package var forecastEvery = Duration.seconds(300)
    package var leaseTime = Duration.seconds(30)
    package var replenishTime = Duration.seconds(600)
    package var cutOverTime = Duration.seconds(5)
    /// What a copy adds to the load of both ends, as a share of their capacity.
    package var copyShare = 0.02
    package var freezes: [Freeze] = []
    /// Of every move; the objective is that of the target.
    package var watch = MoveWatch.Configuration()
    /// What each segment's rows take; nothing where nobody said.
    package var bytes: [SegmentID: Double] = [:]

    package var end: Timestamp { truth.end + coolingTime }

    package init(
        seed: UInt64,
        truth: TrueLoad,
        instances: [VirtualInstance],
        homes: [SegmentID: InstanceID],
        planning: PlanningConfiguration,
        quality: ForecastQuality,
        timeToMove: Duration
    ) {
        self.seed = seed
        self.truth = truth
        begin = truth.start
        self.instances = instances
        self.homes = homes
        self.planning = planning
        self.quality = quality
        self.timeToMove = Dictionary(uniqueKeysWithValues: truth.segments.map { ($0, timeToMove) })
    }
}

/// What a run came to.
package struct Outcome: Equatable, Sendable {
    /// Seconds in which any instance missed its latency objective.
    package var violationSeconds = 0.0
    /// The same, each second weighted by the share of the load on such instances.
    package var violatedLoadSeconds = 0.0
    /// Homes, and contingent instances while they are ours.
    package var instanceHours = 0.0
    package var contingentHours = 0.0
    package var movesOut = 0
    package var movesHome = 0
    package var reverts = 0
    package var droppedPreparations = 0
    /// Moves off a home that would have stayed under its threshold without them.
    package var wastedMoves = 0
    /// Moves off an instance that was asked for more than its capacity before the segment had left.
    package var lateMoves = 0
    package var bytesMoved = 0.0
    /// Minutes in which any instance was asked for more than its capacity.
    package var overloadMinutes = 0.0
    /// The most changes of owner that one segment had within an hour.
    package var changesOfOwnerPerHourMax = 0
    package var contingentsUsedMax = 0
    /// At the end of the run.
    package var segmentsAway = 0
    package var contingentsLeased = 0
    package var movesUnfinished = 0
    /// What must never happen and did, at most a few.
    package var brokenInvariants: [String] = []

    package init() {}
}
