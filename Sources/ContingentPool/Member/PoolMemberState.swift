// The states of one pool member. The text forms are what the store keeps.
//
//   absent → provisioning → idleCold → warming → warm → reserved → active → draining ─┐
//     ▲            │            ▲          │       │        │                         │
//     └─(recovery)─┘            └──────────┴── wiping ◄─────┴─────────────────────────┘
//   warm → granting → leased → revoking → ending → wiping: lent to others; from each of them straight to ending, when the
//   holder can have no notice.
//   absent, idleCold or warm → seeding → standby → promoted → quarantined: a physical standby of a home, which may become the
//   home's server; seeding and standby → wiping when it is of no use.
//   Where something can fail and nothing can be lost → quarantined → draining (cleared by a person) or retired.
//   From everywhere but these three → active, when the catalog says that the member is needed.
import ClusterModel

/// For whom a member is held.
package enum PoolHolder: Hashable, Sendable, Codable, CustomStringConvertible {
    case move(MoveID)
    /// A person or a programme, by name.
    case named(String)

    package var description: String {
        switch self {
        case .move(let id): "move \(id)"
        case .named(let name): name
        }
    }
}

/// What is true of a pool member.
package enum PoolMemberState: Hashable, Sendable, Codable {
    /// Known by name only. Can go to provisioning, seeding, retired.
    case absent
    /// The provider is making the instance; half of it may exist. Can go to idleCold, quarantined, absent.
    case provisioning
    /// It exists, holds nothing, and need not run. Can go to warming, seeding, retired.
    case idleCold
    /// It is being started and given roles and schema. Can go to warm, wiping, quarantined.
    case warming
    /// It runs, has roles and schema, and holds no row: a move can start at once. Can go to reserved, granting, wiping,
    /// seeding, quarantined, retired.
    case warm
    /// It is promised to a lessee, whose role is being made; nobody knows its password yet. Can go to leased, ending.
    case granting(Lease)
    /// A lessee may do with it what it likes. Can go to revoking, ending.
    case leased(Lease)
    /// The lessee was told to leave, and has until the deadline. Can go to ending.
    case revoking(Revocation)
    /// The lessee's time is over: its role is being locked and its sessions ended. Can go to wiping.
    case ending(Revocation)
    /// One holder may write to it; it may hold rows, owns no segment. Can go to active, draining, and while nothing on
    /// it is needed to quarantined.
    case reserved(PoolHolder)
    /// It owns segments, or did when last told. Only moves can take them away, so after failed checks it is started
    /// again and stays what it is. Can go to draining.
    case active
    /// It was given back, but segments or objects of moves may still be on it. Can go to wiping, active.
    case draining
    /// Nothing on it is needed; everything is being removed. Can go to idleCold, quarantined.
    case wiping
    /// It is being made a physical copy of that home. Can go to standby, wiping.
    case seeding(InstanceID)
    /// It is a physical standby of that home, and never anybody else's. Can go to promoted, wiping.
    case standby(InstanceID)
    /// It took over: it is that home's server, under the home's id, and holds what nobody else has. Nothing but another
    /// takeover of the same home ends that. Can go to quarantined.
    case promoted(InstanceID)
    /// Out of use until a person decides. Can go to draining, retired.
    case quarantined(reason: String)
    /// Out of use for ever.
    case retired
}

extension PoolMemberState {
    /// The state's name, without what it carries.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case absent, provisioning, idleCold, warming, warm, granting, leased, revoking, ending, reserved, active
        case draining, wiping, seeding, standby, promoted, quarantined, retired
    }

    package var kind: Kind {
        switch self {
        case .absent: .absent
        case .provisioning: .provisioning
        case .idleCold: .idleCold
        case .warming: .warming
        case .warm: .warm
        case .granting: .granting
        case .leased: .leased
        case .revoking: .revoking
        case .ending: .ending
        case .reserved: .reserved
        case .active: .active
        case .draining: .draining
        case .wiping: .wiping
        case .seeding: .seeding
        case .standby: .standby
        case .promoted: .promoted
        case .quarantined: .quarantined
        case .retired: .retired
        }
    }

    /// Whether it is the service's: a move may have it as its target.
    package var isLent: Bool { kind == .reserved || kind == .active }

    /// Whether something that is needed may be on it.
    package var mayBeOccupied: Bool { isLent || kind == .draining || kind == .standby || kind == .promoted }

    /// The home that it is a standby of, or the server of; nil when it is neither.
    package var home: InstanceID? {
        switch self {
        case .seeding(let home), .standby(let home), .promoted(let home): home
        case .absent, .provisioning, .idleCold, .warming, .warm, .granting, .leased, .revoking, .ending, .reserved,
            .active, .draining, .wiping, .quarantined, .retired:
            nil
        }
    }

    /// Whether somebody may count on its answering.
    package var shouldAnswer: Bool {
        switch self {
        case .warm, .leased, .revoking, .reserved, .active, .draining, .standby, .promoted: true
        case .absent, .provisioning, .idleCold, .warming, .granting, .ending, .wiping, .seeding, .quarantined, .retired:
            false
        }
    }

    /// The lease by which somebody else has it, or is about to, or may still be in it.
    package var lease: Lease? {
        switch self {
        case .granting(let lease), .leased(let lease): lease
        case .revoking(let revocation), .ending(let revocation): revocation.lease
        case .absent, .provisioning, .idleCold, .warming, .warm, .reserved, .active, .draining, .wiping, .seeding,
            .standby, .promoted, .quarantined, .retired:
            nil
        }
    }

    /// Whether it is on its way back from a lease: whoever claimed it gets it as soon as it is warm.
    var canBeClaimed: Bool {
        switch self {
        case .revoking, .ending, .wiping, .idleCold, .warming: true
        case .absent, .provisioning, .warm, .granting, .leased, .reserved, .active, .draining, .seeding, .standby,
            .promoted, .quarantined, .retired:
            false
        }
    }
}
