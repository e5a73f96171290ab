// From YAML to the value. Each section is read by one function, which names every setting it knows.
import ClusterModel

extension Configuration {
    /// Reads a configuration.
    ///
    /// - Parameters:
    ///   - file: the name to show in errors.
    ///   - environment: where `password_env` looks. Nil leaves passwords from the environment unread, for commands that
    ///     only have to find the running server.
    /// - Throws: `ConfigurationError` for the first thing that is wrong.
    package static func read(
        _ text: String,
        file: String,
        environment: [String: String]? = [:]
    ) throws(ConfigurationError) -> Configuration {
        let root = try SettingsNode.document(text, file: file)
        let reader = SettingsReader(environment: environment)
        let configuration = Configuration(
            listen: try reader.listener(root, "listen", port: 6432, takesTLS: true),
            admin: try reader.listener(root, "admin", port: 6433),
            dataDirectory: try root.child("data_directory")?.string() ?? "foreshard-data",
            users: try reader.users(root),
            clientAuthentication: try root.child("client_authentication")?.choice(of: ClientAuthentication.self)
                ?? .scram,
            application: try reader.credentials(root.required("application")),
            instances: try reader.homes(root),
            pool: try reader.pool(root),
            groups: try reader.groups(root),
            router: try reader.router(root),
            forecast: try reader.forecast(root),
            controller: try reader.controller(root),
            moves: try reader.moves(root),
            events: try reader.events(root),
            eventFiles: try reader.eventFiles(root),
            metrics: try reader.metrics(root),
            readsStatements: try root.child("statement_metrics")?.flag() ?? false,
            takeover: try reader.takeover(root),
            unsharded: try reader.unsharded(root)
        )
        try root.finish()
        try configuration.check(root, hasPasswords: environment != nil)
        return configuration
    }

    /// What no single setting can tell.
    private func check(_ root: SettingsNode, hasPasswords: Bool) throws(ConfigurationError) {
        guard !instances.isEmpty else { throw root.error("`instances` must name at least one home instance") }
        guard !groups.isEmpty else { throw root.error("`groups` must name at least one group of sharded tables") }
        let ids = instances.map(\.instance.id) + pool.fixedInstances.map(\.instance.id)
        if let twice = firstRepeated(ids) { throw root.error("the instance id `\(twice)` is used twice") }
        if let twice = firstRepeated(groups.map(\.group.id)) {
            throw root.error("the group id `\(twice)` is used twice")
        }
        if let twice = firstRepeated(groups.flatMap { $0.group.tables.map(\.table) }) {
            throw root.error("the table `\(twice)` is in two groups: a table has one shard key")
        }
        let addresses =
            instances.map { ServerPlace($0.instance.endpoint.host, $0.instance.endpoint.port) }
            + instances.compactMap { $0.standby.map { ServerPlace($0.host, $0.port) } }
        if instances.contains(where: { $0.standby != nil }), let twice = firstRepeated(addresses) {
            throw root.error(
                "\(twice.host):\(twice.port) is named twice under `instances`: a standby is a server of its own")
        }
        if let unsharded, !instances.contains(where: { $0.instance.id == unsharded }) {
            throw root.error(
                "`unsharded` names `\(unsharded)`, which is not under `instances`: the tables of no group stay on a home"
            )
        }
        try checkPoolStandbys(root)
        if let home = instances.first(where: { $0.poolStandby != nil && $0.instance.endpoint.requiresEncryption }) {
            throw root.error(
                "`standby: pool` of \(home.instance.id) contradicts its `tls`: servers of the pool are reached at loopback in "
                    + "clear text. Set `tls` to prefer, or run a standby yourself")
        }
        guard controller.returnThreshold < controller.threshold else {
            throw root.error("`controller.return_threshold` must be below `controller.threshold`")
        }
        guard controller.prepareConfidence <= controller.confidenceLevel else {
            throw root.error("`controller.prepare_confidence` must not be above `controller.confidence_level`")
        }
        if hasPasswords, clientAuthentication == .scram, let open = users.first(where: { $0.secret == nil }) {
            throw root.error(
                "user `\(open.name)` has neither password nor verifier; give one, or set client_authentication: trust"
            )
        }
        if clientAuthentication == .trust, !["127.0.0.1", "::1", "localhost"].contains(listen.host) {
            throw root.error("client_authentication: trust is for loopback only, and `listen.host` is \(listen.host)")
        }
    }
}

extension Configuration {
    /// Whether the pool can make the standbys that are wanted of it.
    private func checkPoolStandbys(_ root: SettingsNode) throws(ConfigurationError) {
        let wanting = instances.filter { $0.poolStandby != nil }.map(\.instance)
        guard let first = wanting.first else { return }
        guard case .local(let local) = pool.provider else {
            throw root.error(
                "`standby: pool` of \(first.id) needs `pool.provider: local`: no other provider makes standbys. Run one "
                    + "yourself and name its host and port under `standby`")
        }
        guard takeover.mode != .off else {
            throw root.error(
                "`standby: pool` of \(first.id) contradicts `takeover.mode: off`: nobody would look at the standby. Set "
                    + "recommend or auto")
        }
        let warm = lending.max > 0 ? max(pool.warm.total, pool.keptWarm + 1) : pool.warm.total
        guard local.instancesMax >= warm + wanting.count else {
            throw root.error(
                "`pool.instances_max` is \(local.instancesMax): with \(wanting.count) standbys of the pool and \(warm) "
                    + "other instances it must be at least \(warm + wanting.count)")
        }
        guard pool.antiAffinity == .require else { return }
        if let home = wanting.first(where: { home in local.zones.allSatisfy { $0 == home.zone } }) {
            throw root.error(
                "`standby: pool` of \(home.id) needs an instance outside of zone \(home.zone) "
                    + "(`pool.anti_affinity: require`), and `pool.zones` has no other zone")
        }
    }

    private var lending: LendingSettings { pool.lending }
}

extension PoolSettings {
    package var fixedInstances: [InstanceSettings] {
        switch provider {
        case .local, .command: []
        case .fixed(let instances): instances
        }
    }
}

private struct ServerPlace: Hashable {
    let host: String
    let port: Int

    init(_ host: String, _ port: Int) {
        self.host = host
        self.port = port
    }
}

private func firstRepeated<T: Hashable>(_ items: [T]) -> T? {
    var seen: Set<T> = []
    return items.first { !seen.insert($0).inserted }
}
