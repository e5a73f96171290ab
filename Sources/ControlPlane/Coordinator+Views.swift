// What is, for people and programs.
import Catalog
import ClusterModel
import ContingentPool
import Forecasting
import Migration
import Planning
import Proxy
import Routing
import SQLAnalysis

extension Coordinator {
    private var thresholdShare: Double { controller.configuration.overloadThreshold }

    package func status() async -> StatusView {
        let router = await proxy?.status()
        let isStale = round?.isStale(at: parts.clock.now(), every: timing.forecastEvery) ?? true
        return StatusView(
            now: parts.clock.now().description, mode: controller.configuration.mode.rawValue,
            policy: controller.configuration.policy.rawValue, epoch: table.epoch.number, clients: router?.clients ?? 0,
            statementsRefused: router?.counters.statementsRefused ?? 0, waitingAtGates: router?.waitingAtGates ?? 0,
            distributedTransactions: DistributedTransactionsView(
                committed: router?.counters.distributedCommits ?? 0,
                rolledBack: router?.counters.distributedRollbacks ?? 0,
                inDoubt: router?.counters.distributedInDoubt ?? 0),
            forecastIssuedAt: round?.issuedAt.description,
            forecastMilliseconds: round.map { $0.took.inSeconds * 1000 }, isForecastStale: isStale,
            anomalies: anomalyCounts(), freezes: freezesInForce(at: parts.clock.now()),
            instances: await instanceViews(router?.pools ?? []), contingencies: await contingencies(),
            moves: await moveViews())
    }

    private func instanceViews(_ pools: [ProxyStatus.Pool]) async -> [InstanceView] {
        var views = parts.homes.map { view(of: $0, state: "active", pools) }
        for member in await parts.pool.allMembers {
            guard let instance = await parts.pool.instance(member.id) else { continue }
            views.append(view(of: instance, state: member.state.kind.rawValue, pools))
        }
        return views
    }

    private func view(of instance: Instance, state: String, _ pools: [ProxyStatus.Pool]) -> InstanceView {
        let owned = table.segments(on: instance.id).map(\.id)
        let pool = pools.first { $0.instance == instance.id }
        let forecast = round?.instances[instance.id]
        let peak = forecast?.steps.max { $0.curve.median < $1.curve.median }
        return InstanceView(
            id: instance.id.text, role: instance.role.rawValue, zone: instance.zone.text, state: state,
            segments: owned.count, load: recent.load(of: owned).activeSessions,
            capacity: instance.capacity.activeSessions,
            p99Milliseconds: recent.usage(of: owned).latency.quantile(0.99).map { $0 * 1000 },
            connectionsInUse: pool?.leased ?? 0, statementsWaiting: pool?.waiting ?? 0,
            predictedPeak: peak?.curve.median, predictedPeakAt: peak?.at.description,
            overloadProbability: forecast?.likeliestExcess(of: thresholdShare * instance.capacity.activeSessions)?
                .probability)
    }

    package func segments() -> [SegmentView] {
        table.segments.map { segment in
            let usage = recent.usage(of: [segment.id])
            let peak = round?.segments[segment.id]?.steps.max { $0.curve.median < $1.curve.median }
            return SegmentView(
                segmentID: segment.id.text, group: segment.group.text, lower: segment.arc.lower,
                upper: segment.arc.upper, location: table.owner(of: segment).text,
                home: (parts.homeOfSegment[segment.id] ?? table.owner(of: segment)).text,
                load: recent.load(of: [segment.id]).activeSessions, statements: usage.statements,
                p99Milliseconds: usage.latency.quantile(0.99).map { $0 * 1000 }, predictedPeak: peak?.curve.median,
                predictedPeakAt: peak?.at.description)
        }
    }

    /// Forecasts of everything, or of the segment or instance with that id.
    package func forecasts(of subject: String?) async -> [ForecastView] {
        guard let round else { return [] }
        var views: [ForecastView] = []
        for (id, forecast) in round.segments.sorted(by: { $0.key < $1.key }) where subject == nil || subject == id.text
        {
            views.append(view(of: forecast, named: id.text, threshold: nil))
        }
        for (id, forecast) in round.instances.sorted(by: { $0.key < $1.key }) where subject == nil || subject == id.text
        {
            views.append(
                view(of: forecast, named: id.text, threshold: await capacity(of: id).map { $0 * thresholdShare }))
        }
        return views
    }

    /// The last days of a segment or instance as forecasts see them; nil for a name that is not known.
    package func past(of subject: String, span: Duration) -> PastView? {
        let owned =
            window.series[SegmentID(subject)].map { [$0] }
            ?? placement[InstanceID(subject)]?.compactMap { window.series[$0] }
        guard let owned, let series = try? LoadSeries.sum(owned) else { return nil }
        let shown = series.window(from: max(series.start, series.end - span), to: series.end)
        return PastView(
            subject: subject, start: shown.start.description, stepSeconds: shown.step.inSeconds,
            loads: shown.values.map { $0.isNaN ? nil : $0 })
    }

    private func capacity(of id: InstanceID) async -> Double? {
        if let home = parts.homes.first(where: { $0.id == id }) { return home.capacity.activeSessions }
        return await parts.pool.instance(id)?.capacity.activeSessions
    }

    private func view(of forecast: SubjectForecast, named name: String, threshold: Double?) -> ForecastView {
        ForecastView(
            subject: name, issuedAt: forecast.issuedAt.description, threshold: threshold,
            model: forecast.explanation.model, reason: forecast.explanation.reason,
            staleness: "\(forecast.explanation.staleness)",
            anomaly: forecast.anomaly.map { "\($0.kind.rawValue): \($0.explanation)" },
            steps: forecast.steps.map { step in
                ForecastView.Step(
                    at: step.at.description, load: step.curve.median,
                    confidence: threshold.map { step.curve.probability(exceeding: $0) }, quantiles: step.quantiles)
            })
    }

    /// The sum of the instances' medians at the step that ends next after `time`; nil beyond the horizon.
    package func predictedTotal(at time: Timestamp) -> (for: Timestamp, load: Double)? {
        guard let round, let end = round.steps.first(where: { $0 >= time }) else { return nil }
        let medians = round.instances.values.compactMap { $0.steps.first { $0.at == end }?.curve.median }
        return (end, medians.reduce(0, +))
    }

    /// Every instance that may hold rows of the service.
    package func reachableInstances() async -> [Instance] {
        var instances = parts.homes
        for member in await parts.pool.allMembers
        where member.state.shouldAnswer && member.state.lease == nil && member.state.home == nil {
            if let instance = await parts.pool.instance(member.id) { instances.append(instance) }
        }
        return instances
    }

    /// The moves that were ever begun, newest first, finished ones too.
    package func recordedMoves() async throws -> [MoveView] {
        try await parts.catalog.recentMoves(limit: 1000).map { MoveView($0, work: nil) }
    }

    /// What the latest plan says of a segment, or why it says nothing.
    ///
    /// - Throws: `OrderRefusal` for a segment that does not exist.
    package func explanation(of segment: SegmentID) async throws -> [String] {
        guard let known = table.segments.first(where: { $0.id == segment }) else {
            throw OrderRefusal("there is no segment \(segment): see `foreshard segments`.")
        }
        guard let plan else { return ["there is no plan yet: the first is made after the first forecast"] }
        let own = plan.records.filter { $0.segment == segment }.map(\.sentence)
        guard own.isEmpty else { return own }
        let owner = table.owner(of: known)
        let ofOwner = plan.records.filter { $0.segment == nil && $0.source == owner }.map(\.sentence)
        let stays = controller.reasonToStay(of: segment, in: await snapshot(at: plan.at))
        return [stays].compactMap(\.self) + ofOwner
    }

    package func latestPlan() -> PlanView? { plan.map(PlanView.init) }

    package func moveViews() async -> [MoveView] {
        guard let moves else { return [] }
        return await moves.tracked.values.map { MoveView($0.record, work: $0.work) }.sorted { $0.id < $1.id }
    }

    package func events() async -> [EventView] {
        parts.forecaster.schedule.events.map { event in
            EventView(
                kind: event.kind, label: event.label, start: event.start.description, end: event.end.description,
                segments: event.segments?.map(\.text), uplift: event.uplift,
                leadSeconds: event.lead?.inSeconds, tailSeconds: event.tail?.inSeconds)
        }
    }

    package func audit(_ query: AuditQuery) throws -> [AuditView] {
        try parts.catalog.audit(query).map { record in
            AuditView(
                id: record.id, at: record.at.description, kind: record.entry.kind, move: record.entry.move?.text,
                segment: record.entry.segment?.text, instance: record.entry.instance?.text,
                sentence: record.entry.sentence, details: record.entry.details)
        }
    }

    package func route(_ sql: String) async throws -> RouteView {
        try RouteView(sql, table: table, unsharded: await unsharded?.tables)
    }
}

extension PlanView {
    init(_ plan: Plan) {
        self.init(
            at: plan.at.description, policy: plan.policy.rawValue, mode: plan.mode.rawValue,
            overloadThreshold: plan.overloadThreshold, actions: plan.actions.map(Action.init),
            notes: plan.notes.map(\.sentence))
    }
}

extension PlanView.Action {
    init(_ action: PlannedAction) {
        self.init(
            id: action.kind.proposalID, what: action.kind.verb, segmentID: action.record.segment?.text,
            destination: action.record.destination?.text, priority: action.directive?.priority,
            authority: action.authority.rawValue, because: action.record.sentence)
    }
}

extension PlannedAction.Kind {
    var verb: String {
        switch self {
        case .lease: "lease"
        case .prepare: "prepare"
        case .returnHome: "return_home"
        case .cutOver: "cut_over"
        case .revert: "revert"
        case .keep: "keep"
        case .abort: "abort"
        case .giveBack: "give_back"
        }
    }
}

extension MoveView {
    init(_ record: MoveRecord, work: MoveService.Work?) {
        let report = record.report
        self.init(
            id: record.id.text, segmentID: record.order.segment.id.text, source: record.order.source.text,
            target: record.order.target.text, state: record.state.rawValue, work: work.map { "\($0)" },
            rowsCopied: report.rowsCopied,
            bytesCopied: report.bytesCopied, blockedMilliseconds: report.blocks.map(\.milliseconds),
            preparedMilliseconds: report.preparedInMilliseconds, failure: report.failure)
    }
}
