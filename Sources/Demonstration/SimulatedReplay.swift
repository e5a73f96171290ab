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

    private let day: Scenario
    private let trace: ReplayedTrace
    private let shares: [SegmentID: Double]
    private let homes: [SegmentID: InstanceID]
    /// Of cluster time, until a move is ready: the median.
    private let preparation: Duration
    private static let forecastEvery = Duration.seconds(300)

    init(
        _ day: Scenario, trace: ReplayedTrace, shares: [SegmentID: Double], homes: [SegmentID: InstanceID],
        preparation: Duration
    ) {
        self.day = day
        self.trace = trace
        self.shares = shares
        self.homes = homes
        self.preparation = preparation
    }

    func run(_ policy: ControllerPolicy) async throws -> Figures {
        var cluster = ControlledCluster(scenario(policy))
        let measured = try measuredLoads()
        var engine = PredictionEngine.Configuration()
        engine.models = ForecastModels.untrained
        let engines = EnginePool(configuration: engine, width: 1)
        let second = Duration.seconds(day.acceleration)
        var (issued, issuedAt) = (IssuedForecasts(), Timestamp?.none)
        var (violationSeconds, violated) = (0, 0.0)
        var contingents: [(at: Timestamp, count: Int)] = []
        // The real run settles in up to 20 seconds.
        let end = day.end + second * 20
        while cluster.now < end {
            let now = cluster.now
            if policy == .threshold || policy == .horizon, issuedAt.map({ now - $0 >= Self.forecastEvery }) ?? true {
                issued = await forecasts(engines, measured, cluster.placement, at: now)
                issuedAt = now
            }
            let next = min(now + min(second, Self.forecastEvery), end)
            cluster.advance(until: next, forecasts: issued)
            contingents.append((now, cluster.instanceCount - day.homes))
            // A second of real time counts when its worst moment does.
            if next.floored(to: second) != now.floored(to: second) {
                if cluster.outcome.violationSeconds > violated, now < day.end { violationSeconds += 1 }
                violated = cluster.outcome.violationSeconds
            }
        }
        let outcome = cluster.finished()
        return Figures(
            violationSeconds: violationSeconds, moves: outcome.movesOut + outcome.movesHome + outcome.reverts,
            movesHome: outcome.movesHome,
            instanceHours: InstanceHours.total(
                homes: day.homes, leased: contingents, homesPerContingent: day.homesPerContingent, from: day.start,
                to: day.end),
            brokenInvariants: outcome.brokenInvariants)
    }

    // MARK: The world

    private var segments: [SegmentID] { shares.keys.sorted() }

    /// Queues of which each serves so many visits at once, for as long as the service lasts.
    private var servers: ServerModel {
        ServerModel(
            saturationFactor: 1, idleLatencySeconds: day.busySeconds, objectiveSeconds: day.latencyObjective.inSeconds,
            pace: 1 / day.acceleration)
    }

    private func scenario(_ policy: ControllerPolicy) -> Simulation.Scenario {
        let minutes = Int((day.end - day.start).inSeconds / 60)
        let loads = (0...minutes).map { minute in
            (trace.requests[day.start + .seconds(60 * minute)] ?? 0) * day.visitsPerRequest * day.busySeconds
        }
        let truth = TrueLoad(
            start: day.start, step: .seconds(60), total: loads, shares: segments.map { ($0, shares[$0] ?? 0) })
        func instance(_ name: String, _ role: InstanceRole, _ connections: Int) -> VirtualInstance {
            VirtualInstance(
                id: InstanceID(name), role: role, zone: role == .home ? "a" : "b", capacity: Double(connections),
                model: servers)
        }
        let instances =
            (1...day.homes).map { instance("home-\($0)", .home, day.homeConnections) }
            + (1...day.contingents).map { instance("contingent-\($0)", .contingent, day.contingentConnections) }
        // The 95th percentile; the simulator draws from 0.7 to 1.05 of it.
        let timeToMove = Duration.seconds(preparation.inSeconds / 0.875)
        var scenario = Simulation.Scenario(
            seed: day.seed, truth: truth, instances: instances, homes: homes, planning: planning(policy),
            quality: .none, timeToMove: timeToMove)
        let settings = ControllerSettings(for: policy)
        scenario.tick = .seconds(day.acceleration / 12)
        scenario.planEvery = .seconds(60)
        scenario.watch.watchMax = settings.probation
        scenario.watch.watchMin = settings.probation / 5
        // Measured in docs/results: a lease is a row in the catalog, a change of ownership some 50 ms beside its
        // catalog writes, and wiping and warming again a second and a half.
        scenario.leaseTime = .seconds(60)
        scenario.cutOverTime = .seconds(0.15 * day.acceleration)
        scenario.replenishTime = .seconds(1.5 * day.acceleration)
        // Capacity is emulated: a copy takes none of it.
        scenario.copyShare = 0
        scenario.coolingTime = .seconds(day.acceleration * 20)
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
    private func measuredLoads() throws -> [SegmentID: LoadSeries] {
        let past = try trace.history(day, shares: shares)
        let whole = try trace.requests.window(from: day.start, to: day.end)
            .resampled(to: Self.forecastEvery, missingTolerated: 0.5)
        var generator = SeededGenerator(seed: day.seed)
        let realSeconds = Self.forecastEvery.inSeconds / day.acceleration
        return Dictionary(
            uniqueKeysWithValues: segments.map { segment in
                let today = whole.values.map { requests -> Double in
                    let visits = requests * day.visitsPerRequest * (shares[segment] ?? 0) * realSeconds
                    let drawn = max(0, visits + visits.squareRoot() * generator.normal())
                    return drawn * day.busySeconds / realSeconds
                }
                let before = past[segment]?.values ?? []
                return (
                    segment,
                    LoadSeries(
                        start: past[segment]?.start ?? day.start, step: Self.forecastEvery, values: before + today)
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
        let answers = await engines.forecast(subjects, events: trace.events, at: moment).forecasts
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
