// One replay under one policy: servers from the same files, a Foreshard of its own, the same arrivals.
import Catalog
import ClusterModel
import ControlPlane
import Forecasting
import Foundation
import LocalPostgres
import Logging
import Planning
import PostgresClient
import Routing
import Settings
import Workload

struct PolicyReplay {
    let stage: Stage
    let policy: ControllerPolicy
    /// Of the directory that its servers live in.
    let name: String
    let servers: DemonstrationServers
    let load: ReplayedLoad
    let keys: ZipfKeys
    let logger: Logger
    let screen: Screen
    /// Contingent instances that may be lent to others; they then ask for passwords.
    var lentMax = 0
    /// What somebody or something does to the cluster meanwhile; it is cancelled when the last visit was answered.
    var intervention: Intervention?

    func run() async throws -> ReplayOutcome {
        let cluster = try await servers.copy(for: name, withTemplate: lentMax == 0)
        var homes: [(LocalServer, Endpoint)] = []
        for number in 1...stage.homes {
            let server = try cluster.server(servers.homeName(number))
            homes.append((server, try await server.start()))
        }
        let result: Result<ReplayOutcome, any Error>
        do {
            result = .success(try await replay(homes.map(\.1)))
        } catch {
            result = .failure(error)
        }
        for (server, _) in homes { try? await server.stop() }
        return try result.get()
    }

    private func replay(_ homes: [Endpoint]) async throws -> ReplayOutcome {
        let visits = OpenLoopReplay(
            curve: load.curve, keys: keys,
            configuration: .init(
                connections: stage.clientConnections, serviceTime: stage.serviceTime,
                orderShare: stage.orderShare, filledOrders: stage.shop.ordersPerCustomer, seed: stage.seed))
        let assembly = try await Assembly.start(configuration(homes), options: options, logger: logger)
        let recorder = ReplayRecorder()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await assembly.run() }
            defer { group.cancelAll() }
            try await waitForWarmPool(assembly)
            let endpoint = Endpoint(
                host: "127.0.0.1", port: assembly.proxy.localAddress.port ?? 0, database: homes[0].database,
                user: DemonstrationServers.applicationRole, password: nil)
            let connections = try await visits.connect(to: endpoint)
            await assembly.coordinator.startClock()
            group.addTask { await recorder.run(assembly) { screen.progress(policy.rawValue, stage, $0) } }
            let diary = Diary()
            let running = RunningReplay(
                assembly: assembly, stage: stage, contingents: servers.path(of: name) + "/data/contingent", diary: diary
            )
            let outcome = await replay(visits, on: connections, running)
            try await settle(assembly)
            let report = try await self.report(assembly, outcome, recorder)
            group.cancelAll()
            return ReplayOutcome(
                stage: stage, report: report, looks: recorder.samples.map(ReplayOutcome.Look.init),
                diary: diary.entries)
        }
    }

    /// The visits, and beside them the intervention.
    private func replay(
        _ visits: OpenLoopReplay, on connections: [PostgresConnection], _ running: RunningReplay
    ) async -> OpenLoopReplay.Outcome {
        await withTaskGroup(of: Void.self) { beside in
            if let intervention { beside.addTask { await running.carryOut(intervention) } }
            let outcome = await visits.run(on: connections)
            beside.cancelAll()
            return outcome
        }
    }

    /// The pool makes its instances in the background; the replay begins when they are ready.
    private func waitForWarmPool(_ assembly: Assembly) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while await assembly.pool.allMembers.count(where: { $0.state == .warm }) < stage.contingents {
            guard ContinuousClock.now < deadline else {
                throw DemonstrationError("the contingent instances were not ready within a minute")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Lets the segments go home if the peak is over by the end; then nothing new is begun, so that what is counted does
    /// not change meanwhile.
    private func settle(_ assembly: Assembly) async throws {
        let coordinator = assembly.coordinator
        if stage.endsAfterThePeak {
            try await wait(within: .seconds(40)) {
                let isAway = await coordinator.segments().contains { $0.location != $0.home }
                let isPoolAtRest = await assembly.pool.allMembers.allSatisfy { $0.state == .warm }
                return !isAway && isPoolAtRest
            }
        }
        _ = await coordinator.setMode(.observe)
        // An instance that is being emptied cannot be looked at; a busy host takes its time.
        try await wait(within: .seconds(60)) {
            let moves = await coordinator.moveViews()
            for move in moves where move.state == "ready" {
                _ = try? await coordinator.orderRevert(of: MoveID(move.id))
            }
            let isPoolAtRest = await assembly.pool.allMembers.allSatisfy {
                $0.state.kind != .draining && $0.state.kind != .wiping
            }
            return moves.isEmpty && isPoolAtRest
        }
    }

    /// Until it holds, or for so long that the report had better say that it does not.
    private func wait(within limit: Duration, _ holds: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline, await !holds() { try await Task.sleep(for: .milliseconds(100)) }
    }

    // MARK: Settings

    private func configuration(_ homes: [Endpoint]) -> Configuration {
        var router = RouterSettings()
        router.clientsMax = stage.clientConnections + 100
        router.queueTimeout = .seconds(120)
        var controller = ControllerSettings(for: policy)
        controller.mode = .auto
        controller.latencyObjective = stage.latencyObjective
        var moves = MoveSettings()
        moves.cleanupGrace = .seconds(300)
        moves.copyBytesPerSecondMax = stage.copyBytesPerSecond
        var lending = LendingSettings()
        lending.max = lentMax
        lending.keepWarm = lentMax > 0 ? 0 : nil
        return Configuration(
            listen: Listener(host: "127.0.0.1", port: 0), admin: Listener(host: "127.0.0.1", port: 0),
            dataDirectory: servers.path(of: name) + "/data",
            users: [User(name: DemonstrationServers.applicationRole, secret: nil)], clientAuthentication: .trust,
            application: Credentials(user: DemonstrationServers.applicationRole, password: nil),
            instances: homes.enumerated().map { index, endpoint in
                InstanceSettings(
                    instance: Instance(
                        id: InstanceID(servers.homeName(index + 1)), role: .home, zone: "a", endpoint: endpoint,
                        capacity: Load(Double(stage.homeConnections)), costPerHour: 1),
                    connectionsMax: stage.homeConnections)
            },
            pool: PoolSettings(
                provider: .local(
                    LocalProviderSettings(
                        zones: ["b"], instancesMax: stage.contingents,
                        capacity: Load(Double(stage.contingentConnections)),
                        connectionsMax: stage.contingentConnections, costPerHour: 1,
                        locale: DemonstrationServers.settings.locale)),
                warm: WarmFloor(stage.contingents), lending: lending),
            groups: [GroupSettings(group: Shop.group, segments: stage.segments)], router: router,
            forecast: forecast, controller: controller, moves: moves, events: load.events, eventFiles: [])
    }

    /// Without the network, which takes seconds to learn: at this pace those are hours of the trace.
    private var forecast: ForecastSettings {
        var settings = ForecastSettings()
        settings.models = ["spar", "ridge", "week", "day", "last"]
        return settings
    }

    private var options: Assembly.Options {
        var options = Assembly.Options()
        options.clock = ClusterClock(waitingAt: stage.start, acceleration: stage.acceleration)
        options.history = load.history
        options.meterEvery = .seconds(60)
        if lentMax == 0 { options.localServers = DemonstrationServers.settings }
        // Until the first move was measured; afterwards what was measured counts.
        options.moveTime.fixed = .seconds(1)
        return options
    }

    // MARK: Report

    private func report(
        _ assembly: Assembly, _ outcome: OpenLoopReplay.Outcome, _ recorder: ReplayRecorder
    ) async throws -> PolicyReport {
        let segments = await assembly.coordinator.segments()
        let verdict = try await LedgerCheck(
            table: assembly.routing.table, instances: await assembly.coordinator.reachableInstances(),
            shop: stage.shop
        ).verdict(of: outcome.ledger)
        let samples = recorder.samples
        let segmentsAway = segments.count { $0.location != $0.home }
        let moves = try await assembly.coordinator.recordedMoves()
        let blocks = moves.flatMap(\.blockedMilliseconds)
        let preparations = moves.compactMap(\.preparedMilliseconds)
        return PolicyReport(
            violationSeconds: outcome.timeline.violationSeconds(objective: stage.latencyObjective.inSeconds),
            p50Ms: (outcome.timeline.percentile(0.5) ?? 0) * 1000,
            p99Ms: (outcome.timeline.percentile(0.99) ?? 0) * 1000,
            statements: outcome.statements, failedStatements: outcome.failedStatements, failures: outcome.failures,
            moves: moves.count { !$0.blockedMilliseconds.isEmpty },
            movesHome: moves.count { $0.target.hasPrefix("home") && !$0.blockedMilliseconds.isEmpty },
            blockedMsMedian: blocks.median, blockedMsMax: blocks.max(),
            prepareMinutesMedian: preparations.median.map { $0 / 1000 * stage.minutesPerSecond },
            ledgerRows: verdict.all.checked, ledgerRowsWritten: verdict.written.checked, ledgerLost: verdict.all.lost,
            ledgerDuplicated: verdict.all.duplicated,
            instanceHours: InstanceHours.total(
                homes: stage.homes, leased: samples.map { ($0.at, $0.contingentsLeased) },
                homesPerContingent: stage.homesPerContingent, from: stage.start, to: stage.end),
            segmentsAwayAtEnd: segmentsAway,
            homeMinutesAfterEnd: HomeComing.minutes(
                after: stage.end,
                away: samples.map { ($0.at, $0.segmentsAway) } + [(assembly.clock.now(), segmentsAway)]),
            seconds: seconds(outcome.timeline, recorder), decisions: try await decisions(assembly))
    }

    private func decisions(_ assembly: Assembly) async throws -> [AuditView] {
        var query = AuditQuery()
        query.limit = AuditQuery.recordsMax
        return try await assembly.coordinator.audit(query).reversed()
    }

    private func seconds(_ timeline: LatencyTimeline, _ recorder: ReplayRecorder) -> [PolicyReport.Second] {
        let samples = recorder.samples
        return timeline.points.enumerated().map { index, point in
            let sample = samples.min { abs($0.second - Double(index) - 0.5) < abs($1.second - Double(index) - 0.5) }
            let at = stage.clusterTime(atSecond: Double(index) + 0.5)
            return PolicyReport.Second(
                at: at.description, visits: point.statements, p50Ms: point.p50.map { $0 * 1000 },
                p99Ms: point.p99.map { $0 * 1000 }, load: sample?.load ?? 0,
                predictedLoad: recorder.predicted(for: at, tolerance: .seconds(600)),
                contingentsLeased: sample?.contingentsLeased ?? 0, loadByInstance: sample?.loadByInstance ?? [:])
        }
    }
}
