// Gathers what the parts know at one moment into the value that the controller plans from. Pure: everything comes in.
import ClusterModel
import ContingentPool
import Forecasting
import Planning
import Routing

struct SnapshotBuilder {
    let now: Timestamp
    let table: QueryRoutingTable
    let homes: [Instance]
    let homeOfSegment: [SegmentID: InstanceID]
    let terms: SegmentTerms
    let members: [(member: PoolMember, instance: Instance?)]
    let readiness: ReadinessTimes
    let recent: RecentUsage
    let round: ForecastRound?
    let moves: [MoveInFlight]
    let holds: [SegmentID: Hold]
    /// What a person froze.
    let freeze: Freeze?
    /// Scheduled times in which nothing moves, for all segments or some.
    let scheduledFreezes: [ScheduledEvent]
    let latencyObjective: Duration
    let timesToMove: [SegmentID: Duration]
    let clock: ClusterClock

    func build() -> ClusterSnapshot {
        let steps = round?.steps ?? []
        return ClusterSnapshot(
            now: now, steps: steps,
            instances: homes.map { instance($0, .active) } + members.compactMap(contingent),
            segments: table.segments.map { segment($0, steps: steps) },
            moves: moves,
            freezes: scheduledFreezes.filter { $0.segments == nil }.map(Freeze.init) + (freeze.map { [$0] } ?? []))
    }

    /// Until when the segment stays where it is: because it is pinned, its last move is tidied up, or it is frozen by
    /// itself.
    private func hold(_ segment: SegmentID) -> Hold? {
        let frozen = scheduledFreezes.first {
            $0.segments?.contains(segment) == true && $0.start <= now && now < $0.end
        }
        return [
            terms.hold(on: segment), holds[segment], frozen.map { Hold(until: $0.end, reason: "frozen: \($0.label)") },
        ]
        .compactMap(\.self).max { $0.until < $1.until }
    }

    private func contingent(_ member: PoolMember, _ instance: Instance?) -> InstanceSnapshot? {
        instance.map { self.instance($0, availability(of: member)) }
    }

    private func availability(of member: PoolMember) -> Availability {
        switch member.state {
        case .warm: .warm
        case .reserved, .active: .active
        case .leased(let lease): onItsWay(member, within: returnTime(of: member, from: lease.deadline(revokedAt: now)))
        case .revoking(let revocation): onItsWay(member, within: returnTime(of: member, from: revocation.deadline))
        case .granting, .ending: onItsWay(member, within: returnTime(of: member, from: now))
        case .draining, .wiping, .idleCold, .warming, .provisioning, .absent:
            onItsWay(member, within: timeToReady(of: member))
        case .seeding(let home), .standby(let home): .unavailable(reason: "a standby of \(home)")
        case .promoted(let home): .unavailable(reason: "it is \(home)")
        case .quarantined(let reason): .unavailable(reason: reason)
        case .retired: .unavailable(reason: "retired")
        }
    }

    /// What was claimed for the service is ours already.
    private func onItsWay(_ member: PoolMember, within span: Duration) -> Availability {
        member.claim == nil ? .obtainable(within: span) : .arriving(within: span)
    }

    /// What is left of a lessee's notice, and the measured time from its end until the member is warm.
    private func returnTime(of member: PoolMember, from deadline: Timestamp) -> Duration {
        max(.zero, deadline - now) + clock.clusterTime(of: readiness.returnTime(of: member.provider))
    }

    /// The 95th percentile of what was measured; until then, a guess on the safe side.
    private func timeToReady(of member: PoolMember) -> Duration {
        let measured = readiness.quantile(0.95, of: .warming, by: member.provider)
        return clock.clusterTime(of: measured.map { .seconds($0) } ?? ReadinessTimes.warmingGuess)
    }

    private func instance(_ instance: Instance, _ availability: Availability) -> InstanceSnapshot {
        let owned = table.segments(on: instance.id).map(\.id)
        var snapshot = InstanceSnapshot(instance, availability: availability)
        snapshot.measuredLoad = recent.load(of: owned).activeSessions
        snapshot.p99Seconds = recent.usage(of: owned).latency.quantile(0.99)
        snapshot.p99ObjectiveSeconds = latencyObjective.inSeconds
        if let round, round.placement[instance.id].map(Set.init) == Set(owned) {
            snapshot.forecast = distributions(round.instances[instance.id], steps: round.steps)
        }
        return snapshot
    }

    private func segment(_ segment: Segment, steps: [Timestamp]) -> SegmentSnapshot {
        let owner = table.owner(of: segment)
        return SegmentSnapshot(
            id: segment.id, home: homeOfSegment[segment.id] ?? owner, owner: owner,
            measuredLoad: recent.load(of: [segment.id]).activeSessions,
            forecast: distributions(round?.segments[segment.id], steps: steps),
            timeToMove: timesToMove[segment.id] ?? .zero,
            hold: hold(segment.id), modeMax: terms.modes[segment.group])
    }

    /// One distribution for each step, or none at all: half a forecast is no forecast.
    private func distributions(_ forecast: SubjectForecast?, steps: [Timestamp]) -> [LoadDistribution] {
        let found = (forecast?.steps ?? []).compactMap { LoadDistribution($0.quantiles) }
        return found.count == steps.count ? found : []
    }
}

extension Freeze {
    init(_ event: ScheduledEvent) { self.init(start: event.start, end: event.end, reason: event.label) }
}
