// The world of one day: instances that die, a pool and moves driven as the product drives them, the real controller, and
// Foreshard itself, which can die at any moment and come back with what it had written down.
//
// `ShardingController`, `PoolMember`, `Replenishment` and `MoveStateMachine` are the product's own. What stands here in
// place of the product is what asks them and obeys them: copying is a wait, emptying is a wait, a server is a flag.

import ClusterModel
import ContingentPool
import Migration
import Planning
import Simulation

package struct CampaignWorld: Sendable {
    package let day: CampaignDay
    /// The time as it is.
    var now = CampaignDay.start
    /// What the machine's clock is off by.
    var clockError = Duration.zero
    var dice: SeededGenerator
    package internal(set) var outcome = CampaignOutcome()

    // Written down: it outlives a death of Foreshard.
    var members: [InstanceID: PoolMember] = [:]
    var moves: [CampaignMove] = []
    var owners: [SegmentID: InstanceID]
    var memory = ControllerMemory()
    var movesNamed = 0

    // Not written down.
    var controller: ShardingController
    var underWay: [InstanceID: PoolWork] = [:]
    var freezes: [Freeze] = []
    var listeningSince = CampaignDay.start
    var forecasts = CampaignForecasts()
    /// Foreshard is dead until then.
    var deadUntil: Timestamp?

    /// Servers that are down, and until when.
    var down: [InstanceID: Timestamp] = [:]
    /// Contingent instances on which everything is slow.
    var sick: Set<InstanceID> = []

    // For the invariants.
    var changes: [SegmentID: [OwnerChange]] = [:]
    /// When plans began moves, by the clock that they saw.
    var begunByPlans: [Timestamp] = []
    var jumpedAt: [Timestamp] = []
    var lastPlan: Plan?

    struct OwnerChange {
        let at: Timestamp
        /// Neither undone by the watch nor ordered by a person.
        let isByPlan: Bool
    }

    package init(_ day: CampaignDay) {
        self.day = day
        dice = SeededGenerator(seed: day.seed ^ 0x9A7C_15F3)
        owners = day.homeOf
        controller = ShardingController(configuration: day.planning)
    }

    /// The whole day, and the quiet after it until everything rests.
    package static func outcome(of day: CampaignDay) -> CampaignOutcome {
        var world = CampaignWorld(day)
        let last = day.end + .seconds(3600 * CampaignDay.quietHoursMax)
        while world.now < day.end { world.tick() }
        while world.now < last, !world.isAtRest { world.tick() }
        world.checkRest()
        world.outcome.hoursToRest = (world.now - day.end).inSeconds / 3600
        return world.outcome
    }

    /// What the machine's clock shows.
    var seen: Timestamp { now + clockError }

    /// Whether anything fails.
    var isStormy: Bool { now < CampaignDay.start + .seconds(3600 * CampaignDay.stormyHours) }

    mutating func happens(_ probability: Double) -> Bool {
        isStormy && probability > 0 && dice.uniform(0...1) < probability
    }

    mutating func tick() {
        now = now + CampaignDay.step
        suffer()
        if let end = deadUntil {
            guard end <= now else { return check() }
            deadUntil = nil
            recover()
        }
        tendPool()
        tendMoves()
        guard deadUntil == nil else { return check() }
        letPeopleOrder()
        plan()
        check()
    }

    func isUp(_ instance: InstanceID) -> Bool { down[instance] == nil }

    func isHome(_ instance: InstanceID) -> Bool { day.homes.contains { $0.id == instance } }

    // MARK: Faults

    private mutating func suffer() {
        for (instance, end) in down where end <= now { down[instance] = nil }
        guard isStormy else {
            sick = []
            return down.removeAll()
        }
        let hours = CampaignDay.step.inSeconds / 3600
        if happens(day.rates.instanceDeaths * hours) {
            let all = day.homes.map(\.id) + members.keys.sorted()
            down[all[Int(dice.uniform(0...Double(all.count) - 0.01))]] = now + .seconds(dice.uniform(60...7200))
            outcome.instanceDeaths += 1
        }
        if happens(day.rates.clockJumps * hours) {
            clockError = clockError + .seconds(dice.uniform(-7200...7200))
            jumpedAt.append(now)
            outcome.clockJumps += 1
        }
        if deadUntil == nil, happens(day.rates.crashes * hours) { die() }
        if happens(day.rates.freezes * hours) {
            freezes = [Freeze(start: seen, end: seen + .seconds(dice.uniform(300...7200)), reason: "a person")]
            outcome.freezes += 1
        }
    }

    /// Foreshard is killed.
    mutating func die() {
        guard deadUntil == nil else { return }
        outcome.crashes += 1
        deadUntil = now + .seconds(dice.uniform(0...1800))
        underWay = [:]
        freezes = []
        forecasts = CampaignForecasts()
    }

    private mutating func recover() {
        controller = ShardingController(configuration: day.planning, memory: memory)
        listeningSince = seen
        for id in members.keys.sorted() { send(.recovered, to: id) }
        for index in moves.indices { moves[index].forget(at: seen) }
        for move in moves where deadUntil == nil && !move.state.isOver { drive(move.id, .resumed) }
        activateOwners()
    }
}
