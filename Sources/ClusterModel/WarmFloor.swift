/// How many contingent instances shall be warm and held by nobody.
package struct WarmFloor: Hashable, Sendable {
    /// In all; never less than the zones' floors together.
    package private(set) var total: Int
    /// Of which so many in these zones.
    package let zones: [Zone: Int]

    /// So many, wherever they are.
    package init(_ total: Int) { self.init(zones: [:], total: total) }

    /// So many in each zone, and further ones wherever they are until there are `total`.
    package init(zones: [Zone: Int], total: Int = 0) {
        self.zones = zones.filter { $0.value > 0 }
        self.total = max(total, zones.values.reduce(0, +))
    }

    package func raised(to total: Int) -> WarmFloor { WarmFloor(zones: zones, total: max(total, self.total)) }
}
