import Testing

@testable import Backtest

struct PStorePlannerTests {
    private func planner(_ intervals: Double = 4, partitions: Int = 1, most: Int = 4) -> PStorePlanner {
        PStorePlanner(
            targetPerMachine: 10, intervalsToMoveAll: intervals, partitions: partitions, machinesMax: most)
    }

    @Test func movesGoSideBySideOverThePairsOfMachines() {
        // From 1 to 2 one pair moves half of the data; from 3 to 6 three pairs do.
        #expect(planner(12).duration(from: 1, to: 2) == 6)
        #expect(planner(12).duration(from: 3, to: 6) == 2)
        #expect(planner(12, partitions: 2).duration(from: 6, to: 3) == 1)
        #expect(planner().duration(from: 3, to: 3) == 0)
    }

    @Test func theFullestMachineDecidesTheCapacity() {
        let planner = planner()
        #expect(planner.capacity(from: 2, to: 4, done: 0) == 20)
        #expect(planner.capacity(from: 2, to: 4, done: 1) == 40)
        #expect(abs(planner.capacity(from: 2, to: 4, done: 0.5) - 10 / 0.375) < 1e-9)
        #expect(abs(planner.capacity(from: 4, to: 2, done: 0.5) - 10 / 0.375) < 1e-9)
    }

    /// The three cases of algorithm 4: all at once, in blocks, and the paper's example of three phases, 3 to 14 machines.
    @Test func machinesComeJustInTime() {
        #expect(planner().averageMachines(from: 4, to: 6) == 6)
        #expect(planner().averageMachines(from: 3, to: 9) == (6.0 + 9) / 2)
        // Two blocks of three machines while 6 of 11 parts move, then 12 machines for 2 parts, then all 14 for 3.
        let parts: [Double] = [6 * 7.5, 2 * 12, 3 * 14]
        let phases = parts.reduce(0, +) / 11
        #expect(abs(planner().averageMachines(from: 3, to: 14) - phases) < 1e-9)
        #expect(planner().averageMachines(from: 14, to: 3) == planner().averageMachines(from: 3, to: 14))
    }

    @Test func waitsAsLongAsItCanAndIsReadyInTime() throws {
        let plan = try #require(planner().bestMoves(load: [8, 8, 8, 8, 8, 15, 15], machines: 1))
        let growth = try #require(plan.first { $0.from != $0.to })
        #expect(growth.from == 1 && growth.to == 2)
        #expect(growth.end <= 5 && growth.start == growth.end - 2)
    }

    @Test func aMoveShorterThanAnIntervalIsNotCheaperThanRest() {
        let quick = planner(0.1, most: 40)
        #expect(quick.wholeMove(from: 2, to: 3).cost > 2.9)
        let plan = quick.bestMoves(load: Array(repeating: 18, count: 12), machines: 2)
        #expect(plan?.allSatisfy { $0.from == 2 && $0.to == 2 } == true)
    }

    @Test func saysSoWhenNothingCanKeepUp() {
        #expect(planner().bestMoves(load: [8, 39, 39], machines: 1) == nil)
    }

    /// Against every sequence of moves there is, on small instances.
    @Test(arguments: 0..<40) func findsTheCheapestOfAllSequences(_ seed: Int) {
        var state = UInt64(seed * 7919 + 13)
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let planner = planner(Double(1 + random(6)), most: 3)
        let load = (0..<7).map { _ in Double(random(30)) }
        let present = 1 + random(3)
        let found = planner.bestMoves(load: load, machines: present)
        let best = Exhaustive(planner: planner, load: load).best(from: present)
        // The plan that is chosen ends with the fewest machines that can be had; of those plans it is the cheapest.
        guard let best else {
            #expect(found == nil, "seed \(seed)")
            return
        }
        let moves = found ?? []
        let cost = moves.reduce(Double(present)) {
            $0 + planner.wholeMove(from: $1.from, to: $1.to).cost
        }
        #expect(moves.last?.to == best.final, "seed \(seed)")
        #expect(abs(cost - best.cost) < 1e-9, "seed \(seed): \(cost), not \(best.cost)")
    }
}

/// All sequences of moves, without memory and in forward direction.
private struct Exhaustive {
    let planner: PStorePlanner
    let load: [Double]

    func best(from present: Int) -> (final: Int, cost: Double)? {
        var ends: [Int: Double] = [:]
        guard load[0] <= planner.targetPerMachine * Double(present) else { return nil }
        explore(0, present, Double(present), &ends)
        return ends.min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func explore(_ time: Int, _ machines: Int, _ cost: Double, _ ends: inout [Int: Double]) {
        if time == load.count - 1 {
            ends[machines] = min(ends[machines] ?? .infinity, cost)
            return
        }
        for next in 1...planner.machinesMax {
            let (intervals, price) = planner.wholeMove(from: machines, to: next)
            guard time + intervals < load.count else { continue }
            let fits = (1...intervals).allSatisfy {
                load[time + $0]
                    <= planner.capacity(from: machines, to: next, done: Double($0) / Double(intervals)) + 1e-12
            }
            if fits, load[time + intervals] <= planner.targetPerMachine * Double(next) {
                explore(time + intervals, next, cost + price, &ends)
            }
        }
    }
}
