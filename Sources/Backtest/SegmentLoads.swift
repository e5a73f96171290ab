// The loads that a back-test replays: what every segment was asked for, at the resolution of the record, without gaps.
//
// - A record of one series is spread over segments by a Zipf law, each with a slow wobble of its own; the sum stays.
// - Where a reading is missing, the virtual world goes on as a day before; the forecasts see the gap.
// - A record coarser than the forecasts' step is joined by lines.

import ClusterModel
import Forecasting
import Simulation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package struct SegmentLoads: Sendable {
    /// How one series becomes the load of many segments.
    package struct Skew: Sendable, Hashable {
        package var segments = 24
        /// The k-th segment has a share proportional to `1 / k^exponent`.
        package var exponent = 0.3
        /// The standard deviation of the logarithm of a segment's wobble, and the time in which it half forgets itself.
        package var wobble = 0.1
        package var wobbleHalfLife = Duration.seconds(2 * 3600)

        package init() {}
    }

    /// Of forecasts and plans; loads of a finer record are averaged for them.
    package static let forecastStep = Duration.seconds(300)

    /// What is forecast from: means of `forecastStep`, with the gaps of the record.
    package let series: [(segment: SegmentID, load: LoadSeries)]
    package let truth: TrueLoad
    /// The one series of the record, where there was but one.
    private let spreadOver: SegmentID?

    /// The events for these segments: those of one series that was spread concern all of its segments.
    package func events(of record: [ScheduledEvent]) -> [ScheduledEvent] {
        guard let spreadOver else { return record }
        return record.filter { $0.concerns(spreadOver) }.map { event in
            ScheduledEvent(
                kind: event.kind, label: event.label, start: event.start, end: event.end, uplift: event.uplift,
                lead: event.lead, tail: event.tail)
        }
    }

    /// `record` is not empty and of one step, which divides `forecastStep` or is a multiple of it.
    package init(_ record: [(segment: SegmentID, load: LoadSeries)], skew: Skew, seed: UInt64) {
        spreadOver = record.count == 1 ? record[0].segment : nil
        let fine = record.map { ($0.segment, Self.joined($0.load)) }
        let spread = fine.count == 1 ? Self.spread(fine[0].1, skew, seed: seed) : fine
        series = spread.map { id, load in
            (id, (try? load.resampled(to: Self.forecastStep)) ?? load)
        }
        let start = spread.map(\.1.start).min() ?? Timestamp(seconds: 0)
        let end = spread.map(\.1.end).max() ?? start
        let step = spread[0].1.step
        truth = TrueLoad(
            // A mean belongs to the middle of its step.
            start: start + .seconds(step.inSeconds / 2), step: step,
            values: spread.map { ($0.0, Self.filled($0.1.window(from: start, to: end))) })
    }

    /// Steps of at most `forecastStep`, by lines between the middles of coarser ones.
    private static func joined(_ load: LoadSeries) -> LoadSeries {
        guard load.step > forecastStep else { return load }
        let ratio = Int(load.step.wholeMilliseconds / forecastStep.wholeMilliseconds)
        let values = (0..<load.values.count * ratio).map { index -> Double in
            let position = (Double(index) + 0.5) / Double(ratio) - 0.5
            let lower = min(max(0, Int(position.rounded(.down))), load.values.count - 1)
            let upper = min(lower + 1, load.values.count - 1)
            let share = min(1, max(0, position - Double(lower)))
            return load.values[lower] * (1 - share) + load.values[upper] * share
        }
        return LoadSeries(start: load.start, step: forecastStep, values: values)
    }

    private static func spread(_ total: LoadSeries, _ skew: Skew, seed: UInt64) -> [(SegmentID, LoadSeries)] {
        var generator = SeededGenerator(seed: seed ^ 0x5EED)
        let shares = zipfShares(skew.segments, exponent: skew.exponent)
        let keep = exp2(-total.step.inSeconds / skew.wobbleHalfLife.inSeconds)
        let fresh = (1 - keep * keep).squareRoot()
        var wobbles = shares.map { _ in generator.normal() }
        var rows = shares.map { _ in [Double]() }
        for value in total.values {
            let weights = zip(shares, wobbles).map { $0 * exp(skew.wobble * $1) }
            let sum = weights.reduce(0, +)
            for index in weights.indices {
                rows[index].append(value * weights[index] / sum)
                wobbles[index] = keep * wobbles[index] + fresh * generator.normal()
            }
        }
        return rows.enumerated().map { index, row in
            let number = index + 1 < 10 ? "0\(index + 1)" : "\(index + 1)"
            return (SegmentID("s\(number)"), LoadSeries(start: total.start, step: total.step, values: row))
        }
    }

    private static func filled(_ load: LoadSeries) -> [Double] {
        var values = load.values
        let day = Int(86_400_000 / load.step.wholeMilliseconds)
        for index in values.indices where values[index].isNaN {
            let dayBefore = index >= day ? values[index - day] : .nan
            values[index] = dayBefore.isNaN ? index > 0 ? values[index - 1] : 0 : dayBefore
        }
        return values
    }
}
