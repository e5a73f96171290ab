// At a start: where the homes are by the catalog, and the end of a takeover that an earlier process left half done. Nothing
// is routed yet, so nobody has to be fenced.
import Catalog
import ClusterModel
import Logging
import PostgresClient
import Settings
import Takeover

struct TakeoverStart {
    let directory: HomeDirectory
    let standbys: [InstanceID: TakeoverService.Standby]
    let replaced: [InstanceID: TakeoverRecord]

    /// - Throws: what keeps a takeover from being ended, in words for the user.
    init(
        _ configuration: Configuration, catalog: CatalogStore, clock: ClusterClock, logger: Logger,
        crashSwitch: @escaping @Sendable (TakeoverStep) -> Void
    ) async throws {
        let directory = HomeDirectory(configuration.instances.map(\.instance))
        let parts = TakeoverService.Parts(
            settings: configuration.takeover, catalog: catalog, directory: directory, clock: clock, logger: logger,
            crashSwitch: crashSwitch)
        for record in try catalog.takeovers() where record.state == .intended {
            try await Self.resume(record, directory, parts)
        }
        var standbys: [InstanceID: TakeoverService.Standby] = [:]
        var replaced: [InstanceID: TakeoverRecord] = [:]
        let completed = try catalog.takeovers().filter { $0.state == .completed }
        for settings in configuration.instances {
            let home = settings.instance
            if let last = completed.last(where: { $0.instance == home.id }),
                try await Self.holds(last, completed, home, logger)
            {
                directory.relocate(home.id, to: last.new, zone: last.zone)
                replaced[home.id] = last
            }
            guard let standby = settings.standby else { continue }
            let address = ServerAddress(host: standby.host, port: standby.port)
            guard let place = directory.home(home.id), ServerAddress(place.endpoint) != address else { continue }
            standbys[home.id] = TakeoverService.Standby(address: address, zone: standby.zone ?? home.zone)
        }
        self.directory = directory
        self.standbys = standbys
        self.replaced = replaced
    }

    private static func resume(
        _ record: TakeoverRecord, _ directory: HomeDirectory, _ parts: TakeoverService.Parts
    ) async throws {
        guard let home = directory.home(record.instance) else {
            throw ClusterError(
                "instance \(record.instance) is being taken over by \(record.new) and is not in the configuration any more"
            )
        }
        parts.logger.notice(
            "a takeover that an earlier process began is ended", metadata: ["instance.id": "\(record.instance)"])
        do {
            _ = try await Succession(record: record, home: home, parts: parts).perform(mayShut: false)
        } catch let called as CalledOff {
            try parts.catalog.conclude(called.record, sentence: called.sentence)
        } catch {
            throw ClusterError(
                "instance \(record.instance) is being taken over by its standby \(record.new), which cannot be ended: "
                    + "\(error)")
        }
    }

    /// Whether the takeover still says where the instance is: as long as the configuration names where it was before.
    private static func holds(
        _ last: TakeoverRecord, _ all: [TakeoverRecord], _ home: Instance, _ logger: Logger
    ) async throws -> Bool {
        let configured = ServerAddress(home.endpoint)
        if configured == last.new { return false }
        if all.contains(where: { $0.instance == home.id && $0.old == configured }) {
            logger.notice(
                "an instance is where its takeover left it, not where the configuration says: correct its host and port",
                metadata: ["instance.id": "\(home.id)", "takeover.old": "\(configured)", "takeover.new": "\(last.new)"])
            return true
        }
        // Neither: a third server, or the old one under another name, which must not become the owner again.
        switch await StandbyControl.look(at: home.endpoint, within: .seconds(5)) {
        case .open(_, let timeline, _) where timeline >= last.timeline ?? 0:
            logger.notice(
                "an instance is where the configuration says, and not where its takeover left it",
                metadata: ["instance.id": "\(home.id)", "takeover.new": "\(last.new)"])
            return false
        case .open(_, let timeline, _):
            throw ClusterError(
                """
                instance \(home.id): \(configured) is on timeline \(timeline) and the takeover by \(last.new) began \
                timeline \(last.timeline ?? 0): it is older than the instance. Name \(last.new) in the configuration.
                """)
        case .silent, .shut, .follows, .unclear:
            throw ClusterError(
                """
                instance \(home.id): the takeover left it at \(last.new), and \(configured), which the configuration \
                names, is no server that takes writes. Name \(last.new) in the configuration.
                """)
        }
    }
}
