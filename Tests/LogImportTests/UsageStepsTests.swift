// Time is spread over the steps that it was spent in; nothing is lost, and nothing depends on the order.
import ClusterModel
import Testing

@testable import LogImport

@Suite struct UsageStepsTests {
    private static let segments: [SegmentID] = ["a", "b", "c"]

    private static func charge(_ target: UsageTarget, endsAt seconds: Double, lasts: Double?, _ statements: Int = 1)
        -> Charge
    {
        Charge(
            target: target, end: Timestamp(milliseconds: Int64(seconds * 1000)),
            microseconds: lasts.map { Int64($0 * 1e6) }, statements: statements)
    }

    @Test func busyTimeIsSpreadBackFromTheEnd() {
        var steps = UsageSteps(segments: Self.segments, step: .seconds(10))
        steps.add(Self.charge(.segment(0), endsAt: 25, lasts: 20))
        let records = steps.drain()
        #expect(records.map(\.start) == [0, 10, 20].map { Timestamp(seconds: $0) })
        for (record, seconds) in zip(records, [5.0, 10, 5]) { #expect(abs(record.usage.busySeconds - seconds) < 1e-5) }
        #expect(records.map(\.usage.busySeconds).reduce(0, +) == 20)
        #expect(records.map(\.usage.statements) == [0, 0, 1])
        #expect(records.map { $0.usage.latency.total } == [0, 0, 1])
        #expect(steps.drain().isEmpty)
    }

    @Test func severalSegmentsShareAsTheRouterMeters() {
        var steps = UsageSteps(segments: Self.segments, step: .seconds(10))
        var charge = Self.charge(.several([2, 0]), endsAt: 5, lasts: 3, 5)
        charge.errors = 1
        steps.add(charge)
        let usage = Dictionary(uniqueKeysWithValues: steps.drain().map { ($0.segment, $0.usage) })
        #expect(usage["c"]?.statements == 3 && usage["a"]?.statements == 2)
        #expect(usage["c"]?.errors == 1 && usage["a"]?.errors == 0)
        #expect(usage["c"]?.busySeconds == 1.5 && usage["a"]?.busySeconds == 1.5)
        #expect(usage["c"]?.latency.total == 1 && usage["a"]?.latency.total == 1)
        #expect(usage["b"] == nil)
    }

    @Test func whatALogCoversHasRowsOfZeros() {
        var steps = UsageSteps(segments: Self.segments, step: .seconds(10))
        steps.cover(from: nil, to: Timestamp(seconds: 5))
        steps.cover(from: Timestamp(seconds: 5), to: Timestamp(seconds: 35))
        // Two days without a word: nobody knows whether the server ran.
        steps.cover(from: Timestamp(seconds: 35), to: Timestamp(seconds: 200_000))
        let records = steps.drain()
        #expect(records.count == 5 * 3)
        #expect(records.allSatisfy { $0.usage == SegmentUsage() })
    }

    @Test func callsWithoutADurationCountWithoutTime() {
        var steps = UsageSteps(segments: Self.segments, step: .seconds(10))
        steps.add(Self.charge(.segment(1), endsAt: 5, lasts: nil))
        let usage = steps.drain().first?.usage
        #expect(usage?.statements == 1 && usage?.busySeconds == 0 && usage?.latency.total == 0)
    }

    /// The sums are the same, however charges are ordered and cut into batches.
    @Test func sumsAreExact() {
        var random = SeededGenerator(seed: 3)
        var charges = (0..<3000).map { _ in
            let target: UsageTarget =
                Bool.random(using: &random) ? .segment(Int.random(in: 0..<3, using: &random)) : .several([0, 1, 2])
            return Charge(
                target: target,
                end: Timestamp(milliseconds: 1_795_420_800_000 + Int64.random(in: 0..<100_000, using: &random)),
                microseconds: Int64.random(in: 0...(Bool.random(using: &random) ? 900 : 60_000_000), using: &random),
                statements: Int.random(in: 0...3, using: &random))
        }
        func sums(batch: Int) -> [Timestamp: [SegmentID: SegmentUsage]] {
            let sink = UsageInMemory()
            var steps = UsageSteps(segments: Self.segments, step: .seconds(10))
            for (index, charge) in charges.enumerated() {
                steps.add(charge)
                if index % batch == batch - 1 || index == charges.count - 1 {
                    _ = try? sink.add(
                        steps.drain(), step: .seconds(10), from: SourceProgress(name: "s", position: 0, state: []))
                }
            }
            return sink.usage
        }
        let whole = sums(batch: charges.count)
        #expect(sums(batch: 7) == whole)
        charges.shuffle(using: &random)
        #expect(sums(batch: 100) == whole)
        let total = whole.values.flatMap(\.values).reduce(0) { $0 + $1.busySeconds }
        let given = charges.reduce(0) { $0 + Double($1.microseconds ?? 0) * 1e-6 }
        #expect(abs(total - given) < 1e-6)
    }
}
