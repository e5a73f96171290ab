// The contingent pool, from the user's settings.
import Catalog
import ClusterModel
import ContingentPool
import Foundation
import LocalPostgres
import Logging
import Settings

struct PoolAssembly {
    let configuration: Configuration
    /// Nil: servers that ask for passwords.
    let localServers: ServerSettings?
    let catalog: CatalogStore
    let directory: HomeDirectory
    let clock: ClusterClock
    let logger: Logger

    func make() async throws -> ContingentPool {
        var limits = PoolConfiguration()
        limits.warmFloor = configuration.pool.warm
        limits.membersMax = membersMax
        limits.lending = lending
        let application = asksForPasswords ? configuration.application : nil
        return ContingentPool(
            configuration: limits, providers: [try await provider()], store: catalog,
            schema: { [directory] in
                guard let home = directory.homes.first?.endpoint else { throw ClusterError("there is no home") }
                let schema = try await InstanceSchema.capture(
                    from: home, installation: try await PostgresInstallation.find())
                guard let application, let password = application.password else { return schema }
                return schema.settingPassword(of: application.user, to: password)
            },
            clock: PoolClock(now: { [clock] in clock.now() }, realTime: { [clock] in clock.realTime(of: $0) }),
            home: { [directory] in directory.home($0) },
            notify: { [logger] in Self.log($0, to: logger) })
    }

    private var lending: LendingRules {
        let settings = configuration.pool.lending
        var rules = LendingRules()
        rules.max = settings.max
        rules.keepWarm = configuration.pool.keptWarm
        rules.keepWarmInZones = configuration.pool.warm.zones
        rules.noticeMax = settings.noticeMax
        rules.termMax = settings.termMax
        rules.connectionsMax = settings.connectionsMax
        rules.hookDirectory = settings.hooks
        rules.hookTimeout = settings.hookTimeout
        return rules
    }

    private var membersMax: Int {
        switch configuration.pool.provider {
        case .fixed(let instances): instances.count
        case .local(let local): local.instancesMax
        case .command(let command): command.instancesMax
        }
    }

    /// Whether the application's role gets the configured password on new instances. Servers of somebody else have
    /// passwords of their own.
    private var asksForPasswords: Bool {
        switch configuration.pool.provider {
        case .fixed: false
        case .command: true
        case .local: localServers == nil
        }
    }

    private static func log(_ notice: PoolNotice, to logger: Logger) {
        switch notice {
        case .alarm(let id, let sentence):
            logger.error(
                "the pool raises an alarm", metadata: ["instance.id": "\(id?.text ?? "")", "pool.alarm": "\(sentence)"])
        case .revoked(let id, let holder):
            logger.error(
                "the pool took an instance away", metadata: ["instance.id": "\(id)", "pool.holder": "\(holder)"])
        case .lease(let id, let sentence):
            logger.notice("a lease changed", metadata: ["instance.id": "\(id)", "pool.lease": "\(sentence)"])
        }
    }

    private func provider() async throws -> any Provider {
        switch configuration.pool.provider {
        case .fixed(let instances):
            let offers = instances.map(\.instance).map { instance in
                (
                    instance.id,
                    StaticProvider.Offer(
                        endpoint: instance.endpoint,
                        terms: InstanceTerms(
                            zone: instance.zone, capacity: instance.capacity, costPerHour: instance.costPerHour))
                )
            }
            return StaticProvider(offers: Dictionary(uniqueKeysWithValues: offers))
        case .local(let local):
            return LocalProvider(
                cluster: try await LocalCluster(
                    directory: configuration.dataDirectory + "/contingent",
                    settings: try localServers ?? servers(of: local)),
                instancesMax: local.instancesMax,
                terms: InstanceTerms(
                    zone: local.zones[0], capacity: local.capacity, costPerHour: local.costPerHour),
                zones: local.zones)
        case .command(let command): return CommandProvider(calls(of: command))
        }
    }

    private func calls(of command: CommandProviderSettings) -> CommandProvider.Configuration {
        var limits = CommandLimits()
        limits.provision = command.timeouts.provision
        limits.start = command.timeouts.start
        limits.stop = command.timeouts.stop
        limits.wipe = command.timeouts.wipe
        limits.remove = command.timeouts.remove
        limits.check = command.timeouts.check
        var calls = CommandProvider.Configuration(
            command: command.command, limits: limits, zones: command.zones, instancesMax: command.instancesMax,
            capacity: command.capacity, costPerHour: command.costPerHour)
        calls.isCheckedByCommand = command.isCheckedByCommand
        return calls
    }

    /// As the configuration wants them; their superuser has a password.
    private func servers(of local: LocalProviderSettings) throws -> ServerSettings {
        var settings = ServerSettings()
        settings.authentication = .scram(password: try LocalPasswords.superuser(in: configuration.dataDirectory))
        settings.locale = local.locale
        return settings
    }
}

/// Passwords for servers of this machine, so that no other account of the machine gets in. They are made at the first
/// start, and kept in the data directory in files that only our account can read.
enum LocalPasswords {
    static func superuser(in directory: String) throws -> String {
        try loadOrMake("contingent-superuser.password", in: directory)
    }

    /// The configuration with a password for the application's role where it has none because the homes ask for none.
    static func complete(_ configuration: Configuration) throws -> Configuration {
        guard case .local = configuration.pool.provider else { return configuration }
        guard configuration.application.user != ServerSettings.superuser else {
            throw ClusterError(
                """
                the application's role is called \(ServerSettings.superuser), as the superuser of contingent instances \
                of this machine is: give the application a role of another name (application.user).
                """)
        }
        var complete = configuration
        if complete.application.password == nil {
            complete.application.password = try loadOrMake(
                "contingent-application.password", in: configuration.dataDirectory)
        }
        return complete
    }

    /// Nobody else can read it at any moment, and it outlives the servers that know it.
    private static func write(_ password: String, to path: String) throws {
        let unfinished = path + ".making"
        unlink(unfinished)
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ClusterError("cannot write \(path): is the directory writable?") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(password.utf8))
        try file.synchronize()
        guard rename(unfinished, path) == 0 else { throw ClusterError("cannot rename \(unfinished)") }
    }

    private static func loadOrMake(_ name: String, in directory: String) throws -> String {
        let path = directory + "/" + name
        if FileManager.default.fileExists(atPath: path) { return try String(contentsOfFile: path, encoding: .utf8) }
        var generator = SystemRandomNumberGenerator()
        let password = (0..<3).map { _ in String(generator.next(), radix: 36) }.joined()
        try write(password, to: path)
        return password
    }
}
