// The coordinator's configuration, from the user's settings.
import Catalog
import ClusterModel
import ContingentPool
import Forecasting
import Foundation
import History
import Logging
import Migration
import Planning
import Routing
import Settings

extension Assembly {
    struct MadeParts {
        let catalog: CatalogStore
        let history: HistoryStore
        let pool: ContingentPool
        let routing: RoutingAuthority
        let directory: HomeDirectory
        let executor: MoveExecutor
        let homeOfSegment: [SegmentID: InstanceID]
        let logger: Logger
    }

    static func makeCoordinator(
        _ configuration: Configuration, _ options: Options, _ made: MadeParts
    ) async throws -> Coordinator {
        let homes = configuration.instances.map(\.instance)
        let forecast = configuration.forecast
        if !options.history.isEmpty {
            try made.history.importLoads(options.history)
        }
        let now = options.clock.now()
        let window = LoadWindow(
            step: forecast.step, span: forecast.history,
            history: try made.history.loads(step: forecast.step, from: now - forecast.history, to: now))
        let parts = Coordinator.Parts(
            clock: options.clock, catalog: made.catalog, history: made.history, routing: made.routing, pool: made.pool,
            forecaster: Forecaster(
                configuration: engine(forecast),
                schedule: try schedule(configuration, made.routing.table, at: now, made.logger),
                metrics: try metrics(configuration, made.routing.table, made.logger)),
            directory: made.directory,
            homeOfSegment: made.homeOfSegment,
            terms: try SegmentTerms(configuration, segments: made.routing.table.segments),
            sizes: try await SegmentSizes(groups: made.routing.table.groups, homes: homes),
            routed: { ProxyAssembly(configuration: configuration, logger: made.logger).routed($0) }, logger: made.logger
        )
        let coordinator = Coordinator(
            parts: parts,
            timing: .init(
                meterEvery: options.meterEvery, forecastEvery: forecast.every,
                controlEvery: controlEvery(configuration),
                latencyObjective: configuration.controller.latencyObjective),
            executor: made.executor, controller: try controller(configuration, options, made.catalog, made.logger),
            window: window)
        await coordinator.attach(
            MoveService(
                executor: made.executor, clock: options.clock, watch: watch(configuration),
                grace: configuration.moves.cleanupGrace, estimator: MoveTimeEstimator(configuration: options.moveTime),
                logger: made.logger, outcome: { [weak coordinator] in await coordinator?.moveEnded($0) }))
        return coordinator
    }

    private static func controlEvery(_ configuration: Configuration) -> Duration {
        min(configuration.controller.reactiveEvery, configuration.forecast.every)
    }

    private static func engine(_ forecast: ForecastSettings) -> PredictionEngine.Configuration {
        var engine = PredictionEngine.Configuration()
        engine.horizonSteps = max(1, Int(forecast.horizon / forecast.step))
        engine.historyMax = forecast.history
        engine.relearnAfter = forecast.refitEvery
        engine.zone = forecast.timeZone.flatMap(ZoneOffsets.init(named:)) ?? .utc
        engine.models = forecast.models?.compactMap(ForecastModels.model(named:)) ?? ForecastModels.standard
        return engine
    }

    private static func watch(_ configuration: Configuration) -> MoveWatch.Configuration {
        var watch = MoveWatch.Configuration()
        watch.watchMax = configuration.controller.probation
        watch.watchMin = configuration.controller.probation / 5
        watch.objectiveSeconds = configuration.controller.latencyObjective.inSeconds
        return watch
    }

    private static func controller(
        _ configuration: Configuration, _ options: Options, _ catalog: CatalogStore, _ logger: Logger
    ) throws -> ShardingController {
        let settings = configuration.controller
        var planning = PlanningConfiguration(settings)
        planning.antiAffinity = .init(configuration.pool.antiAffinity)
        // Patience counts plans, and there are several for each forecast: only new forecasts are new evidence.
        let plansPerForecast = max(1, Int(configuration.forecast.every / controlEvery(configuration)))
        planning.returnPlans *= plansPerForecast
        planning.dropPlans *= plansPerForecast
        planning.idlePlans *= plansPerForecast
        options.planning(&planning)
        guard planning.problems.isEmpty else {
            throw ClusterError(
                "the controller's settings contradict each other: " + planning.problems.joined(separator: "; "))
        }
        return ShardingController(configuration: planning, memory: try memory(in: catalog, logger))
    }

    /// Patience and cool-downs, no more: what another version wrote is worth no refusal to start.
    private static func memory(in catalog: CatalogStore, _ logger: Logger) throws -> ControllerMemory {
        guard let stored = try catalog.controllerMemory() else { return ControllerMemory() }
        do {
            return try JSONDecoder().decode(ControllerMemory.self, from: stored)
        } catch {
            logger.notice(
                "the controller's memory is of another version: it starts anew", metadata: ["error": "\(error)"])
            return ControllerMemory()
        }
    }

    private static func schedule(
        _ configuration: Configuration, _ table: QueryRoutingTable, at now: Timestamp, _ logger: Logger
    ) throws -> EventSchedule {
        var settings = EventSchedule.Configuration(
            configured: configuration.events, files: configuration.eventFiles, past: configuration.forecast.history)
        if let zone = configuration.forecast.timeZone { settings.floatingZone = zone }
        return try EventSchedule(
            settings, segments: table.segments.map(\.id), at: now, logger: logger)
    }
}

extension Assembly {
    /// Nil where none is configured.
    private static func metrics(
        _ configuration: Configuration, _ table: QueryRoutingTable, _ logger: Logger
    ) throws -> MetricSource? {
        guard !configuration.metrics.isEmpty || configuration.readsStatements else { return nil }
        return try MetricSource(
            .init(
                metrics: configuration.metrics,
                statementsOf: configuration.readsStatements ? configuration.instances.map(\.instance) : [],
                step: configuration.forecast.step, history: configuration.forecast.history,
                forecastEvery: configuration.forecast.every),
            segments: table.segments.map(\.id), logger: logger)
    }
}

extension PlanningConfiguration {
    /// What the user set, over the defaults of the policy.
    package init(_ settings: ControllerSettings) {
        self.init(for: .init(settings.policy))
        mode = .init(settings.mode)
        overloadThreshold = settings.threshold
        returnThreshold = settings.returnThreshold
        reliefTarget = (settings.threshold + settings.returnThreshold) / 2
        gatherLimit = min(gatherLimit, reliefTarget)
        confidenceLevel = settings.confidenceLevel
        prepareConfidence = settings.prepareConfidence
        dropConfidence = settings.prepareConfidence / 2
        coolDown = settings.coolDown
        movesInFlightPerSourceMax = settings.movesAtOnce
        movesInFlightMax = max(movesInFlightMax, settings.movesAtOnce)
        prices.overloadPerHour = settings.overloadPerHour
        prices.perMove = settings.perMove
        movesPerHourMax = settings.movesPerHourMax
        contingentCostPerHourMax = settings.contingentCostPerHourMax
    }
}

extension AntiAffinity {
    init(_ setting: ZoneAntiAffinity) {
        switch setting {
        case .prefer: self = .prefer
        case .require: self = .require
        case .off: self = .off
        }
    }
}

extension PlanningMode {
    init(_ mode: ControllerMode) {
        switch mode {
        case .observe: self = .observe
        case .recommend: self = .recommend
        case .auto: self = .auto
        }
    }
}

extension PlanningPolicy {
    init(_ policy: ControllerPolicy) {
        switch policy {
        case .none: self = .none
        case .reactive: self = .reactive
        case .threshold: self = .threshold
        case .horizon: self = .horizon
        }
    }
}
