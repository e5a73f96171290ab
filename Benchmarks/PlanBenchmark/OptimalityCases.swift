// Small clusters with overloaded homes, and what the controller makes of them once every move has been carried out: one
// JSON object a line, for `plan_optimality.py` to hold against the exact optimum. Loads are certain and constant, so the
// plan is a placement, and the optimum is that of an integer programme.

import ClusterModel
import Foundation
import Planning

struct OptimalityCases {
    private struct Case: Encodable {
        struct Instance: Encodable {
            let id: String
            let isHome: Bool
            let capacity: Double
            let costPerHour: Double
        }

        struct Segment: Encodable {
            let id: String
            let home: String
            let load: Double
            /// Where the controller put it.
            let owner: String
        }

        let seed: UInt64
        let policy: String
        let target: Double
        let threshold: Double
        let pricePerMove: Double
        let hours: Double
        let instances: [Instance]
        let segments: [Segment]
        let moves: Int
        let leased: [String]
    }

    private static let steps = 24
    private static let roundsMax = 24

    static func printAll(_ count: Int) throws {
        let encoder = JSONEncoder()
        for policy in [PlanningPolicy.threshold, .horizon] {
            for seed in 1...UInt64(max(1, count)) {
                print(String(decoding: try encoder.encode(solve(seed: seed, policy)), as: UTF8.self))
            }
        }
    }

    /// Three homes, of which one or more are over their threshold, and four contingent instances of different prices.
    private static func cluster(seed: UInt64) -> ClusterSnapshot {
        var generator = SeededGenerator(seed: seed)
        func uniform(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
        let now = Timestamp(seconds: 1_700_006_400)
        var segments: [SegmentSnapshot] = []
        for home in 1...3 {
            let drawn = home == 1 ? uniform(85...170) : uniform(30...130)
            // Over its threshold and not over what it carries: that is left alone where prices are weighed.
            let whole = (80..<105).contains(drawn) ? drawn + 25 : drawn
            let weights = (0..<Int.random(in: 5...8, using: &generator)).map { _ in uniform(0.3...1.5) }
            for (index, weight) in weights.enumerated() {
                let load = whole * weight / weights.reduce(0, +)
                segments.append(
                    SegmentSnapshot(
                        id: SegmentID("s\(home)-\(index)"), home: InstanceID("home-\(home)"), measuredLoad: load,
                        forecast: Array(repeating: LoadDistribution(certain: load), count: steps),
                        timeToMove: .seconds(uniform(300...1200))))
            }
        }
        let homes = (1...3).map {
            InstanceSnapshot(id: InstanceID("home-\($0)"), role: .home, zone: "a", capacity: 100)
        }
        let contingents = (1...4).map { number in
            InstanceSnapshot(
                id: InstanceID("contingent-\(number)"), role: .contingent, zone: "b", capacity: 100,
                costPerHour: (uniform(0.8...1.3) * 100).rounded() / 100)
        }
        return ClusterSnapshot(
            now: now, steps: (1...steps).map { now + .seconds(300 * $0) }, instances: homes + contingents,
            segments: segments)
    }

    private static func solve(seed: UInt64, _ policy: PlanningPolicy) -> Case {
        var configuration = PlanningConfiguration(for: policy)
        configuration.mode = .auto
        // All that a plan wants is done at once.
        configuration.movesInFlightPerSourceMax = 32
        configuration.movesInFlightMax = 100
        configuration.openStreamsPerSourceMax = 32
        var controller = ShardingController(configuration: configuration)
        var snapshot = cluster(seed: seed)
        var moves = 0
        for _ in 0..<roundsMax {
            let plan = controller.plan(snapshot)
            for action in plan.actions { moves += apply(action, to: &snapshot) }
            snapshot.now = snapshot.now + .seconds(300)
            snapshot.steps = (1...steps).map { snapshot.now + .seconds(300 * $0) }
        }
        let owners = Set(snapshot.segments.map(\.owner))
        return Case(
            seed: seed, policy: policy.rawValue, target: configuration.reliefTarget,
            threshold: configuration.overloadThreshold, pricePerMove: configuration.prices.perMove, hours: 2,
            instances: snapshot.instances.map {
                .init(id: $0.id.text, isHome: $0.role == .home, capacity: $0.capacity, costPerHour: $0.costPerHour)
            },
            segments: snapshot.segments.map {
                .init(id: $0.id.text, home: $0.home.text, load: $0.measuredLoad, owner: $0.owner.text)
            },
            moves: moves,
            leased: snapshot.instances.filter { $0.role == .contingent && owners.contains($0.id) }.map(\.id.text))
    }

    /// At once and without fail. Returns the changes of owner.
    private static func apply(_ action: PlannedAction, to snapshot: inout ClusterSnapshot) -> Int {
        func change(_ id: InstanceID, _ availability: Availability) {
            for index in snapshot.instances.indices where snapshot.instances[index].id == id {
                snapshot.instances[index].availability = availability
            }
        }
        switch action.kind {
        case .lease(let id): change(id, .active)
        case .giveBack(let id): change(id, .warm)
        case .prepare(let directive), .returnHome(let directive):
            for index in snapshot.segments.indices where snapshot.segments[index].id == directive.segmentID {
                snapshot.segments[index].owner = directive.destination
            }
            return 1
        case .cutOver, .revert, .keep, .abort: break
        }
        let owned = Dictionary(grouping: snapshot.segments, by: \.owner)
        for index in snapshot.instances.indices {
            snapshot.instances[index].measuredLoad =
                owned[snapshot.instances[index].id]?.reduce(0) { $0 + $1.measuredLoad } ?? 0
        }
        return 0
    }
}
