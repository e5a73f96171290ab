// The settings of `pool` that speak of zones: where its instances are, and how many of each zone are kept warm.
import ClusterModel

extension SettingsReader {
    /// Of `zone` or `zones`; never empty.
    func zones(_ node: SettingsNode, orElse usual: Zone) throws(ConfigurationError) -> [Zone] {
        let (one, several) = (try node.child("zone"), try node.child("zones"))
        switch (one, several) {
        case (nil, nil): return [usual]
        case (let one?, nil): return [Zone(try one.string())]
        case (_?, _?): throw node.error("has both `zone` and `zones`: give one of them")
        case (nil, let list?):
            var zones: [Zone] = []
            for item in try list.items() {
                let zone = Zone(try item.string())
                guard !zones.contains(zone) else { throw item.error("names `\(zone)` twice") }
                zones.append(zone)
            }
            guard !zones.isEmpty else { throw list.error("must name at least one zone, or be left out") }
            return zones
        }
    }

    /// A number, or a number for each zone.
    func warmFloor(_ node: SettingsNode, of provider: PoolSettings.Provider) throws(ConfigurationError) -> WarmFloor {
        guard node.node.mapping != nil else { return WarmFloor(try node.integer(in: 0...100)) }
        let (available, entries) = (provider.instancesByZone, try node.entries())
        guard !entries.isEmpty else { throw node.error("must be a number, or name zones: {b: 1, c: 1}") }
        var floors: [Zone: Int] = [:]
        for (name, entry) in entries {
            let (zone, wanted) = (Zone(name), try entry.integer(in: 0...100))
            guard let most = available[zone] else {
                let known = available.keys.map(\.text).sorted().joined(separator: ", ")
                throw entry.error("no instance of the pool is in zone `\(name)`: they are in \(known)")
            }
            guard wanted <= most else {
                throw entry.error("asks for \(wanted) in zone `\(name)`, where the pool can have \(most)")
            }
            floors[zone] = wanted
        }
        return WarmFloor(zones: floors)
    }
}

extension PoolSettings.Provider {
    /// How many instances there can be in each zone.
    package var instancesByZone: [Zone: Int] {
        switch self {
        case .fixed(let instances):
            Dictionary(instances.map { ($0.instance.zone, 1) }, uniquingKeysWith: +)
        case .local(let local): Self.spread(local.instancesMax, over: local.zones)
        case .command(let command): Self.spread(command.instancesMax, over: command.zones)
        }
    }

    private static func spread(_ count: Int, over zones: [Zone]) -> [Zone: Int] {
        Dictionary((0..<count).map { (zones[$0 % zones.count], 1) }, uniquingKeysWith: +)
    }
}
