// P-Store's planner: the cheapest sequence of moves between cluster sizes whose effective capacity never falls below the
// predicted load, by dynamic programming over time and number of machines.
//
// After R. Taft et al., "P-Store: An Elastic Database System with Predictive Provisioning", SIGMOD 2018, sections 4.2 to
// 4.4 and algorithms 1 to 4: the names are theirs in words. Load is uniform over machines, as the paper has it.

package struct PStorePlanner: Sendable, Hashable {
    /// `Q`: the load that one machine should carry.
    package var targetPerMachine: Double
    /// `D`: intervals to move the whole database from one machine to another with one pair of partitions.
    package var intervalsToMoveAll: Double
    /// `P`: partitions of a machine, hence pairs that move side by side.
    package var partitions: Int
    /// `Z`.
    package var machinesMax: Int

    package init(targetPerMachine: Double, intervalsToMoveAll: Double, partitions: Int, machinesMax: Int) {
        self.targetPerMachine = targetPerMachine
        self.intervalsToMoveAll = intervalsToMoveAll
        self.partitions = partitions
        self.machinesMax = machinesMax
    }

    /// One step of a plan: from `start` on, in intervals from now, the cluster goes `from` -> `to` machines, and is done at
    /// `end`. `from == to` is an interval of rest.
    package struct Move: Sendable, Hashable {
        package let start: Int
        package let end: Int
        package let from: Int
        package let to: Int
    }

    /// The cheapest moves that keep the load within the effective capacity until the end of the prediction; nil when no
    /// sequence of moves can.
    ///
    /// - Parameter load: of each interval; `load[0]` is the present one.
    package func bestMoves(load: [Double], machines now: Int) -> [Move]? {
        let last = load.count - 1
        var table = Table(planner: self, load: load, present: now)
        for final in 1...machinesMax where table.cost(at: last, of: final) < .infinity {
            return table.moves(endingAt: last, with: final)
        }
        return nil
    }

    // MARK: The model of a move

    /// `T(B, A)`: intervals from `before` to `after` machines (equation 3).
    package func duration(from before: Int, to after: Int) -> Double {
        guard before != after else { return 0 }
        let (small, large) = (min(before, after), max(before, after))
        let pairs = partitions * min(small, large - small)
        return intervalsToMoveAll / Double(pairs) * (1 - Double(small) / Double(large))
    }

    /// `C(B, A)`: machine-intervals that the move takes (equation 4).
    package func cost(from before: Int, to after: Int) -> Double {
        duration(from: before, to: after) * averageMachines(from: before, to: after)
    }

    /// A move in whole intervals, at least one: a machine that is done early is there until the interval ends.
    func wholeMove(from before: Int, to after: Int) -> (intervals: Int, cost: Double) {
        guard before != after else { return (1, Double(before)) }
        let span = duration(from: before, to: after)
        let intervals = max(1, Int(span.rounded(.up)))
        return (intervals, cost(from: before, to: after) + (Double(intervals) - span) * Double(after))
    }

    /// `avg-mach-alloc(B, A)`: machines come and go just in time (algorithm 4).
    package func averageMachines(from before: Int, to after: Int) -> Double {
        let (small, large) = (min(before, after), max(before, after))
        let difference = large - small
        guard difference > 0 else { return Double(small) }
        let remainder = difference % small
        if small >= difference { return Double(large) }
        if remainder == 0 { return Double(2 * small + large) / 2 }
        let (s, l, d, r) = (Double(small), Double(large), Double(difference), Double(remainder))
        let first = Double(difference / small - 1)
        let (firstTime, secondTime, thirdTime) = (s / d, r / d, s / d)
        let firstMachines = (s + l - r) / 2
        return firstMachines * first * firstTime + (l - r) * secondTime + l * thirdTime
    }

    /// `eff-cap(B, A, f)`: what the cluster carries when the share `done` of the data has moved (equation 7): the fullest
    /// machine decides.
    package func capacity(from before: Int, to after: Int, done: Double) -> Double {
        targetPerMachine / fullestShare(from: before, to: after, done: done)
    }

    /// The share of all data on the fullest machine.
    package func fullestShare(from before: Int, to after: Int, done: Double) -> Double {
        let (b, a) = (1 / Double(before), 1 / Double(after))
        return b + (a - b) * done
    }

    // MARK: The dynamic programme

    /// Memoised costs of having `machines` at an interval (algorithms 2 and 3).
    private struct Table {
        let planner: PStorePlanner
        let load: [Double]
        let present: Int
        private var known: [[(cost: Double, before: Int)?]]
        /// `T` in whole intervals, at least one; and `C`, by the sizes before and after.
        private let spans: [[(intervals: Int, cost: Double)]]

        init(planner: PStorePlanner, load: [Double], present: Int) {
            self.planner = planner
            self.load = load
            self.present = present
            let sizes = planner.machinesMax + 1
            known = Array(repeating: Array(repeating: nil, count: sizes), count: load.count)
            spans = (0..<sizes).map { before in
                (0..<sizes).map { after in
                    before > 0 && after > 0 ? planner.wholeMove(from: before, to: after) : (1, .infinity)
                }
            }
        }

        mutating func cost(at time: Int, of machines: Int) -> Double {
            if time < 0 || (time == 0 && machines != present) { return .infinity }
            if let known = known[time][machines] { return known.cost }
            if load[time] > planner.targetPerMachine * Double(machines) {
                known[time][machines] = (.infinity, machines)
                return .infinity
            }
            guard time > 0 else { return Double(machines) }
            var best = (cost: Double.infinity, before: machines)
            for before in 1...planner.machinesMax {
                let cost = cost(at: time, from: before, to: machines)
                if cost < best.cost { best = (cost, before) }
            }
            known[time][machines] = best
            return best.cost
        }

        /// The least cost when the last move is this one.
        private mutating func cost(at time: Int, from before: Int, to after: Int) -> Double {
            let (intervals, price) = spans[before][after]
            let start = time - intervals
            guard start >= 0 else { return .infinity }
            for interval in 1...intervals {
                let done = Double(interval) / Double(intervals)
                if load[start + interval] > planner.capacity(from: before, to: after, done: done) { return .infinity }
            }
            return cost(at: start, of: before) + price
        }

        func moves(endingAt last: Int, with final: Int) -> [Move] {
            var moves: [Move] = []
            var (time, machines) = (last, final)
            while time > 0, let step = known[time][machines] {
                let start = time - spans[step.before][machines].intervals
                moves.append(Move(start: start, end: time, from: step.before, to: machines))
                (time, machines) = (start, step.before)
            }
            return moves.reversed()
        }
    }
}
