// A back-test: every policy through the same world, step by step, with forecasts by the real engine that know at each
// moment only what had been measured by then.
//
// Invariant: policies do not see each other, and what one run gives depends on the world alone.

import ClusterModel
import Forecasting
import Planning
import Simulation

package struct Backtest: Sendable {
    /// What a policy had in use, and what it violated, within one step.
    package struct Sample: Sendable {
        package let at: Timestamp
        /// All segments together, at the end of the step.
        package let load: Double
        package let policy: BacktestPolicy
        package let instances: Double
        package let violationSeconds: Double
    }

    private let world: BacktestWorld
    private var runs: [PolicyRun]
    private let engines: EnginePool
    private var totalEngine: PredictionEngine
    private var now: Timestamp

    package init(_ world: BacktestWorld, policies: [BacktestPolicy] = BacktestPolicy.allCases, processors: Int) {
        self.world = world
        now = world.begin - BacktestWorld.warmUp
        runs = policies.map { PolicyRun($0, world) }
        var configuration = PredictionEngine.Configuration()
        configuration.models = world.settings.models
        engines = EnginePool(configuration: configuration, width: processors)
        configuration.models = [Spar()]
        totalEngine = PredictionEngine(configuration: configuration)
    }

    /// What each policy came to so far.
    package var results: [BacktestPolicy: PolicyResult] {
        Dictionary(uniqueKeysWithValues: runs.map { ($0.policy, $0.result) })
    }

    /// What the policy ordered, and why; nothing for P-Store.
    package func plans(of policy: BacktestPolicy) -> [Plan] { runs.first { $0.policy == policy }?.plans ?? [] }

    /// The share of the replayed time that is over.
    package var progress: Double { max(0, (now - world.begin).inSeconds / (world.end - world.begin).inSeconds) }

    /// Forecasts once and lets the time until the next forecast pass. Nil at the end of the world; no samples while the
    /// policies are run in.
    package mutating func step() async -> [Sample]? {
        guard now < world.end else { return nil }
        if now == world.begin { for index in runs.indices { runs[index].countAnew() } }
        let next = min(now + SegmentLoads.forecastStep, world.end)
        let forecasts = await forecasts(at: now)
        runs = await withTaskGroup(of: (Int, PolicyRun).self) { group in
            for (index, run) in runs.enumerated() {
                group.addTask {
                    var run = run
                    run.advance(until: next, forecasts)
                    return (index, run)
                }
            }
            var advanced = runs
            for await (index, run) in group { advanced[index] = run }
            return advanced
        }
        now = next
        guard now > world.begin else { return [] }
        let load = world.loads.truth.total(at: now)
        return runs.map {
            Sample(
                at: now, load: load, policy: $0.policy, instances: $0.instances,
                violationSeconds: $0.violationSecondsInStep)
        }
    }

    // MARK: Forecasts

    /// What the policies may be told at one moment.
    struct Forecasts: Sendable {
        var steps: [Timestamp] = []
        var segments: [SegmentID: [LoadDistribution]] = [:]
        var instances: [BacktestPolicy: [InstanceID: (segments: Set<SegmentID>, steps: [LoadDistribution])]] = [:]
        /// The total as SPAR alone forecasts it, one for each step.
        var totals: [Double] = []
    }

    private mutating func forecasts(at now: Timestamp) async -> Forecasts {
        var forecasts = Forecasts()
        let sources = Set(runs.flatMap(\.policy.sources))
        guard !sources.isEmpty else { return forecasts }
        let from = now - PredictionEngine.Configuration().historyMax
        let windows = world.loads.series.map { ($0.segment, $0.load.window(from: max(from, $0.load.start), to: now)) }
        if sources.contains(.engine) {
            await forecast(windows, at: now, into: &forecasts)
        }
        if sources.contains(.spar), let sum = (try? LoadSeries.sum(windows.map(\.1))) ?? nil {
            let answer = totalEngine.forecast([Subject(name: "total", series: sum, segments: [])], events: [], at: now)
            forecasts.totals = answer[0].steps.map(\.curve.median)
        }
        return forecasts
    }

    private func forecast(
        _ windows: [(SegmentID, LoadSeries)], at now: Timestamp, into forecasts: inout Forecasts
    ) async {
        let series = Dictionary(uniqueKeysWithValues: windows)
        var subjects = windows.map { Subject($0.0, series: $0.1) }
        var instances: [(policy: BacktestPolicy, instance: InstanceID, segments: Set<SegmentID>)] = []
        for run in runs where run.policy.sources.contains(.engine) {
            for (instance, segments) in run.placement.sorted(by: { $0.key < $1.key }) {
                guard let sum = (try? LoadSeries.sum(segments.sorted().compactMap { series[$0] })) ?? nil else {
                    continue
                }
                subjects.append(
                    Subject(name: "\(run.policy.rawValue) \(instance)", series: sum, segments: segments))
                instances.append((run.policy, instance, segments))
            }
        }
        let answers = await engines.forecast(subjects, events: world.events, at: now).forecasts
        forecasts.steps = answers.first { !$0.steps.isEmpty }?.steps.map(\.at) ?? []
        for (subject, answer) in zip(windows, answers) {
            forecasts.segments[subject.0] = Self.distributions(answer, count: forecasts.steps.count)
        }
        for (subject, answer) in zip(instances, answers.dropFirst(windows.count)) {
            forecasts.instances[subject.policy, default: [:]][subject.instance] = (
                subject.segments, Self.distributions(answer, count: forecasts.steps.count)
            )
        }
    }

    /// One for each step, or none: half a forecast is no forecast.
    private static func distributions(_ answer: SubjectForecast, count: Int) -> [LoadDistribution] {
        let found = answer.steps.compactMap { LoadDistribution($0.quantiles) }
        return found.count == count ? found : []
    }
}
