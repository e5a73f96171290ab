// An instance where a segment was harmed is the last to get another one.
//
// Invariant: doubt changes the order, never whether an overload is met: where nothing else is to be had, the instance in
// doubt counts like any other, and the watch over the next move decides again.
import ClusterModel

extension PlanDraft {
    /// The instances to choose a destination from.
    var undoubted: [InstanceSnapshot] {
        let open = snapshot.instances.filter { $0.isOurs || budget.allowsLease(of: $0) }
        let others = open.filter { memory.doubts[$0.id] == nil }
        let hasContingent = others.contains { $0.role == .contingent && $0.readyWithin != nil }
        return hasContingent ? others : open
    }

    /// Why the instance gets no segment now; nil when it is not in doubt, or nothing else is to be had.
    func doubt(about instance: InstanceID) -> Hold? {
        guard let doubt = memory.doubts[instance], instances[instance]?.role == .contingent,
            !undoubted.contains(where: { $0.id == instance })
        else { return nil }
        return doubt
    }
}
