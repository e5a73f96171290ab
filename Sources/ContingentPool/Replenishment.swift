// How many members must be made or warmed now, and in which zones. Pure: the pool asks again after every change.
//
// 1. What is claimed is warmed for whoever claimed it.
// 2. Each zone gets its floor: idle members of the zone are warmed before new ones are made there.
// 3. What the total is above the zones' floors comes from anywhere. What a zone cannot have does not: whoever says where
//    instances shall be does not want them elsewhere.
import ClusterModel

/// What the pool does to have enough warm members.
package struct Replenishment: Hashable, Sendable {
    /// Idle members to warm.
    package private(set) var toWarm: [InstanceID] = []
    /// The zone of each member to make; nil: any.
    package private(set) var toProvision: [Zone?] = []

    /// - Parameters:
    ///   - unmade: how many instances could be made in each zone.
    ///   - membersMax: the most members the pool may have, quarantined ones included, so that a cause that quarantines
    ///     every new member cannot make new ones for ever.
    package init(of members: [PoolMember], floor: WarmFloor, unmade: [Zone: Int], membersMax: Int) {
        toWarm = members.filter { $0.claim != nil && $0.state == .idleCold }.map(\.id).sorted()  // 1
        let free = members.filter { $0.claim == nil }.sorted { $0.id < $1.id }
        let existing = members.count { $0.state != .retired && $0.state != .absent }
        var beyondReach = 0
        for (zone, wanted) in floor.zones.sorted(by: { $0.key.text < $1.key.text }) {  // 2
            let places = min(unmade[zone] ?? 0, membersMax - existing - toProvision.count)
            beyondReach += fill(wanted, from: free.filter { $0.zone == zone }, in: zone, places: places)
        }
        let places = min(unmade.values.reduce(0, +), membersMax - existing) - toProvision.count
        fill(floor.total - beyondReach, from: free, in: nil, places: places)  // 3
    }

    /// What was ordered for a zone counts for the total too.
    /// - Returns: how many are still missing.
    @discardableResult
    private mutating func fill(_ wanted: Int, from free: [PoolMember], in zone: Zone?, places: Int) -> Int {
        let ordered = Set(toWarm)
        var missing =
            wanted - free.count { $0.state.kind == .warm || $0.state.kind == .warming || ordered.contains($0.id) }
        for member in free where member.state == .idleCold && !ordered.contains(member.id) && missing > 0 {
            toWarm.append(member.id)
            missing -= 1
        }
        missing -= free.count { [.provisioning, .wiping, .ending].contains($0.state.kind) }
        missing -= toProvision.count { zone == nil || $0 == zone }
        let made = max(0, min(missing, places))
        toProvision += Array(repeating: zone, count: made)
        return max(0, missing - made)
    }

    package var isEmpty: Bool { toWarm.isEmpty && toProvision.isEmpty }
}
