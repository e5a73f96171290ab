// Ends branches of two-phase commits that nobody works on any more: an instance was lost between the two phases, or the
// router was. Runs before the router listens, and then for as long as it does.
import Catalog
import ClusterModel
import Logging
import PostgresClient
import Proxy

actor InDoubtResolver {
    static let every = Duration.seconds(5)
    private static let deadline = Duration.seconds(5)

    private let catalog: CatalogStore
    private let cluster: String
    private let logger: Logger
    private let instances: @Sendable () async -> [Instance]
    private let isInUse: @Sendable (InstanceID) async -> Bool
    private var proxy: Proxy?
    private var unreachable: Set<InstanceID> = []

    /// - Parameters:
    ///   - instances: all that may have branches, with the endpoints of the control plane.
    ///   - isInUse: false for one that was wiped, or is no longer configured: no branch is there.
    init(
        _ catalog: CatalogStore, cluster: String, logger: Logger, instances: @escaping @Sendable () async -> [Instance],
        isInUse: @escaping @Sendable (InstanceID) async -> Bool
    ) {
        self.catalog = catalog
        self.cluster = cluster
        self.logger = logger
        self.instances = instances
        self.isInUse = isInUse
    }

    /// Runs until cancelled.
    func run(_ proxy: Proxy) async {
        self.proxy = proxy
        while (try? await Task.sleep(for: Self.every)) != nil { await resolve() }
    }

    /// One round. What cannot be done now is left to the next one.
    func resolve() async {
        do {
            let before = try await knowledge()
            var found = await branches()
            for id in Set(before.decisions.flatMap(\.instances)) where found[id] == nil {
                if await !isInUse(id) { found[id] = [] }
            }
            let work = Reconciliation(before: before, found: found, after: try await knowledge())
            let reachable = Dictionary(await instances().map { ($0.id, $0) }, uniquingKeysWith: { $1 })
            for ending in work.endings {
                if let instance = reachable[ending.instance] { await end(ending, at: instance) }
            }
            if !work.forgotten.isEmpty { try catalog.forget(work.forgotten) }
        } catch {
            logger.error("cannot reconcile transactions over several instances", metadata: ["error": "\(error)"])
        }
    }

    private func knowledge() async throws -> Reconciliation.Knowledge {
        let underWay = await proxy?.commitsUnderWay() ?? []
        return Reconciliation.Knowledge(underWay: underWay, decisions: try catalog.decisions())
    }

    private func branches() async -> [InstanceID: [BranchName]] {
        var found: [InstanceID: [BranchName]] = [:]
        for instance in await instances() {
            do {
                let rows = try await query(
                    "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()", at: instance
                ).rows
                found[instance.id] = rows.compactMap { $0[0].flatMap { BranchName($0, cluster: cluster) } }
                unreachable.remove(instance.id)
            } catch {
                guard unreachable.insert(instance.id).inserted else { continue }
                logger.warning(
                    "cannot ask an instance for prepared transactions",
                    metadata: ["instance.id": "\(instance.id)", "error": "\(error)"])
            }
        }
        return found
    }

    private func end(_ ending: Reconciliation.Ending, at instance: Instance) async {
        let what: Logger.Metadata = ["instance.id": "\(instance.id)", "sql": "\(ending.sql)"]
        do {
            _ = try await query(ending.sql, at: instance)
            logger.notice("ended a branch of a transaction over several instances", metadata: what)
        } catch let error as PostgresError where error.sqlState == Self.undefinedObject {
            // It was ended in the meantime.
        } catch {
            logger.error(
                "cannot end a branch of a transaction over several instances",
                metadata: what.merging(["error": "\(error)"]) { $1 })
        }
    }

    private static let undefinedObject = "42704"

    private func query(_ sql: String, at instance: Instance) async throws -> QueryResult {
        let connection = try await PostgresConnection.connect(to: instance.endpoint, deadline: Self.deadline)
        do {
            let result = try await connection.query(sql, deadline: Self.deadline)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}
