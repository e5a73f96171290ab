// One day as its seed has it: a cluster, its load, how good the forecasts are, what fails how often. Then hours of quiet,
// in which nothing fails, so that everything has to come to rest.

import ClusterModel
import Planning
import Simulation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package struct CampaignDay: Sendable {
    package let seed: UInt64
    package internal(set) var homes: [InstanceSnapshot] = []
    package internal(set) var contingents: [InstanceSnapshot] = []
    package internal(set) var truth: TrueLoad
    package internal(set) var homeOf: [SegmentID: InstanceID] = [:]
    package internal(set) var timeToMove: [SegmentID: Duration] = [:]
    package internal(set) var planning = PlanningConfiguration()
    package internal(set) var forecast = ForecastFaults()
    package internal(set) var rates = FaultRates()
    /// Contingent instances kept warm.
    package internal(set) var warm = WarmFloor(1)

    package static let start = Timestamp("2026-03-01T00:00:00Z") ?? Timestamp(seconds: 0)
    package static let step = Duration.seconds(300)
    static let stormyHours = 20
    static let dayHours = 24
    /// With a limit of moves per hour it takes longer to come home.
    static let quietHoursMax = 48

    package init(seed: UInt64) {
        self.seed = seed
        var dice = SeededGenerator(seed: seed)
        let capacity = 100.0
        let homeCount = Int(dice.uniform(1...4.99))
        homes = (0..<homeCount).map {
            InstanceSnapshot(
                id: InstanceID("home-\($0 + 1)"), role: .home, zone: $0 % 2 == 0 ? "a" : "b", capacity: capacity)
        }
        let contingentCount = Int(dice.uniform(1...6.99))
        let size = dice.uniform(0.5...2)
        contingents = (0..<contingentCount).map {
            InstanceSnapshot(
                id: InstanceID("contingent-\($0 + 1)"), role: .contingent, zone: $0 % 2 == 0 ? "b" : "c",
                capacity: size * capacity, costPerHour: size)
        }
        warm = WarmFloor(Int(dice.uniform(0...Double(contingentCount))))
        if dice.uniform(0...1) < 0.3 {
            let zones = Dictionary(contingents.map { ($0.zone, 1) }, uniquingKeysWith: +)
            warm = WarmFloor(zones: zones.mapValues { Int(dice.uniform(0...Double($0))) }, total: warm.total)
        }
        let count = Int(dice.uniform(4...40))
        let shares = zipfShares(count, exponent: dice.uniform(0...1))
        let names = (0..<count).map { SegmentID("s\($0 + 1)") }
        let total = Self.load(&dice, of: capacity * Double(homeCount))
        truth = TrueLoad(
            start: Self.start, step: Self.step, total: total, shares: Array(zip(names, shares)))
        for (index, name) in names.enumerated() {
            homeOf[name] = homes[index % homeCount].id
            timeToMove[name] = .seconds(dice.uniform(60...1500))
        }
        planning = Self.planning(&dice, contingentCost: size)
        forecast = ForecastFaults(&dice)
        rates = FaultRates(&dice)
    }

    var end: Timestamp { Self.start + .seconds(3600 * Self.dayHours) }

    /// A daily wave, and on it some of: crowds that come at once, a slow drift, a swing around the threshold; at the end of
    /// the day little.
    private static func load(_ dice: inout SeededGenerator, of capacity: Double) -> [Double] {
        let (base, swing) = (dice.uniform(0.15...0.5), dice.uniform(0...0.3))
        let drift = dice.uniform(0...1) < 0.3 ? dice.uniform(0...0.8) : 0
        let wobble = dice.uniform(0...1) < 0.3 ? dice.uniform(0.05...0.3) : 0
        let wobblePeriod = dice.uniform(0.3...2)
        let crowds = (0..<Int(dice.uniform(0...4))).map { _ in
            (
                at: dice.uniform(1...18), height: dice.uniform(0.2...2), rise: dice.uniform(0.02...1.5),
                length: dice.uniform(0.1...4)
            )
        }
        let points = (dayHours + quietHoursMax) * 12
        return (0..<points).map { point in
            let hour = Double(point) / 12
            guard hour < Double(stormyHours) + 2 else { return 0.2 * capacity }
            var level = base + swing * sin(2 * .pi * (hour - 9) / 24) + drift * hour / 24
            level += wobble * sin(2 * .pi * hour / wobblePeriod)
            for crowd in crowds where hour > crowd.at && hour < crowd.at + crowd.rise + crowd.length + 1 {
                let risen = min(1, (hour - crowd.at) / crowd.rise)
                let fallen = max(0, hour - crowd.at - crowd.rise - crowd.length)
                level += crowd.height * risen * (1 - fallen)
            }
            return max(0.02, level + 0.03 * dice.normal()) * capacity
        }
    }

    private static func planning(_ dice: inout SeededGenerator, contingentCost: Double) -> PlanningConfiguration {
        let policies: [PlanningPolicy] = [.threshold, .threshold, .horizon, .horizon, .reactive]
        var planning = PlanningConfiguration(for: policies[Int(dice.uniform(0...4.99))])
        planning.mode = .auto
        if dice.uniform(0...1) < 0.5 { planning.movesPerHourMax = Int(dice.uniform(2...30)) }
        if dice.uniform(0...1) < 0.5 { planning.contingentCostPerHourMax = contingentCost * dice.uniform(0.5...4) }
        planning.antiAffinity = [.prefer, .prefer, .require, .off][Int(dice.uniform(0...3.99))]
        planning.movesInFlightPerSourceMax = Int(dice.uniform(1...4.99))
        planning.movesInFlightMax = max(planning.movesInFlightPerSourceMax, Int(dice.uniform(1...8)))
        return planning
    }
}

/// What is wrong with the forecasts of a day.
package struct ForecastFaults: Sendable {
    package internal(set) var sigma = 0.1
    /// Everything is told too high or too low by this factor.
    package internal(set) var factor = 1.0
    /// Changes are seen this much too late.
    package internal(set) var delay = Duration.zero
    /// The probability that a forecast does not come.
    package internal(set) var missing = 0.0
    /// A peak of this factor that never comes, always so far ahead; nil: none.
    package internal(set) var phantom: (factor: Double, lead: Duration)?

    init() {}

    init(_ dice: inout SeededGenerator) {
        sigma = dice.uniform(0.02...0.5)
        if dice.uniform(0...1) < 0.2 { factor = dice.uniform(0.4...2.5) }
        if dice.uniform(0...1) < 0.2 { delay = .seconds(dice.uniform(300...5400)) }
        if dice.uniform(0...1) < 0.3 { missing = dice.uniform(0...1) }
        if dice.uniform(0...1) < 0.1 { phantom = (dice.uniform(1.5...5), .seconds(dice.uniform(600...5400))) }
    }
}

/// How often what fails: of operations the probability, of events the number in an hour.
package struct FaultRates: Sendable {
    package internal(set) var moveStep = 0.0
    package internal(set) var poolOperation = 0.0
    /// An operation of the pool, or a step of a move, that takes as long as an hour.
    package internal(set) var slow = 0.0
    package internal(set) var instanceDeaths = 0.0
    package internal(set) var crashes = 0.0
    /// In a step of a move, where Foreshard dies.
    package internal(set) var crashInStep = 0.0
    package internal(set) var clockJumps = 0.0
    package internal(set) var loans = 0.0
    package internal(set) var orders = 0.0
    package internal(set) var freezes = 0.0
    /// The probability that a change of ownership made the segment slower.
    package internal(set) var sickTargets = 0.0

    init() {}

    init(_ dice: inout SeededGenerator) {
        func sometimes(_ share: Double, _ most: Double) -> Double {
            let (chance, rate) = (dice.uniform(0...1), dice.uniform(0...most))
            return chance < share ? rate : 0
        }
        moveStep = sometimes(0.5, 0.2)
        poolOperation = sometimes(0.4, 0.4)
        slow = sometimes(0.3, 0.1)
        instanceDeaths = sometimes(0.5, 0.3)
        crashes = sometimes(0.4, 0.5)
        crashInStep = sometimes(0.3, 0.1)
        clockJumps = sometimes(0.2, 0.2)
        loans = sometimes(0.3, 1)
        orders = sometimes(0.3, 1)
        freezes = sometimes(0.2, 0.2)
        sickTargets = sometimes(0.3, 0.4)
    }
}
