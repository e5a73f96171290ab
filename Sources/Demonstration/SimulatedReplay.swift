// The day of the demonstration in the simulator of `foreshard backtest`, to be held against the real run: the same
// planner, forecasts, segments, arrivals on average, capacities and objective; what is simulated are queues, moves and
// the pool. Calibrated by one measured number, the time that a move takes to prepare.
import ClusterModel
import ControlPlane
import Forecasting
import Planning
import Settings
import Simulation
import Workload

package struct SimulatedReplay: Sendable {
    package struct Figures: Sendable {
        /// Seconds of real time, as the demonstration counts them.
        package let violationSeconds: Int
        package let moves: Int
        package let movesHome: Int
        package let instanceHours: Double
        package let brokenInvariants: [String]
    }

    private let stage: Stage
    private let load: ReplayedLoad
    private let layout: ShopLayout
    private let truth: TrueLoad
    /// Of cluster time, until a move is ready: the median.
    private let preparation: Duration
    private static let forecastEvery = Duration.seconds(300)

    init(_ stage: Stage, load: ReplayedLoad, layout: ShopLayout, preparation: Duration) {
        self.stage = stage
        self.load = load
        self.layout = layout
        self.preparation = preparation
        truth = TrueLoad(
            start: stage.start, step: .seconds(load.curve.spacing * stage.acceleration),
            total: load.curve.rates.map { $0 * stage.busySeconds },
            shares: layout.shares.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    func run(_ policy: ControllerPolicy) async -> Figures {
        var cluster = ControlledCluster(scenario(policy))
        let measured = measuredLoads()
        var engine = PredictionEngine.Configuration()
        engine.models = ForecastModels.untrained
        let engines = EnginePool(configuration: engine, width: 1)
        let second = Duration.seconds(stage.acceleration)
        var (issued, issuedAt) = (IssuedForecasts(), Timestamp?.none)
        var (violationSeconds, violated) = (0, 0.0)
        var contingents: [(at: Timestamp, count: Int)] = []
        // The real run settles in up to 20 seconds.
        let end = stage.end + second * 20
        while cluster.now < end {
            let now = cluster.now
            if policy == .threshold || policy == .horizon, issuedAt.map({ now - $0 >= Self.forecastEvery }) ?? true {
                issued = await forecasts(engines, measured, cluster.placement, at: now)
                issuedAt = now
            }
            let next = min(now + min(second, Self.forecastEvery), end)
            cluster.advance(until: next, forecasts: issued)
            contingents.append((now, cluster.instanceCount - stage.homes))
            // A second of real time counts when its worst moment does.
            if next.floored(to: second) != now.floored(to: second) {
                if cluster.outcome.violationSeconds > violated, now < stage.end { violationSeconds += 1 }
                violated = cluster.outcome.violationSeconds
            }
        }
        let outcome = cluster.finished()
        return Figures(
            violationSeconds: violationSeconds, moves: outcome.movesOut + outcome.movesHome + outcome.reverts,
            movesHome: outcome.movesHome,
            instanceHours: InstanceHours.total(
                homes: stage.homes, leased: contingents, homesPerContingent: stage.homesPerContingent,
                from: stage.start,
                to: stage.end),
            brokenInvariants: outcome.brokenInvariants)
    }

    // MARK: The world

    private var segments: [SegmentID] { truth.segments }

    /// Queues of which each serves so many visits at once, for as long as the service lasts.
    private var servers: ServerModel {
        ServerModel(
            saturationFactor: 1, idleLatencySeconds: stage.busySeconds,
            objectiveSeconds: stage.latencyObjective.inSeconds,
            pace: 1 / stage.acceleration)
    }

    private func scenario(_ policy: ControllerPolicy) -> Simulation.Scenario {
        func instance(_ name: String, _ role: InstanceRole, _ connections: Int) -> VirtualInstance {
            VirtualInstance(
                id: InstanceID(name), role: role, zone: role == .home ? "a" : "b", capacity: Double(connections),
                model: servers)
        }
        let instances =
            (1...stage.homes).map { instance("home-\($0)", .home, stage.homeConnections) }
            + (1...stage.contingents).map { instance("contingent-\($0)", .contingent, stage.contingentConnections) }
        // The 95th percentile; the simulator draws from 0.7 to 1.05 of it.
        let timeToMove = Duration.seconds(preparation.inSeconds / 0.875)
        let homes = layout.placement(stage).flatMap { home, segments in segments.map { ($0.id, home) } }
        var scenario = Simulation.Scenario(
            seed: stage.seed, truth: truth, instances: instances, homes: Dictionary(uniqueKeysWithValues: homes),
            planning: planning(policy),
            quality: .none, timeToMove: timeToMove)
        let settings = ControllerSettings(for: policy)
        scenario.tick = .seconds(stage.acceleration / 12)
        scenario.planEvery = .seconds(60)
        scenario.watch.watchMax = settings.probation
        scenario.watch.watchMin = settings.probation / 5
        // Measured in docs/results: a lease is a row in the catalog, a change of ownership some 50 ms beside its
        // catalog writes, and wiping and warming again a second and a half.
        scenario.leaseTime = .seconds(60)
        scenario.cutOverTime = .seconds(0.15 * stage.acceleration)
        scenario.replenishTime = .seconds(1.5 * stage.acceleration)
        // Capacity is emulated: a copy takes none of it.
        scenario.copyShare = 0
        scenario.coolingTime = .seconds(stage.acceleration * 20)
        return scenario
    }

    private func planning(_ policy: ControllerPolicy) -> PlanningConfiguration {
        var settings = ControllerSettings(for: policy)
        settings.mode = .auto
        var planning = PlanningConfiguration(settings)
        let plansPerForecast = Int(Self.forecastEvery / settings.reactiveEvery)
        planning.returnPlans *= plansPerForecast
        planning.dropPlans *= plansPerForecast
        planning.idlePlans *= plansPerForecast
        return planning
    }

    // MARK: Forecasts

    /// The past and the day as they would be measured: by visits, which come at random.
    private func measuredLoads() -> [SegmentID: LoadSeries] {
        var generator = SeededGenerator(seed: stage.seed)
        let realSeconds = Self.forecastEvery.inSeconds / stage.acceleration
        let count = Int((stage.end - stage.start) / Self.forecastEvery)
        return Dictionary(
            uniqueKeysWithValues: segments.map { segment in
                let today = (0..<count).map { step -> Double in
                    let begin = stage.start + Self.forecastEvery * step
                    let mean = truth.mean(of: segment, from: begin, to: begin + Self.forecastEvery)
                    let visits = mean / stage.busySeconds * realSeconds
                    return max(0, visits + visits.squareRoot() * generator.normal()) * stage.busySeconds / realSeconds
                }
                let past = load.history[segment]
                return (
                    segment,
                    LoadSeries(
                        start: past?.start ?? stage.start, step: Self.forecastEvery,
                        values: (past?.values ?? []) + today)
                )
            })
    }

    private func forecasts(
        _ engines: EnginePool, _ loads: [SegmentID: LoadSeries], _ placement: [InstanceID: Set<SegmentID>],
        at now: Timestamp
    ) async -> IssuedForecasts {
        let moment = now.floored(to: Self.forecastEvery)
        let known = loads.mapValues { $0.window(from: $0.start, to: moment) }
        var subjects = segments.compactMap { id in known[id].map { Subject(id, series: $0) } }
        let owners = placement.keys.sorted().filter { !(placement[$0] ?? []).isEmpty }
        for owner in owners {
            let owned = placement[owner] ?? []
            guard let sum = (try? LoadSeries.sum(owned.sorted().compactMap { known[$0] })) ?? nil else { continue }
            subjects.append(Subject(name: "instance \(owner)", series: sum, segments: owned))
        }
        let answers = await engines.forecast(subjects, events: load.events, at: moment).forecasts
        let steps = answers.first { !$0.steps.isEmpty }?.steps.map(\.at) ?? []
        func distributions(_ answer: SubjectForecast) -> [LoadDistribution] {
            let found = answer.steps.compactMap { LoadDistribution($0.quantiles) }
            return found.count == steps.count ? found : []
        }
        var issued = IssuedForecasts(
            steps: steps,
            segments: Dictionary(uniqueKeysWithValues: zip(segments, answers).map { ($0, distributions($1)) }))
        let bySubject = Dictionary(answers.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        for owner in owners {
            guard let answer = bySubject["instance \(owner)"] else { continue }
            issued.instances[owner] = (placement[owner] ?? [], distributions(answer))
        }
        return issued
    }
}
