// At a start: where the homes are by the catalog, and the end of a takeover that an earlier process left half done. Nothing
// is routed yet, so nobody has to be fenced.
import Catalog
import ClusterModel
import ContingentPool
import Logging
import PostgresClient
import Settings
import Takeover

struct TakeoverStart {
    /// Of instances whose standby is the pool's business.
    let poolStandbys: [InstanceID: PoolStandbySettings]
    let standbys: [InstanceID: TakeoverService.Standby]
    let replaced: [InstanceID: TakeoverRecord]

    /// The pool has been recovered: its servers that are needed run.
    ///
    /// - Throws: what keeps a takeover from being ended, in words for the user.
    init(_ configuration: Configuration, _ parts: TakeoverService.Parts) async throws {
        let (directory, catalog, logger) = (parts.directory, parts.catalog, parts.logger)
        for record in try catalog.takeovers() where record.state == .intended {
            try await Self.resume(record, directory, parts)
        }
        var standbys: [InstanceID: TakeoverService.Standby] = [:]
        var replaced: [InstanceID: TakeoverRecord] = [:]
        let completed = try catalog.takeovers().filter { $0.state == .completed }
        for settings in configuration.instances {
            let home = settings.instance
            if let stored = completed.last(where: { $0.instance == home.id }) {
                let last = await Self.present(stored, parts)
                guard try await Self.holds(last, stored, completed, home, logger) else {
                    try await Self.leave(last, home, parts)
                    continue
                }
                directory.relocate(home.id, to: last.new, zone: last.zone)
                replaced[home.id] = last
            }
        }
        for settings in configuration.instances {
            let home = settings.instance
            guard let standby = settings.standby else { continue }
            let address = ServerAddress(host: standby.host, port: standby.port)
            guard let place = directory.home(home.id), ServerAddress(place.endpoint) != address else { continue }
            standbys[home.id] = TakeoverService.Standby(address: address, zone: standby.zone ?? home.zone)
        }
        poolStandbys = Dictionary(
            uniqueKeysWithValues: configuration.instances.compactMap { settings in
                settings.poolStandby.map { (settings.instance.id, $0) }
            })
        try await Self.giveUpUnwanted(besides: poolStandbys, parts)
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
        let record = await present(record, parts)
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

    /// The record with the addresses that its servers have now: those of the pool may have others after a start.
    private static func present(_ stored: TakeoverRecord, _ parts: TakeoverService.Parts) async -> TakeoverRecord {
        var record = stored
        if record.state == .intended, let before = await parts.pool.server(of: record.instance)?.endpoint {
            record.old = ServerAddress(before)
        }
        guard let id = record.member, let member = await parts.pool.allMembers.first(where: { $0.id == id }),
            member.state == .standby(record.instance) || member.state == .promoted(record.instance),
            let endpoint = member.endpoint
        else { return record }
        record.new = ServerAddress(endpoint)
        return record
    }

    /// The instance is not where a takeover left it: if that was a server of the pool, it is the home's no more.
    private static func leave(_ last: TakeoverRecord, _ home: Instance, _ parts: TakeoverService.Parts) async throws {
        guard let server = await parts.pool.server(of: home.id) else { return }
        try await parts.pool.superseded(server.id, by: "\(ServerAddress(home.endpoint))")
    }

    /// What was made for a setting that is gone; and no home's commits wait for what an earlier process let stream.
    private static func giveUpUnwanted(
        besides wanted: [InstanceID: PoolStandbySettings], _ parts: TakeoverService.Parts
    ) async throws {
        let names = await parts.pool.instanceNames
        for member in await parts.pool.allMembers {
            guard case .standby(let home) = member.state else { continue }
            if let endpoint = parts.directory.home(home)?.endpoint {
                let waited = (try? await HomeConfirmation.end(at: endpoint, by: names)) ?? false
                if waited {
                    parts.logger.notice(
                        "commits do not wait for the standby until it streams again",
                        metadata: ["instance.id": "\(home)"])
                }
            }
            guard wanted[home] == nil else { continue }
            try await parts.pool.giveUpStandby(member.id, because: "the configuration wants none of \(home)")
        }
    }

    /// Whether the takeover still says where the instance is: as long as the configuration names where it was before.
    ///
    /// - Parameter stored: with the address that the new server had then.
    private static func holds(
        _ last: TakeoverRecord, _ stored: TakeoverRecord, _ all: [TakeoverRecord], _ home: Instance, _ logger: Logger
    ) async throws -> Bool {
        let configured = ServerAddress(home.endpoint)
        // A server of the pool is at home wherever the pool starts it.
        if configured == last.new || configured == stored.new { return last.member != nil }
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
