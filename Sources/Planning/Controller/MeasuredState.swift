// What the measurements say, beside every forecast: the safety net.
//
// An instance is over when its measured load is above its threshold, or when it misses its latency objective at a load
// that should have been comfortable; and that in enough consecutive snapshots. In the second case it evidently carries
// less than was stated, and this plan counts with less.

import ClusterModel

struct MeasuredState {
    private(set) var outlook: Outlook
    private(set) var capacities: [InstanceID: Double] = [:]
    private(set) var over: Set<InstanceID> = []

    init(_ snapshot: ClusterSnapshot, configuration: PlanningConfiguration, memory: inout ControllerMemory) {
        outlook = Outlook(snapshot, configuration: configuration)
        for instance in snapshot.instances { judge(instance, configuration, &memory) }
        let owned = Dictionary(grouping: snapshot.segments, by: \.owner)
        for instance in snapshot.instances { lift(owned[instance.id] ?? [], on: instance, configuration, &memory) }
    }

    private mutating func judge(
        _ instance: InstanceSnapshot,
        _ configuration: PlanningConfiguration,
        _ memory: inout ControllerMemory
    ) {
        let overLoad = instance.measuredLoad > configuration.overloadThreshold * instance.capacity
        let overLatency =
            instance.missesObjective && instance.measuredLoad > configuration.reliefTarget * instance.capacity
        capacities[instance.id] = instance.capacity
        let agreed = ControllerMemory.count(overLoad || overLatency, instance.id, in: &memory.measuredOver)
        guard agreed >= configuration.measuredPlans else { return }
        over.insert(instance.id)
        if !overLoad { capacities[instance.id] = 0.98 * instance.measuredLoad / configuration.overloadThreshold }
    }

    /// An overload that the forecast does not know goes on for a while.
    private mutating func lift(
        _ members: [SegmentSnapshot],
        on instance: InstanceSnapshot,
        _ configuration: PlanningConfiguration,
        _ memory: inout ControllerMemory
    ) {
        let isSurprise = over.contains(instance.id) && !isForeseen(on: instance, members, configuration)
        let agreed = ControllerMemory.count(isSurprise, instance.id, in: &memory.surprised)
        guard agreed >= configuration.measuredPlans else { return }
        let end = outlook.horizon.now + configuration.surpriseHold
        for member in members { outlook.lift(member.id, to: member.measuredLoad, until: end) }
    }

    private func isForeseen(
        on instance: InstanceSnapshot,
        _ members: [SegmentSnapshot],
        _ configuration: PlanningConfiguration
    ) -> Bool {
        let threshold = configuration.overloadThreshold * (capacities[instance.id] ?? instance.capacity)
        let forecast = outlook.aggregate(of: members.map(\.id))
        return forecast.probability(exceeding: threshold, at: 0) >= configuration.prepareConfidence
    }
}

extension InstanceSnapshot {
    var missesObjective: Bool {
        guard let p99Seconds, let p99ObjectiveSeconds else { return false }
        return p99Seconds > p99ObjectiveSeconds
    }
}
