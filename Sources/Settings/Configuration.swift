// The whole of foreshard.yaml as a value. Reading it checks everything that can be checked without a server, and
// refuses what it does not know; `foreshard init` writes every one of them with its default.
import ClusterModel

package struct Configuration: Sendable {
    package var listen: Listener
    package var admin: Listener
    /// Catalog, history, admin token, local instances.
    package var dataDirectory: String
    package var users: [User]
    package var clientAuthentication: ClientAuthentication
    /// The role under which the router runs the clients' statements at the instances.
    package var application: Credentials
    package var instances: [InstanceSettings]
    package var pool: PoolSettings
    package var groups: [GroupSettings]
    /// The home that has the tables of no group. Nil: statements on them are refused.
    package var unsharded: InstanceID?
    package var router: RouterSettings
    package var forecast: ForecastSettings
    package var controller: ControllerSettings
    package var moves: MoveSettings
    package var takeover: TakeoverSettings
    package var events: [ScheduledEvent]
    package var eventFiles: [String]
    package var metrics: [MetricSettings]
    /// Whether calls and execution time of every instance, from pg_stat_statements, are metrics too.
    package var readsStatements: Bool

    package init(
        listen: Listener, admin: Listener, dataDirectory: String, users: [User],
        clientAuthentication: ClientAuthentication, application: Credentials, instances: [InstanceSettings],
        pool: PoolSettings, groups: [GroupSettings], router: RouterSettings, forecast: ForecastSettings,
        controller: ControllerSettings, moves: MoveSettings, events: [ScheduledEvent], eventFiles: [String],
        metrics: [MetricSettings] = [], readsStatements: Bool = false, takeover: TakeoverSettings = TakeoverSettings(),
        unsharded: InstanceID? = nil
    ) {
        self.takeover = takeover
        self.unsharded = unsharded
        self.listen = listen
        self.admin = admin
        self.dataDirectory = dataDirectory
        self.users = users
        self.clientAuthentication = clientAuthentication
        self.application = application
        self.instances = instances
        self.pool = pool
        self.groups = groups
        self.router = router
        self.forecast = forecast
        self.controller = controller
        self.moves = moves
        self.events = events
        self.eventFiles = eventFiles
        self.metrics = metrics
        self.readsStatements = readsStatements
    }
}

package struct Listener: Hashable, Sendable {
    package var host: String
    /// 0 lets the system choose.
    package var port: Int
    /// Nil: in clear text only.
    package var tls: ListenerTLS?

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// What clients are shown, as paths of PEM files.
package struct ListenerTLS: Hashable, Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        case disable
        /// For clients that ask for it.
        case prefer
        /// Nobody gets in without.
        case require
    }

    package var mode: Mode
    package var certificate: String
    package var key: String
    /// Authorities for the clients' own certificates; each client must then show one.
    package var clientCA: String?

    package init(mode: Mode, certificate: String, key: String, clientCA: String? = nil) {
        self.mode = mode
        self.certificate = certificate
        self.key = key
        self.clientCA = clientCA
    }
}

package struct Credentials: Hashable, Sendable {
    package var user: String
    package var password: String?

    package init(user: String, password: String?) {
        self.user = user
        self.password = password
    }
}

/// A user of the router: a password, or a verifier as `pg_authid` stores it.
package struct User: Hashable, Sendable {
    package enum Secret: Hashable, Sendable {
        case password(String)
        case verifier(String)
    }

    package var name: String
    package var secret: Secret?

    package init(name: String, secret: Secret?) {
        self.name = name
        self.secret = secret
    }
}

package enum ClientAuthentication: String, CaseIterable, Sendable {
    case scram = "scram-sha-256"
    case trust
}

package struct InstanceSettings: Hashable, Sendable {
    package var instance: Instance
    /// Back-end connections that the router may hold to it.
    package var connectionsMax: Int
    /// Nil: nobody can take over from it.
    package var standby: StandbySettings?
    /// The pool makes one. Nil: it does not; never together with `standby`.
    package var poolStandby: PoolStandbySettings?

    package init(
        instance: Instance, connectionsMax: Int, standby: StandbySettings? = nil,
        poolStandby: PoolStandbySettings? = nil
    ) {
        self.instance = instance
        self.connectionsMax = connectionsMax
        self.standby = standby
        self.poolStandby = poolStandby
    }
}

package struct PoolSettings: Sendable {
    package enum Provider: Sendable {
        /// PostgreSQL clusters on this machine.
        case local(LocalProviderSettings)
        /// Servers that somebody else runs.
        case fixed([InstanceSettings])
        /// Servers that a command of the user makes and removes.
        case command(CommandProviderSettings)
    }

    package var provider: Provider
    /// Instances kept ready.
    package var warm: WarmFloor
    package var antiAffinity: ZoneAntiAffinity
    package var lending: LendingSettings

    package init(
        provider: Provider, warm: WarmFloor, antiAffinity: ZoneAntiAffinity = .prefer,
        lending: LendingSettings = LendingSettings()
    ) {
        self.provider = provider
        self.warm = warm
        self.antiAffinity = antiAffinity
        self.lending = lending
    }

    /// Warm instances that are never lent.
    package var keptWarm: Int {
        max(lending.keepWarm ?? max(1, warm.total), warm.zones.values.reduce(0, +))
    }
}

/// Whether segments go to contingent instances in the zone of their home.
package enum ZoneAntiAffinity: String, CaseIterable, Sendable {
    case prefer, require, off
}

/// Lending of contingent instances to others; off unless `max` is above 0.
package struct LendingSettings: Hashable, Sendable {
    /// Instances that may be lent at the same time.
    package var max = 0
    /// Warm instances that stay with the service; nil: as many as are kept ready, and at least one.
    package var keepWarm: Int?
    package var noticeMax = Duration.seconds(300)
    package var termMax = Duration.seconds(86_400)
    /// Sessions that a lessee may have at once.
    package var connectionsMax = 20
    /// The directory of the programs that may be hooks; nil: no hooks.
    package var hooks: String?
    package var hookTimeout = Duration.seconds(10)

    package init() {}
}

package struct LocalProviderSettings: Hashable, Sendable {
    /// What its instances are said to be in, round robin. Never empty.
    package var zones: [Zone]
    package var instancesMax: Int
    package var capacity: Load
    package var connectionsMax: Int
    package var costPerHour: Double
    /// What its databases order text by. Segments move only between databases of the same locale.
    package var locale: String

    package init(
        zones: [Zone], instancesMax: Int, capacity: Load, connectionsMax: Int, costPerHour: Double, locale: String
    ) {
        self.zones = zones
        self.instancesMax = instancesMax
        self.capacity = capacity
        self.connectionsMax = connectionsMax
        self.costPerHour = costPerHour
        self.locale = locale
    }
}

package struct GroupSettings: Hashable, Sendable {
    package var group: ShardGroup
    /// Equal arcs that the ring is cut into at the first start.
    package var segments: Int
    /// The most that the controller does with this group; nil: as much as its own mode allows.
    package var mode: ControllerMode?

    package init(group: ShardGroup, segments: Int, mode: ControllerMode? = nil) {
        self.group = group
        self.segments = segments
        self.mode = mode
    }
}

package struct RouterSettings: Hashable, Sendable {
    package var clientsMax = 1000
    package var queueMax = 10_000
    package var queueTimeout = Duration.seconds(30)
    package var statementCacheBytesMax = 64 << 20
    package var distributedTransactions = DistributedTransactions.refuse
    /// Zero: for ever.
    package var distributedLockTimeout = Duration.seconds(10)

    package init() {}
}

/// What becomes of a transaction that touches several instances.
package enum DistributedTransactions: String, CaseIterable, Sendable, Codable {
    /// An error at the first statement for a second instance.
    case refuse
    /// It is prepared on all of them, decided in the catalog, and then committed on all of them.
    case twoPhase = "two_phase"
}

package struct ForecastSettings: Hashable, Sendable {
    package var every = Duration.seconds(300)
    package var horizon = Duration.seconds(2 * 3600)
    package var step = Duration.seconds(300)
    package var history = Duration.seconds(28 * 86_400)
    package var refitEvery = Duration.seconds(6 * 3600)
    /// The clock that the loads follow, by its IANA name; UTC where nobody said. All-day events follow it too; where
    /// nobody said, the machine's.
    package var timeZone: String?
    /// Names of the models that are combined, in the order of preference; nil for the engine's own choice.
    package var models: [String]?

    package init() {}
}

package enum ControllerMode: String, CaseIterable, Sendable, Codable {
    /// Forecasts and plans; moves nothing.
    case observe
    /// Plans wait for `foreshard move`.
    case recommend
    /// Plans are carried out.
    case auto
}

package enum ControllerPolicy: String, CaseIterable, Sendable, Codable {
    case none, reactive, threshold, horizon
}

package struct ControllerSettings: Hashable, Sendable {
    package var mode = ControllerMode.observe
    package var policy = ControllerPolicy.threshold
    /// Share of an instance's capacity above which it counts as overloaded.
    package var threshold = 0.8
    /// Share of capacity below which a home must stay, with the segment back, before it is taken home.
    package var returnThreshold = 0.6
    /// Probability of overload from which ownership changes.
    package var confidenceLevel = 0.5
    /// Probability of overload from which a copy is prepared: cheap and reversible, so low.
    package var prepareConfidence = 0.2
    package var coolDown = Duration.seconds(900)
    package var movesAtOnce = 2
    /// The p99 latency that the team promises.
    package var latencyObjective = Duration.milliseconds(500)
    package var probation = Duration.seconds(600)
    package var reactiveEvery = Duration.seconds(60)
    /// What an hour of overload and a move cost, in the currency of an instance's `cost_per_hour`.
    package var overloadPerHour = 20.0
    package var perMove = 0.05
    /// Moves that may begin within an hour; nil: as many as are useful.
    package var movesPerHourMax: Int?
    /// What contingent instances may cost together in an hour; nil: what is useful.
    package var contingentCostPerHourMax: Double?
    /// Segments that stay where they are, unless a person moves them.
    package var pinned: [SegmentID] = []

    package init() {}

    /// The defaults for a policy: `horizon` fills instances further, and lets segments move again later.
    package init(for policy: ControllerPolicy) {
        self.policy = policy
        guard policy == .horizon else { return }
        threshold = 0.82
        returnThreshold = 0.62
        coolDown = .seconds(1500)
    }
}

/// A physical streaming standby that somebody else runs; user, password and database are those of its instance.
package struct StandbySettings: Hashable, Sendable {
    package var host: String
    package var port: Int
    /// Nil: the zone of its instance.
    package var zone: Zone?

    package init(host: String, port: Int, zone: Zone? = nil) {
        self.host = host
        self.port = port
        self.zone = zone
    }
}

/// A physical streaming standby that the pool makes, and makes again after a takeover.
package struct PoolStandbySettings: Hashable, Sendable {
    /// Commits wait for it as long as it streams.
    package var isSynchronous: Bool

    package init(isSynchronous: Bool = false) { self.isSynchronous = isSynchronous }
}

package enum TakeoverMode: String, CaseIterable, Sendable, Codable {
    /// Standbys are not looked at.
    case off
    /// A death is told; `foreshard takeover` is a person's.
    case recommend
    /// The standby of a dead instance is promoted.
    case auto
}

package struct TakeoverSettings: Hashable, Sendable {
    package var mode = TakeoverMode.recommend
    /// How long nothing may be heard of an instance before it is dead.
    package var after = Duration.seconds(10)
    package var probeEvery = Duration.seconds(1)
    /// What a standby may lack of the log that its instance was last seen to have, for a takeover without a person.
    package var lossBytesMax = 16 << 20

    package init() {}
}

package struct MoveSettings: Hashable, Sendable {
    package var gateTimeout = Duration.milliseconds(500)
    /// How long the old owner's rows are kept after a move is final.
    package var cleanupGrace = Duration.seconds(900)
    /// The rate of one move's copy, all its tables together; nil: as fast as it goes.
    package var copyBytesPerSecondMax: Int?

    package init() {}
}
