// Which instance of the pool becomes the standby of a home. Pure.
//
// 1. Where another zone is required there is no other choice; where it is preferred, it comes before everything else.
// 2. What does not exist yet before what stands idle, and a warm instance last: it is ready for something else.
// 3. Among equals, the first name.
import ClusterModel

/// Whether a standby may be in the zone of its home.
package enum StandbyZone: Sendable {
    case prefersAnother, requiresAnother, any
}

package struct StandbyPlace: Hashable, Sendable {
    package let id: InstanceID
    package let zone: Zone
    /// `absent` when it was not made yet.
    package let state: PoolMemberState.Kind

    package init(id: InstanceID, zone: Zone, state: PoolMemberState.Kind) {
        self.id = id
        self.zone = zone
        self.state = state
    }

    /// Nil when it is not to be had.
    private var rank: Int? {
        switch state {
        case .absent: 0
        case .idleCold: 1
        case .warm: 2
        case .provisioning, .warming, .granting, .leased, .revoking, .ending, .reserved, .active, .draining, .wiping,
            .seeding, .standby, .promoted, .quarantined, .retired:
            nil
        }
    }

    /// - Parameter isFull: the pool has as many members as it may have: none is made.
    package static func best(
        of places: [StandbyPlace], homeZone: Zone, _ rule: StandbyZone, isFull: Bool
    ) -> StandbyPlace? {
        let possible = places.filter { place in
            guard let rank = place.rank, rank > 0 || !isFull else { return false }
            return rule != .requiresAnother || place.zone != homeZone
        }
        func order(_ place: StandbyPlace) -> (Int, Int, String) {
            (rule == .prefersAnother && place.zone == homeZone ? 1 : 0, place.rank ?? 0, place.id.text)
        }
        return possible.min { order($0) < order($1) }
    }
}
