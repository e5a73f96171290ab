// A server as a queue: latency follows utilisation, and work beyond saturation waits.

import ClusterModel
import Planning

package struct VirtualInstance: Sendable {
    /// Saturation over capacity: at its capacity, the load that just keeps the objective, an instance is 5/6 busy.
    package static let saturationFactor = 1.2
    package static let idleLatencySeconds = 0.005
    /// The latency at exactly the capacity.
    package static let objectiveSeconds = idleLatencySeconds / (1 - 1 / saturationFactor)

    package let id: InstanceID
    package let role: InstanceRole
    package let zone: Zone
    package let capacity: Double
    /// What it really carries, as a share of its capacity; under 1 for a sick instance.
    package var health = 1.0
    package internal(set) var availability: Availability
    /// When `arriving` becomes `active`, or `obtainable` becomes `warm`.
    var changesAt: Timestamp?
    package private(set) var backlog = 0.0
    package private(set) var latencySeconds = idleLatencySeconds
    private var loadSum = 0.0
    private var loadSeconds = 0.0

    package init(id: InstanceID, role: InstanceRole, zone: Zone, capacity: Double) {
        self.id = id
        self.role = role
        self.zone = zone
        self.capacity = capacity
        availability = role == .home ? .active : .warm
    }

    package var violatesObjective: Bool { latencySeconds > Self.objectiveSeconds * 1.001 }

    /// `offered` is the load of statements, `copying` that of copies, both as asked for and not as served.
    package mutating func timePassed(seconds: Double, offered: Double, copying: Double, now: Timestamp) {
        let saturation = capacity * Self.saturationFactor * health
        let asked = offered + copying
        backlog = max(0, backlog + (asked - saturation) * seconds)
        let utilisation = min(asked / saturation, 0.99)
        latencySeconds = Self.idleLatencySeconds / (1 - utilisation) + backlog / saturation
        loadSum += offered * seconds
        loadSeconds += seconds
        guard let due = changesAt, due <= now else { return }
        changesAt = nil
        availability = if case .arriving = availability { .active } else { .warm }
    }

    /// The mean offered load of statements since the last call, also beyond saturation: what the router measures. It
    /// scales the busy time of completed statements by arrived over completed ones, so it goes on rising while they
    /// queue, where busy time alone would stop at saturation and hide an overload from a reactive policy. Copies do not
    /// pass the router. Not modelled: busy time itself grows on a crowded server.
    mutating func takeMeasuredLoad() -> Double {
        defer { (loadSum, loadSeconds) = (0, 0) }
        return loadSeconds > 0 ? loadSum / loadSeconds : 0
    }
}
