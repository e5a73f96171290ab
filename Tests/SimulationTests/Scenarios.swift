import ClusterModel
import Planning
import Simulation

/// Homes in zone a, two unless said otherwise, contingent instances in zones b and c, segments with Zipf shares dealt
/// out in turn.
enum Scenarios {
    static let capacity = 55.0
    static let midday = Timestamp("1998-06-30T12:00:00Z") ?? Timestamp(seconds: 0)

    static func build(
        seed: UInt64,
        total: [Double],
        step: Duration,
        segments: Int = 16,
        exponent: Double = 0.6,
        homes homeCount: Int = 2,
        contingents: Int = 2,
        timeToMove: Duration = .seconds(25 * 60),
        policy: PlanningPolicy,
        quality: ForecastQuality
    ) -> Scenario {
        let shares = zipfShares(segments, exponent: exponent).enumerated().map { (name($0.offset), $0.element) }
        let truth = TrueLoad(start: midday, step: step, total: total, shares: shares)
        var planning = PlanningConfiguration()
        planning.policy = policy
        planning.mode = .auto
        let homes = (1...homeCount).map {
            VirtualInstance(id: InstanceID("home-\($0)"), role: .home, zone: "a", capacity: capacity)
        }
        let pool = (0..<contingents).map { index in
            VirtualInstance(
                id: InstanceID("contingent-\(index + 1)"),
                role: .contingent,
                zone: index % 2 == 0 ? "b" : "c",
                capacity: capacity
            )
        }
        // 1 2 2 1 1 2 2 1: homes of nearly equal load.
        let dealing = Array(homes.indices) + homes.indices.reversed()
        let dealt = shares.enumerated().map { index, share in (share.0, homes[dealing[index % dealing.count]].id) }
        var scenario = Scenario(
            seed: seed,
            truth: truth,
            instances: homes + pool,
            homes: Dictionary(uniqueKeysWithValues: dealt),
            planning: planning,
            quality: quality,
            timeToMove: timeToMove
        )
        // Coarser than the real control loop, so that many seeds fit into a test.
        scenario.tick = .seconds(20)
        scenario.planEvery = .seconds(120)
        return scenario
    }

    static func name(_ index: Int) -> SegmentID { SegmentID("s\(index + 1 < 10 ? "0" : "")\(index + 1)") }

    /// A flat load, then four times as much within 30 minutes, an hour of it, and back within 30 minutes; one minute steps.
    static func flashCrowd(
        seed: UInt64,
        policy: PlanningPolicy,
        quality: ForecastQuality,
        homes: Int = 2
    ) -> Scenario {
        let base = 18.0 * Double(homes)
        let curve = (0..<420).map { minute -> Double in
            switch minute {
            case ..<180: base
            case ..<210: base * (1 + 3 * Double(minute - 180) / 30)
            case ..<270: base * 4
            case ..<300: base * (4 - 3 * Double(minute - 270) / 30)
            default: base
            }
        }
        return build(
            seed: seed,
            total: curve,
            step: .seconds(60),
            homes: homes,
            policy: policy,
            quality: quality
        )
    }

    /// Around the overload threshold of both homes, with noise of the given size on each minute.
    static func noisyPlateau(seed: UInt64, noise: Double, policy: PlanningPolicy, quality: ForecastQuality) -> Scenario
    {
        var generator = SeededGenerator(seed: seed)
        let level = 2 * capacity * 0.8
        let curve = (0..<600).map { _ in level * (1 + noise * generator.normal()) }
        return build(seed: seed, total: curve, step: .seconds(60), policy: policy, quality: quality)
    }

    static func flat(seed: UInt64, share: Double, quality: ForecastQuality) -> Scenario {
        let curve = Array(repeating: 2 * capacity * share, count: 360)
        return build(seed: seed, total: curve, step: .seconds(60), policy: .threshold, quality: quality)
    }

    /// 1998-06-30, 12:00 to 24:00 UTC, thousand requests per minute: two matches of the World Cup.
    static func worldCup(seed: UInt64, policy: PlanningPolicy, quality: ForecastQuality) -> Scenario {
        build(
            seed: seed,
            total: WorldCupDay.thousandRequestsPerMinute,
            step: .seconds(300),
            policy: policy,
            quality: quality
        )
    }
}
