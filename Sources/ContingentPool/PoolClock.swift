import ClusterModel
import Foundation

/// The time by which leases begin and end.
package struct PoolClock: Sendable {
    package let now: @Sendable () -> Timestamp
    /// How long a span of `now` takes.
    package let realTime: @Sendable (Duration) -> Duration

    package init(
        now: @escaping @Sendable () -> Timestamp, realTime: @escaping @Sendable (Duration) -> Duration = { $0 }
    ) {
        self.now = now
        self.realTime = realTime
    }

    /// The machine's clock.
    package static let wall = PoolClock(now: {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    })
}
