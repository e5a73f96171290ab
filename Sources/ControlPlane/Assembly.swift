// Puts the parts together in the order of their dependencies, and ends them in reverse. One process, one catalog.
//
// The order matters twice: contingent instances run before moves are recovered, since a segment may be on one; and moves
// are settled before the router listens, so that no client meets a half-done move.
import Catalog
import ClusterModel
import ContingentPool
import Forecasting
import Foundation
import History
import LocalPostgres
import Logging
import Migration
import Planning
import PostgresClient
import Proxy
import Routing
import Settings
import Takeover
import Traces

/// A running Foreshard.
package final class Assembly: Sendable {
    /// What a replay or a test sets otherwise than an ordinary server.
    package struct Options: Sendable {
        package var clock = ClusterClock()
        /// Loads from before the start, at the forecast's step; written into the history.
        package var history: [SegmentID: LoadSeries] = [:]
        package var crashSwitch: CrashSwitch = { _ in }
        package var takeoverCrashSwitch: @Sendable (TakeoverStep) -> Void = { _ in }
        package var moveTime = MoveTimeEstimator.Configuration()
        package var meterEvery = Duration.seconds(10)
        /// How servers of the local provider run. Nil: they outlive a crash of the machine, and ask everybody for a
        /// password.
        package var localServers: ServerSettings?
        package var planning: @Sendable (inout PlanningConfiguration) -> Void = { _ in }

        package init() {}
    }

    package let coordinator: Coordinator
    package let proxy: Proxy
    package let pool: ContingentPool
    package let routing: RoutingAuthority
    package let clock: ClusterClock
    let certificates: Certificates
    let logger: Logger

    private init(
        coordinator: Coordinator, proxy: Proxy, pool: ContingentPool, routing: RoutingAuthority, clock: ClusterClock,
        certificates: Certificates, logger: Logger
    ) {
        self.coordinator = coordinator
        self.proxy = proxy
        self.pool = pool
        self.routing = routing
        self.clock = clock
        self.certificates = certificates
        self.logger = logger
    }

    /// Starts everything up to the open client port.
    ///
    /// - Throws: what is wrong with the configuration, the catalog or the instances, in words for the user.
    package static func start(
        _ configured: Configuration, options: Options = Options(), logger: Logger
    ) async throws -> Assembly {
        try Certificates(configuration: configured).check()
        try makeDataDirectory(configured)
        var configuration = try options.localServers == nil ? LocalPasswords.complete(configured) : configured
        let clock = options.clock
        let catalog = try CatalogStore(path: configuration.dataDirectory + "/catalog.sqlite", now: { clock.now() })
        let history = try HistoryStore(path: configuration.dataDirectory + "/history.sqlite")
        let directory = HomeDirectory(configuration.instances.map(\.instance))
        let pool = try await PoolAssembly(
            configuration: configuration, localServers: options.localServers, catalog: catalog, directory: directory,
            clock: clock, logger: logger
        ).make()
        let parts = TakeoverService.Parts(
            settings: configuration.takeover, standbyZone: StandbyZone(configuration.pool.antiAffinity),
            catalog: catalog, directory: directory, pool: pool, clock: clock, logger: logger,
            crashSwitch: options.takeoverCrashSwitch)
        do {
            // Servers of homes may be the pool's, so these are started before anybody asks for the homes.
            try await pool.recover()
            let takeovers = try await TakeoverStart(configuration, parts)
            return try await start(&configuration, options, history: history, takeovers, parts)
        } catch {
            await pool.stopServers()
            throw error
        }
    }

    /// From the moment that the homes are where they belong.
    private static func start(
        _ configuration: inout Configuration, _ options: Options, history: HistoryStore, _ takeovers: TakeoverStart,
        _ parts: TakeoverService.Parts
    ) async throws -> Assembly {
        let (catalog, directory, pool, clock, logger) = (
            parts.catalog, parts.directory, parts.pool, parts.clock, parts.logger
        )
        configuration.setHomes(directory.homes)
        let homes = directory.homes
        try await InstanceReach.check(homes)
        try await KeyColumns.check(homes, groups: configuration.groups.map(\.group), logger: logger)
        if configuration.router.distributedTransactions == .twoPhase { try await TwoPhaseFitness.check(homes) }
        let first = FirstPlacement(configuration: configuration)
        let table = try QueryRoutingTable(try first.loadOrMake(in: catalog))
        let routing = RoutingAuthority(table: table, catalog: catalog, logger: logger)

        let executor = MoveExecutor(
            journal: catalog, gate: routing, term: catalog.term,
            configuration: moveConfiguration(configuration, options),
            endpoints: { id in
                if let home = directory.home(id) { return home.endpoint }
                return await pool.instance(id)?.endpoint
            })

        let coordinator = try await makeCoordinator(
            configuration, options,
            MadeParts(
                catalog: catalog, history: history, pool: pool, routing: routing, directory: directory,
                executor: executor,
                homeOfSegment: try first.homes(in: catalog), logger: logger))
        let commits = try CommitLedger(catalog)
        let inDoubt = InDoubtResolver(
            catalog, cluster: commits.cluster, logger: logger,
            instances: { [weak coordinator] in await directory.homes + (coordinator?.contingentsInUse() ?? []) },
            isInUse: { [weak coordinator] id in
                if directory.home(id) != nil { return true }
                return await coordinator?.contingentIDsInUse().contains(id) ?? true
            })
        await inDoubt.resolve()
        try await coordinator.recoverMoves()
        let unsharded = try await watchUnsharded(configuration, table, directory, logger)

        let certificates = Certificates(configuration: configuration)
        let proxy = try await ProxyAssembly(configuration: configuration, logger: logger).start(
            table: routing.table, unsharded: await unsharded?.tables, contingents: await coordinator.contingentsInUse(),
            encryption: try certificates.listener(), commits: commits)
        routing.attach(proxy)
        await coordinator.attach(proxy)
        if let unsharded { await coordinator.attach(unsharded) }
        await coordinator.attach(inDoubt)
        await coordinator.attach(
            TakeoverService(
                parts: parts, standbys: takeovers.standbys, poolStandbys: takeovers.poolStandbys,
                replaced: takeovers.replaced), proxy)
        return Assembly(
            coordinator: coordinator, proxy: proxy, pool: pool, routing: routing, clock: clock,
            certificates: certificates, logger: logger)
    }

    private static func watchUnsharded(
        _ configuration: Configuration, _ table: QueryRoutingTable, _ directory: HomeDirectory, _ logger: Logger
    ) async throws -> UnshardedWatch? {
        guard let home = configuration.unsharded else { return nil }
        return try await UnshardedWatch(home, groups: table.groups, directory: directory, logger: logger)
    }

    /// How long a stop waits for segments that are changing hands.
    private static let cutOverPatience = Duration.seconds(5)

    /// Runs until cancelled. Then in the reverse order of the start: nothing new is ordered and moves stop, while the router
    /// still serves; transactions end and the router closes; the instances that the pool started are stopped last.
    package func run() async throws {
        // Outside of this task, whose cancellation is the beginning of the end and not the end.
        let pooling = Task { await pool.run() }
        let coordinating = Task { try await coordinator.run() }
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let watch = Task {
            _ = await coordinating.result
            end.finish()
        }
        for await _ in ended {}
        await Task { await self.stop(coordinating, pooling) }.value
        await watch.value
        try await coordinating.value
    }

    private func stop(_ coordinating: Task<Void, any Error>, _ pooling: Task<Void, Never>) async {
        coordinating.cancel()
        await coordinator.executor.stop(letCutOversEndWithin: Self.cutOverPatience)
        _ = await coordinating.result
        await proxy.shutdown()
        await coordinator.takeovers?.releaseHomes()
        pooling.cancel()
        await pooling.value
    }

    /// Closed to others, but for the account of local contingent servers on its way to theirs.
    package static func makeDataDirectory(_ configuration: Configuration) throws {
        let path = configuration.dataDirectory
        guard !FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ClusterError("cannot make the data directory \(path): \(error.localizedDescription)")
        }
        if case .local = configuration.pool.provider { try ServerAccount.choose().admit(to: path) }
    }

    private static func moveConfiguration(_ configuration: Configuration, _ options: Options) -> MoveConfiguration {
        let clock = options.clock
        var moves = MoveConfiguration(now: { clock.now() })
        moves.gateDrainWithin = configuration.moves.gateTimeout
        moves.copyBytesPerSecondMax = configuration.moves.copyBytesPerSecondMax
        moves.crashSwitch = options.crashSwitch
        return moves
    }
}

extension StandbyZone {
    init(_ setting: ZoneAntiAffinity) {
        switch setting {
        case .prefer: self = .prefersAnother
        case .require: self = .requiresAnother
        case .off: self = .any
        }
    }
}

extension Configuration {
    /// The homes where they are now.
    fileprivate mutating func setHomes(_ homes: [Instance]) {
        for index in instances.indices {
            if let home = homes.first(where: { $0.id == instances[index].instance.id }) {
                instances[index].instance = home
            }
        }
    }
}
