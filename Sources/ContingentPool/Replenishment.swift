// How many members must be made or warmed now. Pure: the pool asks again after every change.
import ClusterModel

/// What the pool does to have enough warm members.
package struct Replenishment: Hashable, Sendable {
    /// Idle members to warm.
    package var toWarm: [InstanceID] = []
    /// How many new members to make.
    package var toProvision = 0

    /// - Parameter warmMin: members that shall be warm and held by nobody.
    /// - Parameter membersMax: the most members the pool may have, quarantined ones included, so that a cause that
    ///   quarantines every new member cannot make new ones for ever.
    package init(of members: [PoolMember], warmMin: Int, membersMax: Int) {
        var missing = warmMin - members.count { $0.state.kind == .warm || $0.state.kind == .warming }
        for member in members.sorted(by: { $0.id < $1.id }) where member.state == .idleCold && missing > 0 {
            toWarm.append(member.id)
            missing -= 1
        }
        missing -= members.count { $0.state.kind == .provisioning || $0.state.kind == .wiping }
        let existing = members.count { $0.state != .retired && $0.state != .absent }
        toProvision = max(0, min(missing, membersMax - existing))
    }

    package var isEmpty: Bool { toWarm.isEmpty && toProvision == 0 }
}
