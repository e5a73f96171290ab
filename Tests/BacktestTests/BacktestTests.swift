import ClusterModel
import Forecasting
import Foundation
import Planning
import Simulation
import Testing

@testable import Backtest

struct BacktestTests {
    /// Four days of one series with a steep peak each noon; nine hours of the last are replayed.
    private static func world(seed: UInt64 = 1) -> BacktestWorld {
        // A midnight.
        let start = Timestamp(seconds: 1_700_006_400)
        let values = (0..<4 * 288).map { step -> Double in
            let minutes = Double(step % 288) * 5
            // Up within half an hour from 12:00, down within one from 14:00.
            return 100 + 500 * max(0, min(1, (minutes - 720) / 30, (900 - minutes) / 60))
        }
        var settings = BacktestWorld.Settings()
        settings.seed = seed
        settings.instancesAtPeak = 4
        settings.skew.segments = 10
        settings.models = [SeasonalNaive(.day)]
        let loads = SegmentLoads(
            [("site", LoadSeries(start: start, step: .seconds(300), values: values))], skew: settings.skew, seed: seed)
        return BacktestWorld(
            loads, events: [], from: start + .seconds(3 * 86_400 + 8 * 3600),
            to: start + .seconds(3 * 86_400 + 17 * 3600),
            settings)
    }

    private static func run(
        _ policies: [BacktestPolicy], _ world: BacktestWorld = world()
    ) async -> (results: [BacktestPolicy: PolicyResult], samples: [Backtest.Sample], plans: Int) {
        var test = Backtest(world, policies: policies, processors: 1)
        var samples: [Backtest.Sample] = []
        while let step = await test.step() { samples += step }
        return (test.results, samples, policies.map { test.plans(of: $0).count }.reduce(0, +))
    }

    @Test func everyPolicyComesToAnEndWithItsInvariants() async throws {
        let world = Self.world()
        let (results, samples, _) = await Self.run(BacktestPolicy.allCases, world)
        #expect(results.count == BacktestPolicy.allCases.count)
        for (policy, result) in results {
            #expect(result.brokenInvariants.isEmpty, "\(policy): \(result.brokenInvariants)")
            #expect(result.changesOfOwnerPerHourMax <= 2, "\(policy)")
            #expect(result.instanceHours > 0 && result.cost >= result.instanceHours, "\(policy)")
        }
        let counted = samples.filter { $0.policy == .horizon }
        #expect(counted.count == 9 * 12)

        let peak = try #require(results[.staticPeak])
        #expect(peak.violationSeconds == 0 && peak.moves == 0)
        #expect(abs(peak.instanceHours - Double(world.instancesForPeak) * world.days * 24) < 0.01)
        let mean = try #require(results[.staticMean])
        #expect(mean.violationSeconds > 1800)
        let (oracle, reactive) = (try #require(results[.oracle]), try #require(results[.reactive]))
        #expect(oracle.violationSeconds <= 0.15 * reactive.violationSeconds)
        #expect(oracle.instanceHours < 0.8 * peak.instanceHours)
        #expect(oracle.movesAreBalanced)
        let horizon = try #require(results[.horizon])
        #expect(horizon.violationSeconds < reactive.violationSeconds)
        #expect(horizon.cost < reactive.cost)
    }

    @Test func aRunDependsOnItsWorldAlone() async {
        let alone = await Self.run([.horizon]).results[.horizon]
        let among = await Self.run([.reactive, .threshold, .horizon]).results[.horizon]
        #expect(alone == among)
        let another = await Self.run([.horizon], Self.world(seed: 2)).results[.horizon]
        #expect(alone != another)
    }

    @Test func whatRunsInIsNotCounted() async {
        let world = Self.world()
        let (results, samples, _) = await Self.run([.staticMean], world)
        let seconds = samples.reduce(0) { $0 + $1.violationSeconds }
        #expect(results[.staticMean]?.violationSeconds == seconds)
        #expect(samples.allSatisfy { $0.at > world.begin } && samples.last?.at == world.end)
    }

    @Test func theReportNamesEveryPolicyAndDrawsIt() async throws {
        let world = Self.world()
        let (results, samples, _) = await Self.run([.staticPeak, .reactive, .horizon], world)
        var summary = BacktestSummary(trace: "a <day>", world: world, results: results)
        summary.add(sweep: [
            BacktestSummary.SweepPoint(
                policy: "horizon", setting: "x", violationSeconds: 5, instanceHours: 10, cost: 10),
            BacktestSummary.SweepPoint(
                policy: "horizon", setting: "y", violationSeconds: 9, instanceHours: 12, cost: 12),
            BacktestSummary.SweepPoint(
                policy: "threshold", setting: "z", violationSeconds: 1, instanceHours: 20, cost: 20),
        ])
        #expect(summary.sweep.map(\.isOnFront) == [true, false, true])
        let html = BacktestReport(summary, samples: samples).html
        #expect(html.contains("a &lt;day&gt;") && !html.contains("a <day>"))
        #expect(html.ranges(of: "stroke=\"#1565c0\" stroke-width=\"1.6\"").count == 3)
        let json = try JSONEncoder().encode(summary)
        let read = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let policies = try #require(read["policies"] as? [String: [String: Any]])
        #expect(Set(policies.keys) == ["static_peak", "reactive", "horizon"])
        let fields = [
            "violation_seconds", "overload_minutes", "instance_hours", "cost", "moves", "wasted_moves", "late_moves",
            "bytes_moved",
        ]
        #expect(fields.allSatisfy { policies["horizon"]?[$0] != nil })
        #expect(read["trace"] != nil && read["segments"] != nil && read["seed"] != nil)
    }
}

extension PolicyResult {
    /// No more moves than there and back for each segment, with some to spare.
    fileprivate var movesAreBalanced: Bool { moves <= 4 * 10 }
}
