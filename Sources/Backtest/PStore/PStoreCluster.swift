// A cluster as P-Store has it: machines that share the load evenly, resized by its planner. Its assumptions are granted:
// no machine is hotter than another, and machines come and go just in time.

import ClusterModel
import Simulation

struct PStoreCluster: Sendable {
    struct Settings: Sendable {
        /// `Q` as a share of the capacity: 65 % of saturation, as in the paper.
        var target = 0.65 * ServerModel.standard.saturationFactor
        /// What predictions are multiplied by.
        var inflation = 1.15
        /// Cycles that must agree before the cluster shrinks.
        var shrinkAgreements = 3
        /// Pairs that copy side by side on one machine: as many as Foreshard's moves from one source.
        var partitions = 4
        var machinesMax = 40
        /// What one copy adds to the load of both ends, as a share of their capacity.
        var copyShare = 0.02
    }

    private let settings: Settings
    private let planner: PStorePlanner
    private let capacity: Double
    private let bytes: Double
    private let tick: Duration
    private var machine: VirtualInstance
    private(set) var now: Timestamp
    private(set) var machines: Int
    private(set) var outcome = Outcome()
    private var move: (from: Int, to: Int, start: Timestamp, seconds: Double)?
    private var shrinkAgreed = 0
    private var wasOver = false

    /// - Parameters:
    ///   - intervals: of planning, that moving all data from one machine to another takes with one pair.
    ///   - bytes: of all data.
    init(
        capacity: Double, machines: Int, intervals: Double, bytes: Double, at begin: Timestamp, tick: Duration,
        settings: Settings = Settings()
    ) {
        self.settings = settings
        self.capacity = capacity
        self.machines = machines
        self.bytes = bytes
        self.tick = tick
        now = begin
        planner = PStorePlanner(
            targetPerMachine: settings.target * capacity, intervalsToMoveAll: intervals,
            partitions: settings.partitions, machinesMax: settings.machinesMax)
        machine = VirtualInstance(id: "fullest", role: .home, zone: "a", capacity: capacity)
    }

    var carries: Double { capacity / share }

    /// Plans once with the present load and the predicted ones, one for each interval of `interval`.
    mutating func plan(present: Double, predicted: [Double], interval: Duration) {
        guard move == nil else { return }
        let load = [present] + predicted.map { $0 * settings.inflation }
        guard let plan = planner.bestMoves(load: load, machines: machines) else {
            // Nothing can keep up: grow at once to what the highest load needs.
            let highest = load.max() ?? present
            let needed = Int((highest / planner.targetPerMachine).rounded(.up))
            return begin(to: min(max(needed, machines), settings.machinesMax), interval)
        }
        guard let first = plan.first(where: { $0.from != $0.to }) else {
            shrinkAgreed = 0
            return
        }
        if first.to < first.from {
            shrinkAgreed += 1
            guard first.start == 0, shrinkAgreed >= settings.shrinkAgreements else { return }
        } else if first.start > 0 {
            shrinkAgreed = 0
            return
        }
        shrinkAgreed = 0
        begin(to: first.to, interval)
    }

    private mutating func begin(to target: Int, _ interval: Duration) {
        guard target != machines else { return }
        let seconds = planner.duration(from: machines, to: target) * interval.inSeconds
        move = (machines, target, now, max(seconds, tick.inSeconds))
        wasOver = false
    }

    /// The share of the load on the fullest machine.
    private var share: Double {
        guard let move else { return 1 / Double(machines) }
        let done = min(1, (now - move.start).inSeconds / move.seconds)
        return planner.fullestShare(from: move.from, to: move.to, done: done)
    }

    /// What was so far counts no more.
    mutating func countAnew() { outcome = Outcome() }

    mutating func advance(until end: Timestamp, load: (Timestamp) -> Double) {
        while now < end {
            now = now + tick
            let seconds = tick.inSeconds
            let offered = load(now) * share
            let copying = move == nil ? 0 : settings.copyShare * Double(settings.partitions) * capacity
            machine.timePassed(seconds: seconds, offered: offered, copying: copying, now: now)
            if machine.violatesObjective { outcome.violationSeconds += seconds }
            if offered > capacity {
                outcome.overloadMinutes += seconds / 60
                wasOver = true
            }
            let allocated = move.map { planner.averageMachines(from: $0.from, to: $0.to) } ?? Double(machines)
            outcome.instanceHours += allocated * seconds / 3600
            if let done = move, (now - done.start).inSeconds >= done.seconds { complete(done.from, done.to) }
        }
    }

    private mutating func complete(_ from: Int, _ to: Int) {
        let moved = 1 - Double(min(from, to)) / Double(max(from, to))
        outcome.bytesMoved += moved * bytes
        if to > from { outcome.movesOut += 1 } else { outcome.movesHome += 1 }
        if wasOver, to > from { outcome.lateMoves += 1 }
        machines = to
        move = nil
    }
}
