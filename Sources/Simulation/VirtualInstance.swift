// A server as a queue: latency follows utilisation, and work beyond saturation waits.

import ClusterModel
import Planning

/// What the servers of a run are like.
package struct ServerModel: Hashable, Sendable {
    /// Saturation over capacity.
    package var saturationFactor: Double
    package var idleLatencySeconds: Double
    package var objectiveSeconds: Double
    /// The seconds in which servers work for each second of the run: under 1 where the run is a day told quickly.
    package var pace = 1.0

    /// At its capacity, the load that just keeps the objective, an instance is 5/6 busy.
    package static let standard = ServerModel(
        saturationFactor: 1.2, idleLatencySeconds: 0.005, objectiveSeconds: 0.005 / (1 - 1 / 1.2))

    package init(saturationFactor: Double, idleLatencySeconds: Double, objectiveSeconds: Double, pace: Double = 1) {
        self.saturationFactor = saturationFactor
        self.idleLatencySeconds = idleLatencySeconds
        self.objectiveSeconds = objectiveSeconds
        self.pace = pace
    }
}

package struct VirtualInstance: Sendable {
    package let id: InstanceID
    package let role: InstanceRole
    package let zone: Zone
    package let capacity: Double
    package let model: ServerModel
    /// What it really carries, as a share of its capacity; under 1 for a sick instance.
    package var health = 1.0
    package internal(set) var availability: Availability
    /// When `arriving` becomes `active`, or `obtainable` becomes `warm`.
    var changesAt: Timestamp?
    package private(set) var backlog = 0.0
    package private(set) var latencySeconds: Double
    private var loadSum = 0.0
    private var loadSeconds = 0.0

    package init(
        id: InstanceID, role: InstanceRole, zone: Zone, capacity: Double, model: ServerModel = .standard
    ) {
        self.model = model
        latencySeconds = model.idleLatencySeconds
        self.id = id
        self.role = role
        self.zone = zone
        self.capacity = capacity
        availability = role == .home ? .active : .warm
    }

    package var violatesObjective: Bool { latencySeconds > model.objectiveSeconds * 1.001 }

    /// `offered` is the load of statements, `copying` that of copies, both as asked for and not as served.
    package mutating func timePassed(seconds: Double, offered: Double, copying: Double, now: Timestamp) {
        let saturation = capacity * model.saturationFactor * health
        let asked = offered + copying
        backlog = max(0, backlog + (asked - saturation) * seconds * model.pace)
        let utilisation = min(asked / saturation, 0.99)
        latencySeconds = model.idleLatencySeconds / (1 - utilisation) + backlog / saturation
        loadSum += offered * seconds
        loadSeconds += seconds
        guard let due = changesAt, due <= now else { return }
        changesAt = nil
        availability = if case .arriving = availability { .active } else { .warm }
    }

    mutating func emptyQueue() { backlog = 0 }

    /// The mean offered load of statements since the last call, also beyond saturation: what the router measures. It
    /// scales the busy time of completed statements by arrived over completed ones, so it goes on rising while they
    /// queue, where busy time alone would stop at saturation and hide an overload from a reactive policy. Copies do not
    /// pass the router. Not modelled: busy time itself grows on a crowded server.
    mutating func takeMeasuredLoad() -> Double {
        defer { (loadSum, loadSeconds) = (0, 0) }
        return loadSeconds > 0 ? loadSum / loadSeconds : 0
    }
}
