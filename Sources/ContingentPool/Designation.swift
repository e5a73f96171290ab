// Which capacity is designated for whom: what of the pool could take a home's segments if the home's zone failed. Pure.
//
// Designated is what is configured in another zone and is warm or could be made so, lent instances too: they are called
// back. What is quarantined or retired is not, and neither is what is at work for somebody already.
import ClusterModel

/// Every instance that the pool is configured to have, made or not.
package struct Designation: Hashable, Sendable {
    package struct Place: Hashable, Sendable {
        package let id: InstanceID
        package let zone: Zone
        /// `absent` when it was not made yet.
        package let state: PoolMemberState.Kind

        package init(id: InstanceID, zone: Zone, state: PoolMemberState.Kind) {
            self.id = id
            self.zone = zone
            self.state = state
        }

        var isDesignated: Bool {
            switch state {
            case .absent, .provisioning, .idleCold, .warming, .warm, .granting, .leased, .revoking, .ending, .draining,
                .wiping:
                true
            case .reserved, .active, .seeding, .standby, .promoted, .quarantined, .retired: false
            }
        }
    }

    package let places: [Place]

    package init(places: [Place]) { self.places = places }

    /// What a home has if its own zone fails.
    package func contingency(ofHomeIn zone: Zone) -> Contingency {
        let elsewhere = places.filter { $0.zone != zone }
        return Contingency(
            designated: elsewhere.filter(\.isDesignated).map(\.id),
            warm: elsewhere.count { $0.state == .warm }, others: elsewhere.filter { !$0.isDesignated })
    }

    /// Whether zones tell homes and instances apart. Where all are in one, nobody has said anything about zones.
    package func hasSeveralZones(besides homes: some Sequence<Zone>) -> Bool {
        Set(places.map(\.zone)).union(homes).count > 1
    }
}

/// The capacity in other zones than a home's.
package struct Contingency: Hashable, Sendable {
    package let designated: [InstanceID]
    package let warm: Int
    /// In other zones, but not to be had.
    package let others: [Designation.Place]

    package var isMissing: Bool { designated.isEmpty }

    /// Why there is none, for people; nil when there is one.
    package var complaint: String? {
        guard isMissing else { return nil }
        let reasons = others.map { "\($0.id) is \($0.state.rawValue)" }.joined(separator: ", ")
        return others.isEmpty ? "the pool has no instance in another zone" : reasons
    }
}

extension ContingentPool {
    package var designation: Designation {
        let places = providers.flatMap { provider in
            provider.instances.compactMap { id in
                provider.terms(of: id).map { terms in
                    Designation.Place(
                        id: id, zone: members[id]?.zone ?? terms.zone, state: members[id]?.state.kind ?? .absent)
                }
            }
        }
        return Designation(places: places)
    }
}
