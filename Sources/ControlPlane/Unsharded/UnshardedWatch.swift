// Keeps the router's knowledge of the tables of no group up to date: views and partitions come and go without it.
// Invariant: statements on tables of no group are served only once it was read which relations are none.
import ClusterModel
import Logging
import Proxy
import SQLAnalysis

actor UnshardedWatch {
    /// A view over a sharded table, made past the router, is known after this time at the latest.
    static let every = Duration.seconds(10)

    private let home: InstanceID
    private let groups: [ShardGroup]
    private let directory: HomeDirectory
    private let logger: Logger
    private(set) var tables: UnshardedTables
    private var hasFailed = false

    /// - Throws: when the home does not answer.
    init(_ home: InstanceID, groups: [ShardGroup], directory: HomeDirectory, logger: Logger) async throws {
        self.home = home
        self.groups = groups
        self.directory = directory
        self.logger = logger
        tables = UnshardedTables(at: home)
        tables = UnshardedTables(at: home, entangled: try await read())
    }

    /// Runs until cancelled.
    func run(_ proxy: Proxy) async {
        while (try? await Task.sleep(for: Self.every)) != nil { await refresh(proxy) }
    }

    private func refresh(_ proxy: Proxy) async {
        do {
            let next = UnshardedTables(at: home, entangled: try await read())
            hasFailed = false
            guard next != tables else { return }
            tables = next
            await proxy.setUnsharded(next)
        } catch {
            // What was read last still holds; the home itself is watched elsewhere.
            if !hasFailed {
                logger.warning(
                    "cannot read which relations belong to sharded tables",
                    metadata: ["instance.id": "\(home)", "error": "\(error)"])
            }
            hasFailed = true
        }
    }

    private func read() async throws -> [TableName: String] {
        guard let endpoint = directory.home(home)?.endpoint else { return tables.entangled }
        return try await EntangledRelations.read(at: endpoint, groups: groups)
    }
}
