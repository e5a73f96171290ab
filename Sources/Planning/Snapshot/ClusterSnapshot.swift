// Everything the controller may know when it plans, gathered by the driver at one moment of cluster time.
// Invariant: a snapshot is a value; two equal snapshots given to two equal controllers make two equal plans.

import ClusterModel

/// The cluster as it is, and as it is forecast.
package struct ClusterSnapshot: Hashable, Sendable, Codable {
    package var now: Timestamp
    /// The end of each step of the forecasts' horizon, ascending and all after `now`; empty when there is no forecast.
    package var steps: [Timestamp]
    package var instances: [InstanceSnapshot]
    package var segments: [SegmentSnapshot]
    package var moves: [MoveInFlight]
    package var freezes: [Freeze]

    package init(
        now: Timestamp,
        steps: [Timestamp],
        instances: [InstanceSnapshot],
        segments: [SegmentSnapshot],
        moves: [MoveInFlight] = [],
        freezes: [Freeze] = []
    ) {
        self.now = now
        self.steps = steps
        self.instances = instances
        self.segments = segments
        self.moves = moves
        self.freezes = freezes
    }
}

/// One instance: what it is, what it carries, what it is expected to carry.
package struct InstanceSnapshot: Hashable, Sendable, Codable {
    package var id: InstanceID
    package var role: InstanceRole
    package var zone: Zone
    /// The load it carries at its latency objective.
    package var capacity: Double
    package var costPerHour: Double
    package var availability: Availability
    /// The mean load of the last minute.
    package var measuredLoad: Double
    /// The 99th percentile of statement latency in the last minute; nil without statements.
    package var p99Seconds: Double?
    /// What `p99Seconds` should stay under; nil when no objective is set.
    package var p99ObjectiveSeconds: Double?
    /// The forecast of the sum of the segments that it owns now, one for each of `ClusterSnapshot.steps`. Empty when
    /// there is none: then the segments' forecasts are added up.
    package var forecast: [LoadDistribution]

    package init(
        id: InstanceID,
        role: InstanceRole,
        zone: Zone,
        capacity: Double,
        costPerHour: Double = 1,
        availability: Availability? = nil,
        measuredLoad: Double = 0,
        p99Seconds: Double? = nil,
        p99ObjectiveSeconds: Double? = nil,
        forecast: [LoadDistribution] = []
    ) {
        self.id = id
        self.role = role
        self.zone = zone
        self.capacity = capacity
        self.costPerHour = costPerHour
        self.availability = availability ?? (role == .home ? .active : .warm)
        self.measuredLoad = measuredLoad
        self.p99Seconds = p99Seconds
        self.p99ObjectiveSeconds = p99ObjectiveSeconds
        self.forecast = forecast
    }

    package init(_ instance: Instance, availability: Availability? = nil) {
        self.init(
            id: instance.id,
            role: instance.role,
            zone: instance.zone,
            capacity: instance.capacity.activeSessions,
            costPerHour: instance.costPerHour,
            availability: availability
        )
    }
}

/// Whether an instance can take a segment, and how soon.
package enum Availability: Hashable, Sendable, Codable {
    /// Ours and ready: a home, or a contingent instance leased for the present peak.
    case active
    /// Ours, but becoming ready: a lease is being revoked or the instance prepared.
    case arriving(within: Duration)
    /// In the pool, ready to be leased.
    case warm
    /// In the pool, but lent to others, cold or being wiped: to be had within this time (95th percentile).
    case obtainable(within: Duration)
    /// Not to be had.
    case unavailable(reason: String)
}

/// One segment: where it is, where it belongs, what it is expected to need.
package struct SegmentSnapshot: Hashable, Sendable, Codable {
    package var id: SegmentID
    package var home: InstanceID
    package var owner: InstanceID
    /// The mean load of the last minute.
    package var measuredLoad: Double
    /// One distribution for each of `ClusterSnapshot.steps`; empty when there is no forecast.
    package var forecast: [LoadDistribution]
    /// The 95th percentile of the time from the start of a move to its being ready to cut over.
    package var timeToMove: Duration
    /// Set by an operator or another part: the segment stays where it is.
    package var hold: Hold?
    /// The most that may be done with it, where that is less than the controller's mode; nil: whatever that allows.
    package var modeMax: PlanningMode?

    package init(
        id: SegmentID,
        home: InstanceID,
        owner: InstanceID? = nil,
        measuredLoad: Double,
        forecast: [LoadDistribution] = [],
        timeToMove: Duration,
        hold: Hold? = nil,
        modeMax: PlanningMode? = nil
    ) {
        self.id = id
        self.home = home
        self.owner = owner ?? home
        self.measuredLoad = measuredLoad
        self.forecast = forecast
        self.timeToMove = timeToMove
        self.hold = hold
        self.modeMax = modeMax
    }
}

/// Until when, and why, a segment must not move.
package struct Hold: Hashable, Sendable, Codable {
    package var until: Timestamp
    package var reason: String

    package init(until: Timestamp, reason: String) {
        self.until = until
        self.reason = reason
    }

    /// For good.
    package init(reason: String) { self.init(until: Self.noEnd, reason: reason) }

    /// The end of what has none: the last moment of the year 9999.
    private static let noEnd = Timestamp(milliseconds: 253_402_300_799_999)

    var hasEnd: Bool { until < Self.noEnd }
}

/// A time in which no move starts and no ownership changes, except to revert.
package struct Freeze: Hashable, Sendable, Codable {
    package var start: Timestamp
    package var end: Timestamp
    package var reason: String

    package init(start: Timestamp, end: Timestamp, reason: String) {
        self.start = start
        self.end = end
        self.reason = reason
    }

    package func covers(_ moment: Timestamp) -> Bool { start <= moment && moment < end }
}
