// How long a move takes until it is ready, learned from the moves that were made.
// A rate model gives the shape (a fixed part, then rows and bytes); the measured ratios to it give the level: the
// 95th percentile of the ratios, with the finite-sample rank of split conformal prediction, scales the model.

import ClusterModel

/// The time from the start of a move to `ready`, as a 95th percentile.
package struct MoveTimeEstimator: Hashable, Sendable, Codable {
    package struct Configuration: Hashable, Sendable, Codable {
        /// Slots, publications, catching up: what even an empty segment needs.
        package var fixed: Duration = .seconds(10)
        package var bytesPerSecond = 10e6
        package var rowsPerSecond = 50_000.0
        /// How much longer than the model an unmeasured move may take.
        package var unmeasuredFactor = 2.0
        /// The measurements that are remembered; older ones are forgotten.
        package var samplesMax = 64

        package init() {}
    }

    package let configuration: Configuration
    /// Measured time over modelled time, oldest first.
    private var ratios: [Double] = []

    package init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    package var sampleCount: Int { ratios.count }

    /// A move of this size became ready after `duration`.
    package mutating func moveMeasured(rows: Int, bytes: Int, duration: Duration) {
        let ratio = duration.inSeconds / modelled(rows: rows, bytes: bytes)
        guard ratio.isFinite, ratio > 0 else { return }
        ratios.append(ratio)
        if ratios.count > configuration.samplesMax { ratios.removeFirst() }
    }

    /// The time within which 95 % of moves of this size are ready.
    package func timeToMove(rows: Int, bytes: Int) -> Duration {
        .seconds(modelled(rows: rows, bytes: bytes) * factor)
    }

    /// With fewer than 19 samples no rank reaches 95 %: the largest ratio, stretched towards the unmeasured factor.
    private var factor: Double {
        guard let largest = ratios.max() else { return configuration.unmeasuredFactor }
        let rank = Int((0.95 * Double(ratios.count + 1)).rounded(.up))
        if rank <= ratios.count { return ratios.sorted()[rank - 1] }
        let doubt = 1 - Double(ratios.count) / 19
        return largest * (1 + (configuration.unmeasuredFactor - 1) * doubt)
    }

    private func modelled(rows: Int, bytes: Int) -> Double {
        configuration.fixed.inSeconds
            + max(
                Double(max(0, bytes)) / configuration.bytesPerSecond,
                Double(max(0, rows)) / configuration.rowsPerSecond
            )
    }
}
