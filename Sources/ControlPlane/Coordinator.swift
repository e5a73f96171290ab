// The loops of the control plane: measure, forecast, plan, act, watch. What they know is here; what each of them decides
// is a value made by Forecasting and Planning, and what they order is done by MoveService and ContingentPool.
//
// Invariant: nothing is ordered that was not first written to the audit with the numbers that caused it.
import Catalog
import ClusterModel
import ContingentPool
import Forecasting
import Foundation
import History
import Logging
import Migration
import Planning
import Proxy
import Routing

package actor Coordinator {
    /// The parts that the loops work with.
    struct Parts: Sendable {
        let clock: ClusterClock
        let catalog: CatalogStore
        let history: HistoryStore
        let routing: RoutingAuthority
        let pool: ContingentPool
        let forecaster: Forecaster
        let directory: HomeDirectory
        let homeOfSegment: [SegmentID: InstanceID]
        let terms: SegmentTerms
        let sizes: SegmentSizes
        /// An instance as the router reaches it.
        let routed: @Sendable (Instance) -> RoutedInstance
        let logger: Logger

        var homes: [Instance] { directory.homes }
    }

    struct Timing: Sendable {
        var meterEvery: Duration
        var forecastEvery: Duration
        var controlEvery: Duration
        var latencyObjective: Duration
    }

    let parts: Parts
    let timing: Timing
    let executor: MoveExecutor
    private(set) var moves: MoveService?
    /// Nil until the router listens; until then there is nothing to measure.
    private(set) var proxy: Proxy?
    private(set) var takeovers: TakeoverService?
    /// Nil where statements on tables of no group are refused.
    private(set) var unsharded: UnshardedWatch?
    private var inDoubt: InDoubtResolver?
    var controller: ShardingController
    var recent: RecentUsage
    var window: LoadWindow
    var round: ForecastRound?
    /// Whether the log has been told that the forecast is stale.
    private var saidStale = false
    private var lastMeasured: ContinuousClock.Instant?
    private var prunedAt: Timestamp?
    private static let auditKept = Duration.seconds(400 * 86_400)
    var plan: Plan?
    /// What a person froze, until it ends.
    var frozen: Freeze?
    /// Moves that a person approved: they are brought to their end without asking again.
    var approvedMoves: Set<MoveID> = []
    /// Since the process began.
    var anomaliesTold: [Anomaly.Kind: Int] = [:]
    /// The last note written for each reason, so that a standing wait is one record and not one for each plan.
    var notesWritten: [String: Timestamp] = [:]
    var contingencyWatch = ContingencyWatch()
    /// Instances that an order is being carried out about.
    var instancesInOrders: Set<InstanceID> = []

    init(
        parts: Parts, timing: Timing, executor: MoveExecutor, controller: ShardingController, window: LoadWindow
    ) {
        self.parts = parts
        self.timing = timing
        self.executor = executor
        self.controller = controller
        self.window = window
        frozen = parts.catalog.storedFreeze(logger: parts.logger)
        recent = RecentUsage(span: timing.controlEvery * 2)
    }

    func attach(_ moves: MoveService) { self.moves = moves }
    func attach(_ proxy: Proxy) { self.proxy = proxy }
    func attach(_ unsharded: UnshardedWatch) { self.unsharded = unsharded }
    func attach(_ inDoubt: InDoubtResolver) { self.inDoubt = inDoubt }

    func attach(_ takeovers: TakeoverService, _ proxy: Proxy) async {
        self.takeovers = takeovers
        await takeovers.attach(
            .init(
                proxy: proxy, routed: { [weak self] in await self?.routedInstances() ?? [] },
                takenOver: { [weak self] in await self?.movesLostTheirWay(of: $0) }))
    }

    /// Settles what an earlier process left; contingent instances that own segments or are in a move are ours again.
    func recoverMoves() async throws {
        try await moves?.recover()
        await activateOwners()
    }

    /// The contingent instances that are lent, and every other owner in the routing table that is no home.
    func contingentsInUse() async -> [Instance] {
        var instances: [Instance] = []
        for id in await contingentIDsInUse().sorted() {
            if let instance = await parts.pool.instance(id) {
                instances.append(instance)
            } else {
                parts.logger.error("an instance in use has no address", metadata: ["instance.id": "\(id)"])
            }
        }
        return instances
    }

    /// Nobody else of the pool's has rows of ours.
    func contingentIDsInUse() async -> Set<InstanceID> {
        let lent = Set(await parts.pool.allMembers.filter(\.state.isLent).map(\.id))
        return lent.union(placement.keys).subtracting(parts.homes.map(\.id))
    }

    // MARK: Loops

    /// Runs until cancelled.
    package func run() async throws {
        guard let moves else { preconditionFailure("a coordinator runs with its move service attached") }
        let (measured, report) = AsyncStream.makeStream(of: Timestamp.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await moves.run() }
            if let takeovers = self.takeovers { group.addTask { await takeovers.run() } }
            if let unsharded = self.unsharded, let proxy = self.proxy {
                group.addTask { await unsharded.run(proxy) }
            }
            if let inDoubt = self.inDoubt, let proxy = self.proxy { group.addTask { await inDoubt.run(proxy) } }
            group.addTask {
                try await self.every(self.timing.meterEvery) {
                    try await $0.measure(until: $1)
                    report.yield($1)
                }
            }
            group.addTask { await self.forecast(when: measured) }
            group.addTask { try await self.every(self.timing.controlEvery) { await $0.control(at: $1) } }
        }
    }

    private nonisolated func every(
        _ step: Duration, _ body: @Sendable (Coordinator, Timestamp) async throws -> Void
    ) async throws {
        while true {
            let moment: Timestamp
            do { moment = try await parts.clock.tick(every: step) } catch { return }
            try await body(self, moment)
        }
    }

    /// Forecasts at the first measured moment, and at the first of each interval: what ended just then is known.
    private nonisolated func forecast(when measured: AsyncStream<Timestamp>) async {
        var last: Timestamp?
        for await moment in measured {
            let interval = moment.floored(to: timing.forecastEvery)
            let known = if let last { last } else { await round?.issuedAt }
            if let known, known >= interval { continue }
            last = interval
            await forecast(at: moment)
        }
    }

    /// Takes what the router measured since the last call into memory and history.
    func measure(until end: Timestamp) async throws {
        guard var usage = await proxy?.takeUsage() else { return }
        defer { lastMeasured = .now }
        guard let lastMeasured else { return }
        // Busy time is real time; the interval is cluster time, and never exactly as long as it should be.
        let scale = timing.meterEvery.inSeconds / max(1e-6, lastMeasured.duration(to: .now).inSeconds)
        for id in usage.keys { usage[id]?.scaleTimes(by: scale) }
        // The router was there: a segment that nobody asked for used nothing, which is a measurement too.
        for segment in table.segments where usage[segment.id] == nil { usage[segment.id] = SegmentUsage() }
        let start = end - timing.meterEvery
        recent.add(usage, end: end, length: timing.meterEvery)
        window.add(usage, end: end, length: timing.meterEvery)
        do {
            try parts.history.append(
                usage.map { UsageRecord(segment: $0.key, start: start, usage: $0.value) }, step: timing.meterEvery)
        } catch {
            parts.logger.error("cannot write the history", metadata: ["error": "\(error)"])
        }
    }

    /// Forecasts; the first call, which learns, may take a while.
    package func forecast(at moment: Timestamp) async {
        let next = await parts.forecaster.forecast(window, placement: placement, at: moment.floored(to: window.step))
        tellAnomalies(of: next)
        if let round, next.issuedAt < round.issuedAt { return }
        round = next
        let budget = parts.clock.realTime(of: timing.forecastEvery)
        if next.took > budget {
            parts.logger.warning(
                "forecasting took longer than its interval",
                metadata: ["forecast.took": "\(next.took)", "forecast.every": "\(budget)"])
        }
    }

    /// Makes the first forecast, for which the models learn, and then lets a waiting clock run.
    package func startClock() async {
        await forecast(at: parts.clock.now())
        parts.clock.start()
    }

    /// Plans once and carries out what the plan's mode allows.
    func control(at moment: Timestamp) async {
        guard let moves else { return }
        let unplanned = table.groups.map(\.id).filter { !plansTheEnd(ofMovesIn: $0) }
        await moves.tick(recent, placement: placement, keepingByItself: Set(unplanned))
        await tellRouterOfInstances()
        await watchContingencies()
        let plan = controller.plan(await snapshot(at: moment))
        self.plan = plan
        remember()
        write(plan)
        for action in plan.actions where action.isExecutable || isApproved(action) { await carryOut(action) }
        forgetOldRecords(at: moment)
    }

    /// Whether plans end the watches over a group's moves.
    private func plansTheEnd(ofMovesIn group: GroupID) -> Bool {
        controller.configuration.policy != .none
            && min(controller.configuration.mode, parts.terms.modes[group] ?? .auto) == .auto
    }

    /// Once a day: what history and audit keep has an end.
    private func forgetOldRecords(at moment: Timestamp) {
        guard prunedAt.map({ moment - $0 >= .seconds(86_400) }) ?? true else { return }
        prunedAt = moment
        do {
            try parts.history.prune(at: moment)
            _ = try parts.catalog.forgetAudit(before: moment - Self.auditKept)
        } catch {
            parts.logger.error("cannot forget old records", metadata: ["error": "\(error)"])
        }
    }

    private func remember() {
        do {
            try parts.catalog.saveControllerMemory(JSONEncoder().encode(controller.memory))
        } catch {
            parts.logger.error("cannot keep the controller's memory", metadata: ["error": "\(error)"])
        }
    }

    // MARK: What is

    var table: QueryRoutingTable { parts.routing.table }

    var placement: [InstanceID: [SegmentID]] { table.placement }

    /// The last forecast, unless it is stale: then what is measured decides, as before the first forecast.
    private func freshRound(at moment: Timestamp) -> ForecastRound? {
        guard let round, round.isStale(at: moment, every: timing.forecastEvery) else {
            if saidStale { parts.logger.notice("forecasts are up to date again") }
            saidStale = false
            return round
        }
        if !saidStale {
            parts.logger.warning(
                "the last forecast is stale: until the next one, only what is measured decides",
                metadata: ["forecast.issued_at": "\(round.issuedAt)"])
        }
        saidStale = true
        return nil
    }

    func snapshot(at moment: Timestamp) async -> ClusterSnapshot {
        var members: [(PoolMember, Instance?)] = []
        for member in await parts.pool.allMembers { members.append((member, await parts.pool.instance(member.id))) }
        var times: [SegmentID: Duration] = [:]
        for segment in table.segments {
            let size = parts.sizes.size(of: segment)
            times[segment.id] = await moves?.timeToMove(rows: size.rows, bytes: size.bytes)
        }
        return await SnapshotBuilder(
            now: moment, table: table, homes: parts.homes, homeOfSegment: parts.homeOfSegment,
            terms: parts.terms, members: members,
            readiness: parts.pool.readiness, recent: recent, round: freshRound(at: moment),
            moves: moves?.inFlight ?? [], holds: moves?.tidying ?? [:], freeze: freeze(at: moment),
            scheduledFreezes: parts.forecaster.schedule.freezes(at: moment),
            latencyObjective: timing.latencyObjective, timesToMove: times, clock: parts.clock
        ).build()
    }
}
