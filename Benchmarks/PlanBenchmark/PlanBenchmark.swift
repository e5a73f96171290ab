// What one plan costs: the real controller over many segments and instances, calm and with a third of the homes about to
// be overloaded. The ratio compares the cost of one segment from one size to the next: 1 is linear.

import ClusterModel
import Planning

@main
struct PlanBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        if let option = arguments.firstIndex(of: "--optimality") {
            try OptimalityCases.printAll(arguments.dropFirst(option + 1).first.flatMap { Int($0) } ?? 200)
            return
        }
        print("segments instances policy       calm ms  hot ms  directives")
        var before: [PlanningPolicy: Double] = [:]
        for (segments, instances) in [(1_000, 10), (10_000, 100)] {
            for policy in [PlanningPolicy.threshold, .horizon] {
                let calm = cluster(segments: segments, instances: instances, hot: false)
                let hot = cluster(segments: segments, instances: instances, hot: true)
                let (calmTime, _) = time(policy, calm)
                let (hotTime, directives) = time(policy, hot)
                var line = "\(pad(segments, 8)) \(pad(instances, 9)) \(policy.rawValue)"
                line += String(repeating: " ", count: 12 - policy.rawValue.count)
                line += "\(pad(calmTime, 8)) \(pad(hotTime, 7)) \(pad(directives, 11))"
                if let earlier = before[policy] {
                    let ratio = hotTime / Double(segments) / earlier
                    line += "   a segment costs \(Double(Int(ratio * 100)) / 100) times as much"
                }
                before[policy] = hotTime / Double(segments)
                print(line)
            }
        }
    }

    /// The median of five plans, in milliseconds, and what the last one started.
    private static func time(_ policy: PlanningPolicy, _ snapshot: ClusterSnapshot) -> (Double, Int) {
        var configuration = PlanningConfiguration(for: policy)
        configuration.mode = .auto
        var times: [Double] = []
        var directives = 0
        for _ in 0..<5 {
            var controller = ShardingController(configuration: configuration)
            let begin = ContinuousClock.now
            directives = controller.plan(snapshot).directives.count
            times.append((ContinuousClock.now - begin).inSeconds * 1000)
        }
        return (times.sorted()[2], directives)
    }

    /// Half of the instances are homes, a quarter contingents in use, a quarter warm ones.
    private static func cluster(segments: Int, instances: Int, hot: Bool) -> ClusterSnapshot {
        let now = Timestamp(seconds: 1_700_006_400)
        let steps = (1...24).map { now + .seconds(300 * $0) }
        let homes = instances / 2
        let perHome = Double(segments) / Double(homes)
        var generator = SeededGenerator(seed: 7)
        let all = (0..<segments).map { index -> SegmentSnapshot in
            let home = index % homes
            let load = Double(generator.next() % 100) / 50 * 100 / perHome
            let isHot = hot && home % 3 == 0
            let forecast = (0..<24).map { step in
                let median = load * (isHot ? 0.5 + 0.03 * Double(step) : 0.5)
                return LoadDistribution(
                    [(0.05, 0.7), (0.1, 0.8), (0.25, 0.9), (0.5, 1), (0.75, 1.1), (0.9, 1.2), (0.95, 1.3), (0.99, 1.5)]
                        .map {
                            QuantileValue(level: $0.0, value: median * $0.1)
                        }) ?? LoadDistribution(certain: median)
            }
            let away = index % 10 == 9 ? InstanceID("contingent-\(index / 10 % max(1, instances / 4))") : nil
            return SegmentSnapshot(
                id: SegmentID("s\(index)"), home: InstanceID("home-\(home)"), owner: away, measuredLoad: load / 2,
                forecast: forecast, timeToMove: .seconds(600))
        }
        let homesAndPool =
            (0..<homes).map { InstanceSnapshot(id: InstanceID("home-\($0)"), role: .home, zone: "a", capacity: 100) }
            + (0..<instances - homes).map { index in
                InstanceSnapshot(
                    id: InstanceID("contingent-\(index)"), role: .contingent, zone: "b", capacity: 100,
                    availability: index < instances / 4 ? .active : .warm)
            }
        return ClusterSnapshot(now: now, steps: steps, instances: homesAndPool, segments: all)
    }

    private static func pad(_ value: Int, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - "\(value)".count)) + "\(value)"
    }

    private static func pad(_ value: Double, _ width: Int) -> String { pad(Int(value.rounded()), width) }
}
