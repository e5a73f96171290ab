// The rate of arrivals over a replay, linear between points, and the moments at which statements arrive: a Poisson
// process whose rate follows the curve (inverse of the cumulative rate, so that no draw is thrown away).
import ClusterModel
import Foundation

/// Arrivals per second, as points equally far apart in replay time.
package struct RateCurve: Sendable {
    /// Seconds of replay between two points.
    package let spacing: Double
    package let rates: [Double]

    /// - Precondition: at least two points, `spacing > 0`, no negative rate.
    package init(spacing: Double, rates: [Double]) {
        precondition(spacing > 0 && rates.count >= 2 && rates.allSatisfy { $0 >= 0 }, "a curve needs points")
        self.spacing = spacing
        self.rates = rates
    }

    package var duration: Double { spacing * Double(rates.count - 1) }

    /// The arrival times in seconds from the start, ascending.
    package func arrivals(using generator: inout some RandomNumberGenerator) -> [Double] {
        var times: [Double] = []
        var debt = Self.exponential(&generator)
        for (index, (left, right)) in zip(rates, rates.dropFirst()).enumerated() {
            let area = (left + right) / 2 * spacing
            var reached = 0.0
            while reached + debt <= area {
                reached += debt
                times.append((Double(index) + Self.fraction(of: reached / spacing, left, right)) * spacing)
                debt = Self.exponential(&generator)
            }
            debt -= area - reached
        }
        return times
    }

    /// The x in 0...1 where the integral of a line from `left` to `right` reaches `area`.
    private static func fraction(of area: Double, _ left: Double, _ right: Double) -> Double {
        let slope = right - left
        guard abs(slope) > 1e-9 else { return left > 0 ? min(1, area / left) : 0 }
        return max(0, min(1, (sqrt(max(0, left * left + 2 * slope * area)) - left) / slope))
    }

    private static func exponential(_ generator: inout some RandomNumberGenerator) -> Double {
        -log(1 - Double.random(in: 0..<1, using: &generator))
    }
}
