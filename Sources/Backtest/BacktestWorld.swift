// The world that every policy of a back-test is put into: loads, instances, the time of a move, prices. The same for all.

import ClusterModel
import Forecasting
import Planning
import Simulation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package struct BacktestWorld: Sendable {
    package struct Settings: Sendable {
        package var seed: UInt64 = 1
        /// How many instances carry the highest load of the replayed time at `utilisation`; this sets their capacity.
        package var instancesAtPeak = 10
        /// What one instance carries, where that is known; nil: by `instancesAtPeak`.
        package var capacity: Double?
        package var utilisation = 0.8
        /// Nil: as many as carry the load of a quiet hour (a tenth of the time has less) at `utilisation`.
        package var homes: Int?
        package var skew = SegmentLoads.Skew()
        /// The median time of a move, and the bounds between which segments differ.
        package var moveTime = Duration.seconds(600)
        package var moveTimes = Duration.seconds(300)...Duration.seconds(1200)
        package var copyBytesPerSecond = 10e6
        package var prices = Prices()
        /// Of the reactive and the threshold policy; and of the horizon policy and the oracle.
        package var planning = PlanningConfiguration(for: .threshold)
        package var horizon = PlanningConfiguration(for: .horizon)
        package var models = ForecastModels.untrained

        package init() {
            for path in [\Self.planning, \Self.horizon] {
                self[keyPath: path].movesInFlightPerSourceMax = 4
                self[keyPath: path].movesInFlightMax = 12
            }
        }
    }

    package internal(set) var settings: Settings
    package let loads: SegmentLoads
    package let events: [ScheduledEvent]
    package let begin: Timestamp
    package let end: Timestamp
    /// What one instance carries at its latency objective.
    package let capacity: Double
    package let homeCount: Int
    package let timeToMove: [SegmentID: Duration]
    /// The sum of the segments' loads for each `SegmentLoads.forecastStep` from `begin` to `end`.
    package let totals: [Double]

    /// `begin` lies at least the warm-up after the first reading, and before `end`.
    package init(
        _ loads: SegmentLoads, events: [ScheduledEvent], from begin: Timestamp, to end: Timestamp, _ settings: Settings
    ) {
        self.settings = settings
        self.loads = loads
        self.events = loads.events(of: events)
        self.begin = begin
        self.end = end
        let truth = loads.truth
        let moments = Self.moments(from: begin, to: end)
        let totals = moments.map { moment in truth.segments.reduce(0) { $0 + truth.load(of: $1, at: moment) } }
        self.totals = totals
        let highest =
            truth.segments.map { segment in
                moments.reduce(0) { max($0, truth.load(of: segment, at: $1)) }
            }.max() ?? 0
        // No instance is too small for a single segment.
        let sized = (totals.max() ?? 0) / (settings.utilisation * Double(settings.instancesAtPeak))
        let capacity = settings.capacity ?? max(sized, highest / settings.utilisation, 1e-9)
        self.capacity = capacity
        let quiet = totals.sorted()[totals.count / 10]
        homeCount = settings.homes ?? max(1, Int((quiet / (settings.utilisation * capacity)).rounded(.up)))
        var generator = SeededGenerator(seed: settings.seed ^ 0x512E)
        let bounds = (settings.moveTimes.lowerBound.inSeconds, settings.moveTimes.upperBound.inSeconds)
        timeToMove = Dictionary(
            uniqueKeysWithValues: truth.segments.map { segment in
                let seconds = settings.moveTime.inSeconds * exp(0.4 * generator.normal())
                return (segment, .seconds(min(max(seconds, bounds.0), bounds.1)))
            })
    }

    /// What runs before `begin` without being counted, so that no policy is judged by the placement it was given.
    package static let warmUp = Duration.seconds(6 * 3600)

    package var days: Double { (end - begin).inSeconds / 86_400 }

    static func moments(from begin: Timestamp, to end: Timestamp) -> [Timestamp] {
        let step = SegmentLoads.forecastStep
        let count = Int((end - begin).wholeMilliseconds / step.wholeMilliseconds)
        return (0..<max(1, count)).map { begin + .seconds(step.inSeconds * (Double($0) + 0.5)) }
    }

    /// Instances that carry the mean load as `utilisation` of their capacity.
    var instancesForMean: Int {
        let mean = totals.reduce(0, +) / Double(totals.count)
        return max(1, Int((mean / (settings.utilisation * capacity)).rounded(.up)))
    }

    /// The fewest instances of which none is ever asked for more than its capacity, segments placed by their mean load.
    /// Knows the future, as no real team does that provisions for the peak.
    var instancesForPeak: Int {
        let least = max(1, Int(((totals.max() ?? 0) / capacity).rounded(.up)))
        let segments = loads.truth.segments.count
        return (least...max(least, segments)).first { count in
            let placement = balancedPlacement(over: count)
            let members = Dictionary(grouping: loads.truth.segments) { placement[$0] ?? "" }.values
            return Self.moments(from: begin, to: end).allSatisfy { moment in
                members.allSatisfy { $0.reduce(0) { $0 + loads.truth.load(of: $1, at: moment) } <= capacity }
            }
        } ?? max(least, segments)
    }

    /// Every segment on one of `count` homes: the largest first, each where least is (longest processing time first).
    func balancedPlacement(over count: Int) -> [SegmentID: InstanceID] {
        let moments = Self.moments(from: begin, to: end).enumerated().filter { $0.offset % 12 == 0 }.map(\.element)
        let means = loads.truth.segments.map { segment in
            (segment, moments.reduce(0) { $0 + loads.truth.load(of: segment, at: $1) } / Double(moments.count))
        }
        var sums = [Double](repeating: 0, count: count)
        var placement: [SegmentID: InstanceID] = [:]
        for (segment, mean) in means.sorted(by: { ($1.1, $0.0) < ($0.1, $1.0) }) {
            let least = sums.indices.min { sums[$0] < sums[$1] } ?? 0
            sums[least] += mean
            placement[segment] = Self.home(least)
        }
        return placement
    }

    static func home(_ index: Int) -> InstanceID { InstanceID("home-\(index + 1)") }

    /// A cluster of `homes` homes, and of contingent instances where the policy may use them.
    func scenario(homes: Int, contingents: Int, planning: PlanningConfiguration) -> Scenario {
        let instances =
            (0..<homes).map { VirtualInstance(id: Self.home($0), role: .home, zone: "a", capacity: capacity) }
            + (0..<contingents).map {
                VirtualInstance(
                    id: InstanceID("contingent-\($0 + 1)"), role: .contingent, zone: "b", capacity: capacity)
            }
        var scenario = Scenario(
            seed: settings.seed, truth: loads.truth, instances: instances, homes: balancedPlacement(over: homes),
            planning: planning, quality: .none, timeToMove: settings.moveTime)
        scenario.timeToMove = timeToMove
        scenario.bytes = timeToMove.mapValues { $0.inSeconds * settings.copyBytesPerSecond }
        scenario.begin = begin - Self.warmUp
        scenario.coolingTime = end - loads.truth.end
        return scenario
    }
}
