// A scenario's load as a function of time. 1 is where the busier home is exactly full: keys are not wanted alike, so that
// homes with as many segments are not full at the same time.
//
// Before the replay the same function, with a little noise, is the history that the models learn from.
import ClusterModel
import Forecasting
import Foundation
import Workload

struct Demand: Sendable {
    /// Never negative.
    let share: @Sendable (Timestamp) -> Double

    /// As the noise of the history: the standard deviation, as a share.
    static let noise = 0.03
    static let historyStep = Duration.seconds(300)

    /// An ordinary day: highest at 15:00 UTC, lowest at 03:00, a tenth above and below `level`.
    static func everyday(_ level: Double) -> Demand {
        Demand { level * (1 + 0.1 * sin(2 * .pi * ($0.hourOfDay - 9) / 24)) }
    }

    /// This one, and from `start` a straight line to `level`, which is reached at `end` and held.
    func rising(to level: Double, from start: Timestamp, until end: Timestamp) -> Demand {
        Demand { time in
            let before = share(time)
            let progress = (time - start).inSeconds / (end - start).inSeconds
            return before + (level - before) * max(0, min(1, progress))
        }
    }

    /// This one, with a wave around `level` from `start` on.
    func swinging(around level: Double, by amplitude: Double, period: Duration, from start: Timestamp) -> Demand {
        Demand { time in
            guard time >= start else { return share(time) }
            return level + amplitude * sin(2 * .pi * (time - start).inSeconds / period.inSeconds)
        }
    }

    /// This one, and at least `level` in each of the spans, to which it climbs and from which it falls in `ramp`.
    func crowded(to level: Double, in spans: [(start: Timestamp, end: Timestamp)], ramp: Duration) -> Demand {
        Demand { time in
            let before = share(time)
            let height =
                spans.map { span in
                    let outside = max((span.start - time).inSeconds, (time - span.end).inSeconds)
                    return max(0, min(1, 1 - outside / ramp.inSeconds))
                }.max() ?? 0
            return before + max(0, level - before) * height
        }
    }

    /// When the replay first asks for more than that share.
    func first(above level: Double, in stage: Stage) -> Timestamp? {
        stride(from: 0, through: (stage.end - stage.start).inSeconds, by: 60).lazy
            .map { stage.start + .seconds($0) }.first { share($0) > level }
    }

    func load(_ stage: Stage, _ layout: ShopLayout, events: [ScheduledEvent]) -> ReplayedLoad {
        ReplayedLoad(curve: curve(stage, layout), history: history(stage, layout), events: events)
    }

    private func curve(_ stage: Stage, _ layout: ShopLayout) -> RateCurve {
        let visits = layout.fullLoad(stage) / stage.busySeconds
        let minutes = Int((stage.end - stage.start).inSeconds / 60)
        return RateCurve(
            spacing: 60 / stage.acceleration,
            rates: (0...minutes).map { visits * share(stage.start + .seconds(60 * $0)) })
    }

    private func history(_ stage: Stage, _ layout: ShopLayout) -> [SegmentID: LoadSeries] {
        let steps = Int((stage.start - stage.historyStart) / Self.historyStep)
        let full = layout.fullLoad(stage)
        var generator = SeededGenerator(seed: stage.seed)
        var series: [SegmentID: LoadSeries] = [:]
        for segment in layout.segments.map(\.id) {
            let values = (0..<steps).map { step in
                let loud = 1 + Self.noise * Self.normal(&generator)
                let time = stage.historyStart + Self.historyStep * Double(step)
                return max(0, share(time) * loud * full * (layout.shares[segment] ?? 0))
            }
            series[segment] = LoadSeries(start: stage.historyStart, step: Self.historyStep, values: values)
        }
        return series
    }

    /// Box and Muller.
    private static func normal(_ generator: inout SeededGenerator) -> Double {
        let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &generator))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
    }
}

extension Timestamp {
    fileprivate var hourOfDay: Double { (self - floored(to: .seconds(86_400))).inSeconds / 3600 }
}
