/// What a day came to: what was done and what failed, so that a quiet campaign does not pass for a stormy one, and what
/// must never happen and did.
package struct CampaignOutcome: Hashable, Sendable {
    package internal(set) var plans = 0
    package internal(set) var movesBegun = 0
    package internal(set) var changesOfOwner = 0
    package internal(set) var reverts = 0
    package internal(set) var movesFailed = 0
    package internal(set) var leases = 0
    package internal(set) var givenBack = 0
    package internal(set) var loans = 0
    package internal(set) var recalls = 0
    package internal(set) var crashes = 0
    package internal(set) var instanceDeaths = 0
    package internal(set) var clockJumps = 0
    package internal(set) var poolFailures = 0
    package internal(set) var quarantines = 0
    package internal(set) var ordersByPeople = 0
    package internal(set) var freezes = 0
    package internal(set) var forecastsMissing = 0
    /// The most changes of owner of one segment within an hour, by plans alone.
    package internal(set) var changesPerHourMax = 0
    /// Hours from the end of the day until everything was at rest.
    package internal(set) var hoursToRest = 0.0
    /// With the moment; at most a few of each day.
    package internal(set) var broken: [String] = []

    package init() {}

    package static func += (a: inout CampaignOutcome, b: CampaignOutcome) {
        for path in [
            \Self.plans, \.movesBegun, \.changesOfOwner, \.reverts, \.movesFailed, \.leases, \.givenBack, \.loans,
            \.recalls, \.crashes, \.instanceDeaths, \.clockJumps, \.poolFailures, \.quarantines, \.ordersByPeople,
            \.freezes, \.forecastsMissing,
        ] as [WritableKeyPath<Self, Int>] { a[keyPath: path] += b[keyPath: path] }
        a.changesPerHourMax = max(a.changesPerHourMax, b.changesPerHourMax)
        a.hoursToRest = max(a.hoursToRest, b.hoursToRest)
        a.broken += b.broken.prefix(max(0, 100 - a.broken.count))
    }
}

extension CampaignOutcome {
    /// For people, in the order in which they ask.
    package var counts: [(name: String, value: String)] {
        [
            ("plans", "\(plans)"), ("moves begun", "\(movesBegun)"), ("changes of owner", "\(changesOfOwner)"),
            ("of these reverts", "\(reverts)"), ("moves that failed or were dropped", "\(movesFailed)"),
            ("leases for segments", "\(leases)"), ("instances given back", "\(givenBack)"),
            ("loans to others", "\(loans)"), ("loans called back", "\(recalls)"), ("deaths of Foreshard", "\(crashes)"),
            ("deaths of instances", "\(instanceDeaths)"), ("clock jumps", "\(clockJumps)"),
            ("failed operations of providers", "\(poolFailures)"), ("quarantines", "\(quarantines)"),
            ("orders by people", "\(ordersByPeople)"), ("freezes", "\(freezes)"),
            ("forecasts that did not come", "\(forecastsMissing)"),
            ("most changes of owner of a segment within an hour, by plans", "\(changesPerHourMax)"),
            ("most hours from the end of a day until all was at rest", "\(hoursToRest)"),
        ]
    }
}
