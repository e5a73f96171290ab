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
        // What is claimed becomes warm for whoever claimed it.
        let free = members.filter { $0.claim == nil }.sorted { $0.id < $1.id }
        toWarm = members.filter { $0.claim != nil && $0.state == .idleCold }.map(\.id).sorted()
        var missing = warmMin - free.count { $0.state.kind == .warm || $0.state.kind == .warming }
        for member in free where member.state == .idleCold && missing > 0 {
            toWarm.append(member.id)
            missing -= 1
        }
        missing -= free.count { [.provisioning, .wiping, .ending].contains($0.state.kind) }
        let existing = members.count { $0.state != .retired && $0.state != .absent }
        toProvision = max(0, min(missing, membersMax - existing))
    }

    package var isEmpty: Bool { toWarm.isEmpty && toProvision == 0 }
}
