// Forecasts made from the truth, spoilt in a known way.

import ClusterModel
import Planning

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package enum ForecastQuality: Hashable, Sendable {
    /// No forecast at all.
    case none
    /// The truth, with certainty.
    case oracle
    /// Calibrated: the log error grows with the square root of the lead to `sigma` at the end of the horizon; half of its
    /// variance is common to all segments, and it persists from one issue to the next.
    case noisy(sigma: Double)
    /// Always announces a peak of `factor` times the present load that begins after `lead` and never comes.
    case phantom(factor: Double, lead: Duration)
    /// As `phantom`, until it is corrected.
    case withdrawn(factor: Double, lead: Duration, at: Timestamp)
    /// Sees every change of load this much too late.
    case late(by: Duration)
}

package struct VirtualForecaster: Sendable {
    package static let stepCount = 24
    package static let step = Duration.seconds(300)
    /// Standard normal quantiles.
    private static let normal: [(level: Double, z: Double)] = [
        (0.01, -2.3263), (0.05, -1.6449), (0.1, -1.2816), (0.25, -0.6745), (0.5, 0), (0.75, 0.6745), (0.9, 1.2816),
        (0.95, 1.6449), (0.99, 2.3263),
    ]
    private static let persistence = 0.8

    private let truth: TrueLoad
    private let quality: ForecastQuality
    private var generator: SeededGenerator
    private var commonError: Double
    private var errors: [SegmentID: Double] = [:]

    package init(truth: TrueLoad, quality: ForecastQuality, seed: UInt64) {
        self.truth = truth
        self.quality = quality
        generator = SeededGenerator(seed: seed)
        commonError = generator.normal()
        for segment in truth.segments { errors[segment] = generator.normal() }
    }

    package func steps(from now: Timestamp) -> [Timestamp] {
        quality == .none ? [] : (1...Self.stepCount).map { now + .seconds(Self.step.inSeconds * Double($0)) }
    }

    /// The forecasts issued at `now`. Each call is a new issue.
    package mutating func issue(at now: Timestamp) -> [SegmentID: [LoadDistribution]] {
        guard quality != .none else { return [:] }
        if case .noisy = quality { drawErrors() }
        var issued: [SegmentID: [LoadDistribution]] = [:]
        for segment in truth.segments {
            issued[segment] = (0..<Self.stepCount).map { distribution(of: segment, step: $0, at: now) }
        }
        return issued
    }

    private mutating func drawErrors() {
        let fresh = (1 - Self.persistence * Self.persistence).squareRoot()
        commonError = Self.persistence * commonError + fresh * generator.normal()
        for segment in truth.segments {
            errors[segment] = Self.persistence * (errors[segment] ?? 0) + fresh * generator.normal()
        }
    }

    private func distribution(of segment: SegmentID, step: Int, at now: Timestamp) -> LoadDistribution {
        let begin = now + .seconds(Self.step.inSeconds * Double(step))
        let mean = truth.mean(of: segment, from: begin, to: begin + Self.step)
        switch quality {
        case .none, .oracle: return LoadDistribution(certain: mean)
        case .noisy(let sigma): return noisy(mean, segment, sigma: sigma, step: step)
        case .phantom(let factor, let lead):
            return LoadDistribution(certain: begin - now >= lead ? factor * truth.load(of: segment, at: now) : mean)
        case .withdrawn(let factor, let lead, let end):
            let isBelieved = now < end && begin - now >= lead
            return LoadDistribution(certain: isBelieved ? factor * truth.load(of: segment, at: now) : mean)
        case .late(let delay):
            return LoadDistribution(
                certain: truth.mean(of: segment, from: begin - delay, to: begin - delay + Self.step)
            )
        }
    }

    private func noisy(_ mean: Double, _ segment: SegmentID, sigma: Double, step: Int) -> LoadDistribution {
        let spread = sigma * (Double(step + 1) / Double(Self.stepCount)).squareRoot()
        let error = spread * 0.5.squareRoot() * (commonError + (errors[segment] ?? 0))
        let quantiles = Self.normal.map { QuantileValue(level: $0.level, value: mean * exp(error + spread * $0.z)) }
        return LoadDistribution(quantiles) ?? LoadDistribution(certain: mean)
    }
}
