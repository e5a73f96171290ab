// The cluster of a run: who owns what, which moves are under way, what the pool does. It obeys plans as the real executor
// does, only that copying is a wait and a change of ownership is an assignment.
// Invariant: a segment has one owner, and at most one move.

import ClusterModel
import Planning

struct VirtualMove: Sendable {
    var flight: MoveInFlight
    /// When its present phase ends by itself; nil while it waits for an order or the watch.
    var phaseEndsAt: Timestamp?
    var isReverting = false
    var watch: MoveWatch
}

struct OwnerChange: Sendable {
    let segment: SegmentID
    let from: InstanceID
    let to: InstanceID
    let at: Timestamp
}

struct VirtualCluster: Sendable {
    let scenario: Scenario
    private(set) var now: Timestamp
    private(set) var instances: [VirtualInstance]
    private(set) var owners: [SegmentID: InstanceID]
    /// The same by places: of segments in the truth, of instances here.
    private var ownerIndices: [Int]
    private(set) var moves: [VirtualMove] = []
    private(set) var changes: [OwnerChange] = []
    private(set) var outcome = Outcome()
    private var generator: SeededGenerator
    private var movesStarted = 0

    init(_ scenario: Scenario) {
        self.scenario = scenario
        now = scenario.begin
        instances = scenario.instances
        owners = scenario.homes
        ownerIndices = scenario.truth.segments.map { segment in
            scenario.instances.firstIndex { $0.id == scenario.homes[segment] } ?? 0
        }
        generator = SeededGenerator(seed: scenario.seed ^ 0xC1)
    }

    // MARK: Time

    mutating func tick() {
        now = now + scenario.tick
        endPhases()
        let seconds = scenario.tick.inSeconds
        var (violating, total) = (0.0, 0.0)
        let loads = offeredLoads()
        var isOverloaded = false
        for index in instances.indices {
            let offered = loads[index]
            instances[index].timePassed(
                seconds: seconds,
                offered: offered,
                copying: copyingLoad(on: instances[index]),
                now: now
            )
            total += offered
            if instances[index].violatesObjective { violating += offered }
            isOverloaded = isOverloaded || offered > instances[index].capacity
        }
        if isOverloaded { outcome.overloadMinutes += seconds / 60 }
        if violating > 0 {
            outcome.violationSeconds += seconds
            outcome.violatedLoadSeconds += seconds * violating / total
        }
        let contingents = instances.filter { $0.role == .contingent && $0.isOurs }.count
        outcome.contingentsUsedMax = max(outcome.contingentsUsedMax, contingents)
        outcome.contingentHours += Double(contingents) * seconds / 3600
        outcome.instanceHours += Double(contingents + instances.filter { $0.role == .home }.count) * seconds / 3600
    }

    /// What each instance is asked for by statements.
    func offeredLoads() -> [Double] {
        var loads = [Double](repeating: 0, count: instances.count)
        for (segment, owner) in ownerIndices.enumerated() {
            loads[owner] += scenario.truth.load(ofSegmentAt: segment, at: now)
        }
        return loads
    }

    /// A share of its capacity for each copy of which an instance is an end.
    private func copyingLoad(on instance: VirtualInstance) -> Double {
        guard !moves.isEmpty else { return 0 }
        let copies = moves.map(\.flight).filter { flight in
            flight.phase == .preparing && (flight.source == instance.id || flight.target == instance.id)
        }
        return Double(copies.count) * scenario.copyShare * instance.capacity
    }

    private mutating func endPhases() {
        for index in moves.indices.reversed() {
            guard let end = moves[index].phaseEndsAt, end <= now else { continue }
            moves[index].phaseEndsAt = nil
            switch moves[index].flight.phase {
            case .preparing:
                moves[index].flight.phase = .ready
                outcome.bytesMoved += scenario.bytes[moves[index].flight.segment] ?? 0
            case .cuttingOver: cutOverEnded(index)
            case .ready, .probation: break
            }
        }
    }

    private mutating func cutOverEnded(_ index: Int) {
        let flight = moves[index].flight
        if moves[index].isReverting {
            outcome.reverts += 1
            changeOwner(of: flight.segment, to: flight.source)
            moves.remove(at: index)
            return
        }
        if scenario.homes[flight.segment] == flight.target { outcome.movesHome += 1 } else { outcome.movesOut += 1 }
        if isOverCapacity(flight.source) { outcome.lateMoves += 1 }
        changeOwner(of: flight.segment, to: flight.target)
        moves[index].flight.phase = .probation(.waiting)
        moves[index].watch.cutOverCompleted(at: now)
    }

    private mutating func changeOwner(of segment: SegmentID, to owner: InstanceID) {
        changes.append(OwnerChange(segment: segment, from: owners[segment] ?? owner, to: owner, at: now))
        owners[segment] = owner
        if let place = scenario.truth.segments.firstIndex(of: segment),
            let index = instances.firstIndex(where: { $0.id == owner })
        {
            ownerIndices[place] = index
        }
    }

    private func isOverCapacity(_ id: InstanceID) -> Bool {
        instances.indices.contains { instances[$0].id == id && offeredLoads()[$0] > instances[$0].capacity }
    }

    // MARK: Observation

    /// One interval's measurements for the watches of all moves. As in the product, the control lives on neither end of
    /// the move; with one home there is none.
    mutating func sampleWatches() {
        for index in moves.indices {
            let segment = moves[index].flight.segment
            let ends = [moves[index].flight.source, moves[index].flight.target]
            let control = instances.filter { !ends.contains($0.id) && $0.role == .home }
            let sample = WatchSample(
                at: now,
                moved: cohort(latency: latency(of: owners[segment])),
                unmoved: control.first.map { cohort(latency: $0.latencySeconds) }
                    ?? CohortSample(statements: 0, p99Seconds: nil)
            )
            let verdict = moves[index].watch.sampled(sample)
            if case .probation = moves[index].flight.phase { moves[index].flight.phase = .probation(verdict) }
        }
    }

    private mutating func cohort(latency: Double) -> CohortSample {
        CohortSample(statements: 1000, p99Seconds: latency * generator.uniform(0.95...1.05))
    }

    private func latency(of instance: InstanceID?) -> Double {
        instances.first { $0.id == instance }?.latencySeconds ?? 0
    }

    mutating func snapshot(of issued: IssuedForecasts) -> ClusterSnapshot {
        ClusterSnapshot(
            now: now,
            steps: issued.steps,
            instances: instances.indices.map { observe(instanceAt: $0, issued) },
            segments: scenario.truth.segments.map { segment in
                SegmentSnapshot(
                    id: segment,
                    home: scenario.homes[segment] ?? "",
                    owner: owners[segment],
                    measuredLoad: scenario.truth.load(of: segment, at: now),
                    forecast: issued.segments[segment] ?? [],
                    timeToMove: scenario.timeToMove[segment] ?? .zero
                )
            },
            moves: moves.map(\.flight),
            freezes: scenario.freezes
        )
    }

    /// The segments that an instance owns.
    func owned(by instance: InstanceID) -> Set<SegmentID> {
        Set(scenario.truth.segments.filter { owners[$0] == instance })
    }

    /// An instance's forecast says something of the segments that it was made for, and of no others.
    private mutating func observe(instanceAt index: Int, _ issued: IssuedForecasts) -> InstanceSnapshot {
        let load = instances[index].takeMeasuredLoad()
        let instance = instances[index]
        return InstanceSnapshot(
            id: instance.id,
            role: instance.role,
            zone: instance.zone,
            capacity: instance.capacity,
            availability: instance.availability,
            measuredLoad: load,
            p99Seconds: instance.latencySeconds,
            p99ObjectiveSeconds: instance.model.objectiveSeconds,
            forecast: issued.instances[instance.id].map { $0.segments == owned(by: instance.id) ? $0.steps : [] } ?? []
        )
    }

    // MARK: Obedience

    mutating func obey(_ plan: Plan) {
        for action in plan.actions where action.isExecutable {
            switch action.kind {
            case .lease(let id): lease(id)
            case .prepare(let directive), .returnHome(let directive): start(directive)
            case .cutOver(let id): change(id) { $0.flight.phase = .cuttingOver }
            case .revert(let id):
                change(id) { move in
                    move.flight.phase = .cuttingOver
                    move.isReverting = true
                }
            case .keep(let id): moves.removeAll { $0.flight.id == id }
            case .abort(let id):
                outcome.droppedPreparations += moves.filter { $0.flight.id == id }.count
                moves.removeAll { $0.flight.id == id }
            case .giveBack(let id): giveBack(id)
            }
        }
    }

    private mutating func change(_ id: MoveID, _ body: (inout VirtualMove) -> Void) {
        guard let index = moves.firstIndex(where: { $0.flight.id == id }) else {
            return broken("an order for no move \(id)")
        }
        body(&moves[index])
        moves[index].phaseEndsAt = now + scenario.cutOverTime
    }

    private mutating func lease(_ id: InstanceID) {
        guard let index = instances.firstIndex(where: { $0.id == id }), !instances[index].isOurs else {
            return broken("leased \(id), which is ours or unknown")
        }
        let wait = if case .obtainable(let span) = instances[index].availability { span } else { scenario.leaseTime }
        instances[index].availability = .arriving(within: wait)
        instances[index].changesAt = now + wait
    }

    private mutating func giveBack(_ id: InstanceID) {
        guard let index = instances.firstIndex(where: { $0.id == id }) else { return broken("gave back unknown \(id)") }
        if owners.values.contains(id) { broken("gave back \(id), which owns segments") }
        if moves.contains(where: { $0.flight.target == id || $0.flight.source == id }) {
            broken("gave back \(id) in a move")
        }
        instances[index].availability = .obtainable(within: scenario.replenishTime)
        instances[index].changesAt = now + scenario.replenishTime
    }

    private mutating func start(_ directive: MigrationDirective) {
        let segment = directive.segmentID
        guard let source = owners[segment], let target = instances.first(where: { $0.id == directive.destination })
        else {
            return broken("a move of \(segment) to unknown \(directive.destination)")
        }
        if moves.contains(where: { $0.flight.segment == segment }) { broken("a second move of \(segment)") }
        if !target.isOurs { broken("a move of \(segment) to \(target.id), which is not ours") }
        let usual = scenario.timeToMove[segment]?.inSeconds ?? 0
        let readyForCopy = max(target.changesAt ?? now, now)
        movesStarted += 1
        let flight = MoveInFlight(
            id: MoveID("m\(movesStarted)"),
            segment: segment,
            source: source,
            target: target.id,
            phase: .preparing,
            startedAt: now
        )
        var watching = scenario.watch
        watching.objectiveSeconds = target.model.objectiveSeconds
        moves.append(
            VirtualMove(
                flight: flight,
                phaseEndsAt: readyForCopy + .seconds(usual * generator.uniform(0.7...1.05)),
                watch: MoveWatch(configuration: watching)
            )
        )
    }

    /// Remembers the first few.
    mutating func broken(_ invariant: String) {
        if outcome.brokenInvariants.count < 5 { outcome.brokenInvariants.append("\(now): \(invariant)") }
    }

    /// Counts from now on; what queues since before is nobody's.
    mutating func countAnew() {
        outcome = Outcome()
        changes = []
        for index in instances.indices { instances[index].emptyQueue() }
    }

    mutating func finish(_ body: (inout Outcome) -> Void) { body(&outcome) }
}

extension VirtualInstance {
    var isOurs: Bool {
        switch availability {
        case .active, .arriving: true
        case .warm, .obtainable, .unavailable: false
        }
    }
}
