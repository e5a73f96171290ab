/// What a back-test came to, as `summary.json` holds it.
package struct BacktestSummary: Sendable, Codable {
    package let trace: String
    package let from: String
    package let to: String
    package let segments: Int
    package let seed: UInt64
    /// What one instance carries at its latency objective, in the unit of the trace.
    package let capacity: Double
    package let homes: Int
    /// Mean and highest load of the replayed time, in capacities of one instance.
    package let meanLoad: Double
    package let peakLoad: Double
    package let overloadPerHour: Double
    package let perMove: Double
    package let policies: [String: PolicyResult]
    /// The horizon policy and the threshold policy under other limits and prices; empty without a sweep.
    package var sweep: [SweepPoint] = []

    package struct SweepPoint: Sendable, Codable {
        package let policy: String
        /// What was changed, as `overload_per_hour 40`.
        package let setting: String
        package let violationSeconds: Double
        package let instanceHours: Double
        package let cost: Double
        /// Whether no other point has both less violation and fewer instance-hours.
        package var isOnFront = false

        package init(
            policy: String, setting: String, violationSeconds: Double, instanceHours: Double, cost: Double
        ) {
            self.policy = policy
            self.setting = setting
            self.violationSeconds = violationSeconds
            self.instanceHours = instanceHours
            self.cost = cost
        }

        enum CodingKeys: String, CodingKey {
            case policy, setting
            case violationSeconds = "violation_seconds"
            case instanceHours = "instance_hours"
            case cost
            case isOnFront = "on_front"
        }
    }

    enum CodingKeys: String, CodingKey {
        case trace, from, to, segments, seed, capacity, homes
        case meanLoad = "mean_load"
        case peakLoad = "peak_load"
        case overloadPerHour = "overload_per_hour"
        case perMove = "per_move"
        case policies, sweep
    }

    package init(trace: String, world: BacktestWorld, results: [BacktestPolicy: PolicyResult]) {
        self.trace = trace
        from = "\(world.begin)"
        to = "\(world.end)"
        segments = world.loads.series.count
        seed = world.settings.seed
        capacity = world.capacity
        homes = world.homeCount
        meanLoad = world.totals.reduce(0, +) / Double(world.totals.count) / world.capacity
        peakLoad = (world.totals.max() ?? 0) / world.capacity
        overloadPerHour = world.settings.prices.overloadPerHour
        perMove = world.settings.prices.perMove
        policies = Dictionary(uniqueKeysWithValues: results.map { ($0.key.rawValue, $0.value) })
    }

    package subscript(policy: BacktestPolicy) -> PolicyResult? { policies[policy.rawValue] }

    /// The points in the order of their hours, with the front marked.
    package mutating func add(sweep points: [SweepPoint]) {
        sweep = points.sorted { ($0.instanceHours, $0.violationSeconds) < ($1.instanceHours, $1.violationSeconds) }
        var least = Double.infinity
        for index in sweep.indices where sweep[index].violationSeconds < least {
            least = sweep[index].violationSeconds
            sweep[index].isOnFront = true
        }
    }
}
