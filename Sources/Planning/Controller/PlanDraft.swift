// A plan in the making. The rules run in a fixed order, each in its own file, and each sees what the earlier ones ordered:
// undo what failed, drop what is not needed, switch what is due, relieve, go home, give back.
// Invariant: `current` is who owns what once this plan's changes of ownership are done; `committed` is that with every
// move in flight, or started here, done as well. New decisions look at `committed`, changes of ownership at `current`.

import ClusterModel

struct PlanDraft {
    let snapshot: ClusterSnapshot
    let configuration: PlanningConfiguration
    let horizon: Horizon
    let outlook: Outlook
    let instances: [InstanceID: InstanceSnapshot]
    let segments: [SegmentID: SegmentSnapshot]
    /// What each instance is taken to carry: as stated, or less where less was measured to be too much.
    let capacities: [InstanceID: Double]
    /// Instances that are measured over their threshold for long enough.
    let measuredOver: Set<InstanceID>
    var memory: ControllerMemory
    var current: PlacementBook
    var committed: PlacementBook
    var budget: MoveBudget
    /// Moves that this plan does not end.
    var moves: [MoveInFlight]
    /// Pool instances that this plan or a coming one needs.
    var spokenFor: Set<InstanceID> = []
    /// Instances that this plan gathers segments on, now or as soon as the limits let it.
    var gatheredOn: Set<InstanceID> = []
    var plan: Plan
    var reliefPreference = ReliefPreference.fewestMoves
    var reliefAccount = ReliefAccount()

    init(_ snapshot: ClusterSnapshot, configuration: PlanningConfiguration, memory: ControllerMemory) {
        self.snapshot = snapshot
        instances = Dictionary(snapshot.instances.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        segments = Dictionary(snapshot.segments.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var memory = memory
        let measured = MeasuredState(snapshot, configuration: configuration, memory: &memory)
        outlook = measured.outlook
        horizon = measured.outlook.horizon
        capacities = measured.capacities
        measuredOver = measured.over
        self.memory = memory
        let configuration = configuration.adjusted(toSystemLoad: Self.systemLoad(snapshot, measured))
        self.configuration = configuration
        moves = snapshot.moves
        budget = MoveBudget(
            configuration: configuration, moves: snapshot.moves, begunWithinTheHour: memory.begunWithinTheHour,
            instances: snapshot.instances)
        current = PlacementBook(
            outlook: outlook,
            instances: snapshot.instances.map(\.id),
            locations: snapshot.segments.map { ($0.id, $0.owner) }
        )
        committed = current
        plan = Plan(
            at: snapshot.now, policy: configuration.policy, mode: configuration.mode,
            overloadThreshold: configuration.overloadThreshold)
        for move in snapshot.moves {
            committed.move(move.segment, to: move.target)
            if move.phase == .cuttingOver { current.move(move.segment, to: move.target) }
        }
    }

    /// All segments at their highest, as a share of what all instances that are ours or to be had carry.
    private static func systemLoad(_ snapshot: ClusterSnapshot, _ measured: MeasuredState) -> Double {
        let outlook = measured.outlook
        let peak = outlook.aggregate(of: snapshot.segments.map(\.id))
            .peak(outlook.grid.planning, over: outlook.horizon.indices)
        let capacity = snapshot.instances.reduce(0) { sum, instance in
            instance.readyWithin == nil ? sum : sum + (measured.capacities[instance.id] ?? 0)
        }
        return capacity > 0 ? peak / capacity : 0
    }

    mutating func run() {
        plan.overloads = expectedOverloads(in: current, steps: horizon.indices)
        guard configuration.policy != .none else { return }
        obeyWatch()
        dropUnneeded()
        cutOverReady()
        relieve()
        if configuration.policy == .horizon { gather() } else { returnHome() }
        giveBack()
    }

    var now: Timestamp { snapshot.now }
    var freeze: Freeze? { snapshot.freezes.first { $0.covers(now) } }

    func capacity(of instance: InstanceID) -> Double { capacities[instance] ?? 0 }
    func threshold(of instance: InstanceID) -> Double { configuration.overloadThreshold * capacity(of: instance) }

    /// A move that brings its segment home, or gathers it with others: it is made to give an instance back.
    func isReturn(_ move: MoveInFlight) -> Bool {
        segments[move.segment]?.home == move.target || memory.gathered[move.segment] == move.target
    }

    /// Why a segment must not start a move now; nil when it may.
    func obstacle(to segment: SegmentSnapshot) -> Hold? {
        if let hold = segment.hold, hold.until > now { return hold }
        return memory.rests[segment.id]
    }

    /// What may be done with a segment; with nil, with an instance.
    func mode(of segment: SegmentID?) -> PlanningMode {
        let most = segment.flatMap { segments[$0]?.modeMax } ?? configuration.mode
        return min(most, configuration.mode)
    }

    mutating func order(_ kind: PlannedAction.Kind, _ record: DecisionRecord) {
        let authority = kind.authority(in: mode(of: record.segment))
        plan.actions.append(PlannedAction(kind: kind, authority: authority, record: record))
    }

    mutating func note(_ record: DecisionRecord) { plan.notes.append(record) }

    /// The move comes to nothing: its segment stays where it is.
    mutating func undo(_ move: MoveInFlight) {
        moves.removeAll { $0.id == move.id }
        committed.move(move.segment, to: move.source)
        current.move(move.segment, to: move.source)
    }
}
