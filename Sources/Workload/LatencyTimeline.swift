// Latencies by the second in which the statement arrived, exact. A violation second is one whose 99th percentile is
// above the objective (as in P-Store, SIGMOD'18); a second without statements violates nothing.
import ClusterModel

package struct LatencyTimeline: Sendable {
    private var seconds: [[Double]]

    /// - Parameter duration: of the replay, in seconds.
    package init(duration: Double) {
        seconds = Array(repeating: [], count: max(1, Int(duration.rounded(.up))))
    }

    /// Records a latency in seconds for a statement that arrived at `arrival` seconds from the start.
    package mutating func record(arrival: Double, latency: Double) {
        let index = max(0, min(seconds.count - 1, Int(arrival)))
        seconds[index].append(latency)
    }

    package var statements: Int { seconds.reduce(0) { $0 + $1.count } }

    package func violationSeconds(objective: Double) -> Int {
        seconds.count { percentile(0.99, of: $0.sorted()) ?? 0 > objective }
    }

    /// A percentile over the whole timeline, in seconds of latency.
    package func percentile(_ level: Double) -> Double? { percentile(level, of: seconds.flatMap { $0 }.sorted()) }

    /// Each second's statements and p50 and p99 (nil without statements).
    package var points: [(statements: Int, p50: Double?, p99: Double?)] {
        seconds.map { latencies in
            let sorted = latencies.sorted()
            return (sorted.count, percentile(0.5, of: sorted), percentile(0.99, of: sorted))
        }
    }

    /// The nearest-rank percentile.
    private func percentile(_ level: Double, of sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        return sorted[min(sorted.count - 1, max(0, Int((level * Double(sorted.count)).rounded(.up)) - 1))]
    }
}
