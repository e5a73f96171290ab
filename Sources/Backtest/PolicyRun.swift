// One policy on its way through the world.

import ClusterModel
import Planning
import Simulation

/// Where a policy's forecasts come from.
enum ForecastSource: Hashable, Sendable {
    case engine, spar, truth
}

extension BacktestPolicy {
    var sources: Set<ForecastSource> {
        switch self {
        case .staticPeak, .staticMean, .reactive: []
        case .pstore: [.spar]
        case .threshold, .horizon: [.engine]
        case .oracle: [.truth]
        }
    }
}

struct PolicyRun: Sendable {
    private enum Cluster: Sendable {
        case foreshard(ControlledCluster)
        case pstore(PStoreCluster)
    }

    let policy: BacktestPolicy
    private let world: BacktestWorld
    private var cluster: Cluster
    private(set) var instancesMax = 0
    /// Within the last advance.
    private(set) var violationSecondsInStep = 0.0

    /// How many steps ahead the oracle sees: as many as the engine forecasts.
    private static let oracleSteps = 24

    init(_ policy: BacktestPolicy, _ world: BacktestWorld) {
        self.policy = policy
        self.world = world
        func foreshard(_ own: PlanningPolicy, homes: Int? = nil) -> Cluster {
            var planning = own == .horizon ? world.settings.horizon : world.settings.planning
            planning.prices = world.settings.prices
            planning.mode = .auto
            planning.policy = own
            let contingents = own == .none ? 0 : 3 * world.settings.instancesAtPeak
            return .foreshard(
                ControlledCluster(
                    world.scenario(homes: homes ?? world.homeCount, contingents: contingents, planning: planning)))
        }
        switch policy {
        case .staticPeak: cluster = foreshard(.none, homes: world.instancesForPeak)
        case .staticMean: cluster = foreshard(.none, homes: world.instancesForMean)
        case .reactive: cluster = foreshard(.reactive)
        case .threshold: cluster = foreshard(.threshold)
        case .horizon, .oracle: cluster = foreshard(.horizon)
        case .pstore:
            var settings = PStoreCluster.Settings()
            settings.partitions = world.settings.planning.movesInFlightPerSourceMax
            let seconds = world.timeToMove.values.reduce(0) { $0 + $1.inSeconds }
            cluster = .pstore(
                PStoreCluster(
                    capacity: world.capacity, machines: max(world.homeCount, world.instancesForMean),
                    intervals: seconds / SegmentLoads.forecastStep.inSeconds,
                    bytes: seconds * world.settings.copyBytesPerSecond, at: world.begin - BacktestWorld.warmUp,
                    tick: Scenario.defaultTick, settings: settings))
        }
    }

    /// The segments of each instance.
    var placement: [InstanceID: Set<SegmentID>] {
        if case .foreshard(let cluster) = cluster { cluster.placement } else { [:] }
    }

    var instances: Double {
        switch cluster {
        case .foreshard(let cluster): Double(cluster.instanceCount)
        case .pstore(let cluster): Double(cluster.machines)
        }
    }

    /// Those that did something.
    var plans: [Plan] {
        if case .foreshard(let cluster) = cluster { cluster.plans } else { [] }
    }

    private var outcome: Outcome {
        switch cluster {
        case .foreshard(let cluster): cluster.outcome
        case .pstore(let cluster): cluster.outcome
        }
    }

    var result: PolicyResult {
        let finished = if case .foreshard(let cluster) = cluster { cluster.finished() } else { outcome }
        return PolicyResult(finished, in: world, instancesMax: instancesMax)
    }

    /// What was so far counts no more.
    mutating func countAnew() {
        instancesMax = 0
        switch cluster {
        case .foreshard(var run):
            run.countAnew()
            cluster = .foreshard(run)
        case .pstore(var run):
            run.countAnew()
            cluster = .pstore(run)
        }
    }

    mutating func advance(until end: Timestamp, _ forecasts: Backtest.Forecasts) {
        let before = outcome.violationSeconds
        switch cluster {
        case .foreshard(var run):
            var issued = IssuedForecasts(steps: [], segments: [:])
            if policy.sources.contains(.engine) {
                issued = IssuedForecasts(steps: forecasts.steps, segments: forecasts.segments)
                issued.instances = forecasts.instances[policy] ?? [:]
            } else if policy.sources.contains(.truth) {
                issued = foresight(at: run.now)
            }
            run.advance(until: end, forecasts: issued)
            cluster = .foreshard(run)
        case .pstore(var run):
            let truth = world.loads.truth
            run.plan(
                present: truth.total(at: run.now), predicted: forecasts.totals, interval: SegmentLoads.forecastStep)
            run.advance(until: end) { truth.total(at: $0) }
            cluster = .pstore(run)
        }
        instancesMax = max(instancesMax, Int(instances))
        violationSecondsInStep = outcome.violationSeconds - before
    }

    private func foresight(at now: Timestamp) -> IssuedForecasts {
        let step = SegmentLoads.forecastStep
        let ends = (1...Self.oracleSteps).map { now + .seconds(step.inSeconds * Double($0)) }
        let truth = world.loads.truth
        let segments = truth.segments.map { segment in
            (segment, ends.map { LoadDistribution(certain: truth.mean(of: segment, from: $0 - step, to: $0)) })
        }
        return IssuedForecasts(steps: ends, segments: Dictionary(uniqueKeysWithValues: segments))
    }
}
