// Instances as PostgreSQL servers of this machine. Wiping is exact and cheap: the directory goes, a new copy comes.
import ClusterModel
import LocalPostgres
import Synchronization

/// Provides servers of a `LocalCluster`.
package final class LocalProvider: Provider {
    package let name = "local"
    private let cluster: LocalCluster
    private let prefix: String
    private let instancesMax: Int
    private let terms: InstanceTerms
    private let zones: [Zone]
    // One actor for each server, so that a server's child process is known to whoever comes next.
    private let servers = Mutex<[InstanceID: LocalServer]>([:])

    /// - Parameters:
    ///   - prefix: instances are named `<prefix>1` ... `<prefix><instancesMax>`.
    ///   - zones: what the instances are said to be in, round robin; empty: the zone of `terms`.
    package init(
        cluster: LocalCluster, prefix: String = "contingent-", instancesMax: Int, terms: InstanceTerms,
        zones: [Zone] = []
    ) {
        self.cluster = cluster
        self.prefix = prefix
        self.instancesMax = instancesMax
        self.terms = terms
        self.zones = zones.isEmpty ? [terms.zone] : zones
    }

    package var instances: [InstanceID] { (1...max(1, instancesMax)).map { InstanceID("\(prefix)\($0)") } }

    package func terms(of instance: InstanceID) -> InstanceTerms? {
        instances.firstIndex(of: instance).map { index in
            InstanceTerms(
                zone: zones[index % zones.count], capacity: terms.capacity, costPerHour: terms.costPerHour)
        }
    }

    package func provision(_ instance: InstanceID) async throws {
        let server = try server(instance)
        // Whatever is there is of an unknown past.
        try await server.wipe()
        try await server.provision()
    }

    package func start(_ instance: InstanceID) async throws -> Endpoint { try await server(instance).start() }

    package func stop(_ instance: InstanceID) async throws { try await server(instance).stop() }

    package func wipe(_ instance: InstanceID) async throws { try await provision(instance) }

    package func remove(_ instance: InstanceID) async throws { try await server(instance).wipe() }

    package func check(_ instance: InstanceID, at endpoint: Endpoint) async throws { try await checkAnswers(endpoint) }

    package func seed(_ instance: InstanceID, as order: StandbyOrder) async throws {
        let settings = try await StandbyFitness.look(
            at: order.primary, ourMajorVersion: cluster.installation.majorVersion)
        try await server(instance).become(PhysicalCopy(of: order.primary, as: order.name, settings: settings))
    }

    private func server(_ instance: InstanceID) throws -> LocalServer {
        try servers.withLock { servers in
            if let known = servers[instance] { return known }
            let server = try cluster.server(instance.text)
            servers[instance] = server
            return server
        }
    }
}

/// Throws unless the server at `endpoint` answers a query, and can write.
func checkAnswers(_ endpoint: Endpoint) async throws {
    let inRecovery = try await withConnection(to: endpoint, deadline: .seconds(2)) { connection in
        try await connection.query("SELECT pg_is_in_recovery()", deadline: .seconds(2)).scalar()
    }
    guard inRecovery == "f" else { throw PoolError(.notEmpty, "\(endpoint) is a standby and takes no writes") }
}
