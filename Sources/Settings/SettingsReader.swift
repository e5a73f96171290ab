// The sections of foreshard.yaml.
import ClusterModel
import Forecasting

struct SettingsReader {
    /// A longer event is taken for a slip in one of its years; models would spread its effect over all they know.
    private static let eventDaysMax = 400

    /// Nil when passwords of the environment are not wanted.
    let environment: [String: String]?

    func listener(
        _ root: SettingsNode, _ key: String, port: Int, takesTLS: Bool = false
    ) throws(ConfigurationError) -> Listener {
        guard let node = try root.child(key) else { return Listener(host: "127.0.0.1", port: port) }
        var listener = Listener(
            host: try node.child("host")?.string() ?? "127.0.0.1",
            port: try node.child("port")?.integer(in: 0...65535) ?? port
        )
        if takesTLS { listener.tls = try listenerTLS(node) }
        try node.finish()
        return listener
    }

    // MARK: Who

    func users(_ root: SettingsNode) throws(ConfigurationError) -> [User] {
        var users: [User] = []
        for item in try root.child("users")?.items() ?? [] {
            let name = try item.required("name").string()
            let verifier = try item.child("verifier")?.string()
            let password = try password(item)
            try item.finish()
            users.append(User(name: name, secret: verifier.map { .verifier($0) } ?? password.map { .password($0) }))
        }
        return users
    }

    func credentials(_ node: SettingsNode) throws(ConfigurationError) -> Credentials {
        let credentials = Credentials(user: try node.required("user").string(), password: try password(node))
        try node.finish()
        return credentials
    }

    /// `password`, or the variable that `password_env` names.
    private func password(_ node: SettingsNode) throws(ConfigurationError) -> String? {
        let variable = try node.child("password_env")
        let password = try node.child("password")?.string()
        guard let variable else { return password }
        let name = try variable.string()
        guard let environment else { return password }
        guard let value = environment[name] else { throw variable.error("the environment has no variable \(name)") }
        return value
    }

    // MARK: Where

    func homes(_ root: SettingsNode) throws(ConfigurationError) -> [InstanceSettings] {
        try instances(root.required("instances"), role: .home)
    }

    func unsharded(_ root: SettingsNode) throws(ConfigurationError) -> InstanceID? {
        guard let node = try root.child("unsharded") else { return nil }
        return InstanceID(try node.string())
    }

    private func instances(_ list: SettingsNode, role: InstanceRole) throws(ConfigurationError) -> [InstanceSettings] {
        var found: [InstanceSettings] = []
        for item in try list.items() { found.append(try instance(item, role: role)) }
        return found
    }

    private func instance(_ node: SettingsNode, role: InstanceRole) throws(ConfigurationError) -> InstanceSettings {
        let endpoint = Endpoint(
            host: try node.child("host")?.string() ?? "127.0.0.1",
            port: try node.required("port").integer(in: 1...65535),
            database: try node.required("database").string(),
            user: try node.required("user").string(),
            password: try password(node),
            tls: try encryption(node)
        )
        let connections = try node.child("connections")?.integer(in: 1...10_000) ?? 20
        let poolStandby = try poolStandby(node, of: role)
        let standby = poolStandby == nil ? try standby(node, of: role) : nil
        let instance = Instance(
            id: InstanceID(try identifier(node.required("id"))),
            role: role,
            zone: Zone(try node.child("zone")?.string() ?? "default"),
            endpoint: endpoint,
            capacity: Load(try node.child("capacity")?.number(in: 0.01...1e6) ?? Double(connections)),
            costPerHour: try node.child("cost_per_hour")?.number(in: 0...1e9) ?? 1
        )
        try node.finish()
        return InstanceSettings(
            instance: instance, connectionsMax: connections, standby: standby, poolStandby: poolStandby)
    }

    /// `standby: pool`, or `standby: {from: pool, synchronous: true}`; nil where it is a server's address, or nothing.
    private func poolStandby(
        _ instance: SettingsNode, of role: InstanceRole
    ) throws(ConfigurationError) -> PoolStandbySettings? {
        guard role == .home, let node = try instance.child("standby") else { return nil }
        enum Source: String, CaseIterable { case pool }
        if node.node.scalar != nil {
            _ = try node.choice(of: Source.self)
            return PoolStandbySettings()
        }
        guard let from = try node.child("from") else { return nil }
        _ = try from.choice(of: Source.self)
        let settings = PoolStandbySettings(isSynchronous: try node.child("synchronous")?.flag() ?? false)
        try node.finish()
        return settings
    }

    private func standby(_ instance: SettingsNode, of role: InstanceRole) throws(ConfigurationError) -> StandbySettings?
    {
        guard let node = try instance.child("standby") else { return nil }
        guard role == .home else {
            throw node.error("a standby takes over from instances under `instances` only, not from those of the pool")
        }
        let standby = StandbySettings(
            host: try node.child("host")?.string() ?? "127.0.0.1",
            port: try node.required("port").integer(in: 1...65535),
            zone: try node.child("zone").map { zone throws(ConfigurationError) in Zone(try zone.string()) })
        try node.finish()
        return standby
    }

    func pool(_ root: SettingsNode) throws(ConfigurationError) -> PoolSettings {
        guard let node = try root.child("pool") else { return PoolSettings(provider: .fixed([]), warm: WarmFloor(0)) }
        enum Kind: String, CaseIterable { case local, `static`, command }
        let provider: PoolSettings.Provider
        switch try node.required("provider").choice(of: Kind.self) {
        case .static: provider = .fixed(try instances(node.required("instances"), role: .contingent))
        case .local: provider = .local(try localProvider(node))
        case .command: provider = .command(try commandProvider(node))
        }
        let warm = try node.child("warm").map { node throws(ConfigurationError) in try warmFloor(node, of: provider) }
        let settings = PoolSettings(
            provider: provider, warm: warm ?? WarmFloor(1),
            antiAffinity: try node.child("anti_affinity")?.choice(of: ZoneAntiAffinity.self) ?? .prefer,
            lending: try lending(node))
        try node.finish()
        if case .local(let local) = provider, settings.lending.max > 0, local.instancesMax <= settings.keptWarm {
            let lend = try node.child("lend") ?? node
            throw lend.error(
                "with \(settings.keptWarm) instances that stay warm there is none to lend: `pool.instances_max` must be "
                    + "above \(settings.keptWarm)")
        }
        return settings
    }

    private func lending(_ pool: SettingsNode) throws(ConfigurationError) -> LendingSettings {
        var settings = LendingSettings()
        guard let node = try pool.child("lend") else { return settings }
        if let value = try node.child("max") { settings.max = try value.integer(in: 0...100) }
        if let value = try node.child("keep_warm") { settings.keepWarm = try value.integer(in: 1...100) }
        if let value = try node.child("notice_max") { settings.noticeMax = try value.duration(orNone: true) }
        if let value = try node.child("term_max") { settings.termMax = try value.duration() }
        if let value = try node.child("connections") { settings.connectionsMax = try value.integer(in: 1...10_000) }
        if let value = try node.child("hooks") { settings.hooks = try value.string() }
        if let value = try node.child("hook_timeout") { settings.hookTimeout = try value.duration() }
        try node.finish()
        return settings
    }

    private func localProvider(_ node: SettingsNode) throws(ConfigurationError) -> LocalProviderSettings {
        let connections = try node.child("connections")?.integer(in: 1...10_000) ?? 20
        return LocalProviderSettings(
            zones: try zones(node, orElse: "local"),
            instancesMax: try node.child("instances_max")?.integer(in: 1...100) ?? 2,
            capacity: Load(try node.child("capacity")?.number(in: 0.01...1e6) ?? Double(connections)),
            connectionsMax: connections,
            costPerHour: try node.child("cost_per_hour")?.number(in: 0...1e9) ?? 1,
            locale: try node.child("locale").map(locale) ?? "C.UTF-8"
        )
    }

    private func locale(_ node: SettingsNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        guard text.wholeMatch(of: /[A-Za-z0-9_.@\-]+/) != nil else {
            throw node.error("must be a locale of this machine (see `locale -a`)")
        }
        return text
    }

    func groups(_ root: SettingsNode) throws(ConfigurationError) -> [GroupSettings] {
        var groups: [GroupSettings] = []
        for item in try root.required("groups").items() { groups.append(try group(item)) }
        return groups
    }

    private func group(_ node: SettingsNode) throws(ConfigurationError) -> GroupSettings {
        var tables: [ShardedTable] = []
        let tableList = try node.required("tables")
        for (name, column) in try tableList.entries() {
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            let table = parts.count == 2 ? TableName(schema: parts[0], name: parts[1]) : TableName(name: name)
            tables.append(ShardedTable(table: table, keyColumn: try column.string()))
        }
        guard !tables.isEmpty else { throw tableList.error("must name at least one table and its shard key") }
        let group = ShardGroup(
            id: GroupID(try identifier(node.required("id"))),
            keyType: try node.required("key_type").choice(of: ShardKeyType.self),
            tables: tables
        )
        let settings = GroupSettings(
            group: group, segments: try node.child("segments")?.integer(in: 1...10_000) ?? 16,
            mode: try node.child("mode")?.choice(of: ControllerMode.self))
        try node.finish()
        return settings
    }

    /// An id that is safe in an SQL identifier, a file name and a metric label.
    func identifier(_ node: SettingsNode) throws(ConfigurationError) -> String {
        let text = try node.string()
        guard text.count <= 40, text.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || "-_".contains($0)) })
        else { throw node.error("must be lower-case letters, digits, `-` and `_`, at most 40 of them") }
        return text
    }

    // MARK: How

    func router(_ root: SettingsNode) throws(ConfigurationError) -> RouterSettings {
        var settings = RouterSettings()
        guard let node = try root.child("router") else { return settings }
        if let value = try node.child("clients_max") { settings.clientsMax = try value.integer(in: 1...100_000) }
        if let value = try node.child("queue_max") { settings.queueMax = try value.integer(in: 1...1_000_000) }
        if let value = try node.child("queue_timeout") { settings.queueTimeout = try value.duration() }
        if let value = try node.child("statement_cache_bytes_max") {
            settings.statementCacheBytesMax = try value.integer(in: 1 << 16...1 << 34)
        }
        if let value = try node.child("distributed_transactions") {
            settings.distributedTransactions = try value.choice(of: DistributedTransactions.self)
        }
        if let value = try node.child("distributed_lock_timeout") {
            settings.distributedLockTimeout = try value.duration()
        }
        try node.finish()
        return settings
    }

    func forecast(_ root: SettingsNode) throws(ConfigurationError) -> ForecastSettings {
        var settings = ForecastSettings()
        guard let node = try root.child("forecast") else { return settings }
        if let value = try node.child("every") { settings.every = try value.duration() }
        if let value = try node.child("horizon") { settings.horizon = try value.duration() }
        if let value = try node.child("step") { settings.step = try value.duration() }
        if let value = try node.child("history") { settings.history = try value.duration() }
        if let value = try node.child("refit_every") { settings.refitEvery = try value.duration() }
        if let value = try node.child("time_zone") { settings.timeZone = try timeZone(value) }
        if let value = try node.child("models") { settings.models = try models(value) }
        try node.finish()
        guard [.seconds(60), .seconds(300)].contains(settings.step) else {
            throw node.error("`step` must be 1m or 5m: the history is kept at these steps")
        }
        guard settings.horizon >= settings.step, settings.horizon <= settings.step * 288 else {
            throw node.error("`horizon` must be from one `step` to 288 of them")
        }
        return settings
    }

    private func timeZone(_ node: SettingsNode) throws(ConfigurationError) -> String {
        let name = try node.string()
        guard ZoneOffsets(named: name) != nil else {
            throw node.error("must be a time zone's IANA name such as Europe/Berlin or America/New_York, not `\(name)`")
        }
        return name
    }

    private func models(_ node: SettingsNode) throws(ConfigurationError) -> [String] {
        var names: [String] = []
        for item in try node.items() {
            let name = try item.string()
            guard ForecastModels.model(named: name) != nil, !names.contains(name) else {
                throw item.error("must be one of \(ForecastModels.names), each at most once")
            }
            names.append(name)
        }
        guard !names.isEmpty else { throw node.error("must name at least one model, or be left out") }
        return names
    }

    func controller(_ root: SettingsNode) throws(ConfigurationError) -> ControllerSettings {
        guard let node = try root.child("controller") else { return ControllerSettings() }
        let policy = try node.child("policy")?.choice(of: ControllerPolicy.self)
        var settings = policy.map { ControllerSettings(for: $0) } ?? ControllerSettings()
        if let value = try node.child("mode") { settings.mode = try value.choice(of: ControllerMode.self) }
        if let value = try node.child("threshold") { settings.threshold = try value.number(in: 0.05...1) }
        if let value = try node.child("return_threshold") { settings.returnThreshold = try value.number(in: 0.01...1) }
        if let value = try node.child("confidence_level") {
            settings.confidenceLevel = try value.number(in: 0.5...0.999)
        }
        if let value = try node.child("prepare_confidence") {
            settings.prepareConfidence = try value.number(in: 0.05...0.999)
        }
        if let value = try node.child("cool_down") { settings.coolDown = try value.duration() }
        if let value = try node.child("moves_at_once") { settings.movesAtOnce = try value.integer(in: 1...16) }
        if let value = try node.child("latency_objective") { settings.latencyObjective = try value.duration() }
        if let value = try node.child("probation") { settings.probation = try value.duration() }
        if let value = try node.child("reactive_every") { settings.reactiveEvery = try value.duration() }
        if let prices = try node.child("prices") {
            if let value = try prices.child("overload_per_hour") {
                settings.overloadPerHour = try value.number(in: 0...1e6)
            }
            if let value = try prices.child("move") { settings.perMove = try value.number(in: 0...1e6) }
            try prices.finish()
        }
        if let limits = try node.child("limits") {
            if let value = try limits.child("moves_per_hour") {
                settings.movesPerHourMax = try value.integer(in: 1...100_000)
            }
            if let value = try limits.child("contingent_cost_per_hour") {
                settings.contingentCostPerHourMax = try value.number(in: 0...1e9)
            }
            try limits.finish()
        }
        if let pinned = try node.child("pinned") {
            for item in try pinned.items() { settings.pinned.append(SegmentID(try identifier(item))) }
        }
        try node.finish()
        return settings
    }

    func takeover(_ root: SettingsNode) throws(ConfigurationError) -> TakeoverSettings {
        var settings = TakeoverSettings()
        guard let node = try root.child("takeover") else { return settings }
        if let value = try node.child("mode") { settings.mode = try value.choice(of: TakeoverMode.self) }
        if let value = try node.child("after") { settings.after = try value.duration() }
        if let value = try node.child("probe_every") { settings.probeEvery = try value.duration() }
        if let value = try node.child("loss_bytes_max") { settings.lossBytesMax = try value.integer(in: 0...1 << 50) }
        try node.finish()
        guard settings.after >= settings.probeEvery * 3 else {
            throw node.error("`after` must be at least three times `probe_every`: one lost answer is no death")
        }
        return settings
    }

    func moves(_ root: SettingsNode) throws(ConfigurationError) -> MoveSettings {
        var settings = MoveSettings()
        guard let node = try root.child("moves") else { return settings }
        if let value = try node.child("gate_timeout") { settings.gateTimeout = try value.duration() }
        if let value = try node.child("cleanup_grace") { settings.cleanupGrace = try value.duration() }
        if let value = try node.child("copy_bytes_per_second_max") {
            settings.copyBytesPerSecondMax = try value.integer(in: 1 << 16...1 << 40)
        }
        try node.finish()
        return settings
    }

    // MARK: When

    func eventFiles(_ root: SettingsNode) throws(ConfigurationError) -> [String] {
        var files: [String] = []
        for item in try root.child("event_files")?.items() ?? [] { files.append(try item.string()) }
        return files
    }

    func events(_ root: SettingsNode) throws(ConfigurationError) -> [ScheduledEvent] {
        var events: [ScheduledEvent] = []
        for item in try root.child("events")?.items() ?? [] { events.append(try event(item)) }
        return events
    }

    private func event(_ node: SettingsNode) throws(ConfigurationError) -> ScheduledEvent {
        let kind = try node.required("kind").string()
        let start = try timestamp(node.required("start"))
        let end = try timestamp(node.required("end"))
        guard start < end else { throw node.error("ends before it starts") }
        guard end - start <= .seconds(Self.eventDaysMax * 86_400) else {
            throw node.error("lasts longer than \(Self.eventDaysMax) days: correct its start or its end")
        }
        var segments: [SegmentID]?
        if let list = try node.child("segments") {
            var ids: [SegmentID] = []
            for item in try list.items() { ids.append(SegmentID(try item.string())) }
            segments = ids
        }
        let event = ScheduledEvent(
            kind: kind,
            label: try node.child("label")?.string() ?? kind,
            start: start,
            end: end,
            segments: segments,
            uplift: try uplift(node),
            lead: try margin(node, "lead"),
            tail: try margin(node, "tail")
        )
        try node.finish()
        return event
    }

    private func uplift(_ node: SettingsNode) throws(ConfigurationError) -> Double? {
        try node.child("uplift")?.number(in: ScheduledEvent.uplifts)
    }

    private func margin(_ node: SettingsNode, _ key: String) throws(ConfigurationError) -> Duration? {
        guard let child = try node.child(key) else { return nil }
        let margin = try child.duration(orNone: true)
        guard margin <= ScheduledEvent.marginMax else { throw child.error("must be 7d at most") }
        return margin
    }

    private func timestamp(_ node: SettingsNode) throws(ConfigurationError) -> Timestamp {
        guard let value = Timestamp(try node.string()) else {
            throw node.error("must be a time with its zone, such as 2026-11-27T18:00:00+01:00")
        }
        return value
    }
}
