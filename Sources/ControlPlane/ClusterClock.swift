// Cluster time: the wall clock, or in a replay a clock that starts at the replayed moment and runs faster.
// Everything that decides uses it; deadlines of I/O use the machine's own clock.
import ClusterModel
import Foundation
import Synchronization

package final class ClusterClock: Sendable {
    private let origin: Timestamp
    /// Nil while the clock stands at its origin.
    private let anchor: Mutex<ContinuousClock.Instant?>
    /// Seconds of cluster time in a second of real time.
    package let acceleration: Double

    private init(origin: Timestamp, anchor: ContinuousClock.Instant?, acceleration: Double) {
        precondition(acceleration > 0, "time runs forward, not \(acceleration) times")
        self.origin = origin
        self.anchor = Mutex(anchor)
        self.acceleration = acceleration
    }

    /// The wall clock.
    package convenience init() {
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        self.init(origin: now, anchor: .now, acceleration: 1)
    }

    /// A clock that shows `start` until it is started.
    package convenience init(waitingAt start: Timestamp, acceleration: Double) {
        self.init(origin: start, anchor: nil, acceleration: acceleration)
    }

    /// Lets a waiting clock run; nothing happens to one that runs.
    package func start() { anchor.withLock { $0 = $0 ?? .now } }

    package func now() -> Timestamp {
        anchor.withLock { $0 }.map { origin + ($0.duration(to: .now) * acceleration) } ?? origin
    }

    /// How long a span of cluster time takes.
    package func realTime(of span: Duration) -> Duration { span / acceleration }

    /// What a span of real time means for the cluster.
    package func clusterTime(of span: Duration) -> Duration { span * acceleration }

    /// Returns at the next multiple of `step`, which it returns. A clock that waits does not tick.
    package func tick(every step: Duration) async throws -> Timestamp {
        while anchor.withLock({ $0 == nil }) { try await Task.sleep(for: .milliseconds(5)) }
        let next = now().floored(to: step) + step
        try await Task.sleep(for: max(.zero, realTime(of: next - now())), tolerance: .zero)
        return next
    }
}
