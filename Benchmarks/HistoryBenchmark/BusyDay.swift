// Usage as a meter would give it: a load with a day's curve, statements of a few milliseconds, a score of filled
// latency buckets, all numbers different. Seeded: two runs write the same bytes.

import ClusterModel
import Foundation

struct BusyDay {
    /// Mean active sessions of a segment, and seconds of a statement.
    private static let load = 0.1
    private static let statementSeconds = 0.002

    let segments: [SegmentID]
    private var generator = SeededGenerator(seed: 1)
    /// The share of statements in each latency bucket: log-normal, one standard deviation a factor of 1.65.
    private let shares: [Double]

    init(segments count: Int) {
        segments = (0..<count).map { SegmentID("orders-\($0)") }
        var generator = SeededGenerator(seed: 2)
        var histogram = LatencyHistogram()
        for _ in 0..<20_000 {
            let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &generator))).squareRoot()
            let normal = radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
            histogram.record(seconds: Self.statementSeconds * exp(0.5 * normal))
        }
        shares = histogram.counts.map { Double($0) / 20_000 }
    }

    /// What every segment used in the step that starts at `start`.
    mutating func usage(at start: Timestamp, step: Duration) -> [UsageRecord] {
        let time = Double(start.milliseconds) / 86_400_000 * 2 * .pi
        let daily = 1 + 0.8 * sin(time)
        return segments.map { segment in
            var usage = SegmentUsage()
            usage.busySeconds = Self.load * daily * step.inSeconds * Double.random(in: 0.5...1.5, using: &generator)
            usage.offeredSeconds = usage.busySeconds * 1.01
            usage.waitingSeconds = usage.busySeconds * 0.01
            usage.statements = Int(usage.busySeconds / Self.statementSeconds)
            usage.rows = usage.statements * 2 + Int.random(in: 0...99, using: &generator)
            usage.bytes = usage.statements * 300 + Int.random(in: 0...9999, using: &generator)
            usage.latency = latency(usage.statements)
            return UsageRecord(segment: segment, start: start, usage: usage)
        }
    }

    private mutating func latency(_ statements: Int) -> LatencyHistogram {
        var chance = Double.random(in: 0..<1, using: &generator)
        let counts = shares.map { share -> UInt32 in
            chance = (chance + 0.618).truncatingRemainder(dividingBy: 1)
            return UInt32(share * Double(statements) + chance * (share > 0 ? 1 : 0))
        }
        return LatencyHistogram(counts: counts) ?? LatencyHistogram()
    }
}
