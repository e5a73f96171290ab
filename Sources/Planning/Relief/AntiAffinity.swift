import ClusterModel

/// Whether segments may go to contingent instances in the zone that they come from: when the zone fails, both are gone.
package enum AntiAffinity: String, Hashable, Sendable, Codable, CaseIterable {
    /// Another zone than the source's where there is a choice.
    case prefer
    /// No contingent instance in the zone of the segment's home.
    case require
    /// The zone does not matter.
    case off
}

extension AntiAffinity {
    /// Whether a segment of a home in `homeZone` may go to `instance`. A home is where its segments belong.
    /// - Parameter homeZone: nil: not known.
    func allows(_ instance: InstanceSnapshot, forSegmentOfHomeIn homeZone: Zone?) -> Bool {
        self != .require || instance.role == .home || instance.zone != homeZone
    }
}

extension PlanDraft {
    func isAllowed(_ instance: InstanceSnapshot, for segment: SegmentSnapshot) -> Bool {
        configuration.antiAffinity.allows(instance, forSegmentOfHomeIn: instances[segment.home]?.zone)
    }
}
