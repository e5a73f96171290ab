// The router, from the user's settings. It reaches the instances as the application's role, never as the superuser that
// moves need.
import ClusterModel
import Foundation
import Logging
import Proxy
import Routing
import SQLAnalysis
import Settings
import WireProtocol

struct ProxyAssembly {
    let configuration: Configuration
    let logger: Logger

    func start(
        table: QueryRoutingTable, unsharded: UnshardedTables?, contingents: [Instance], encryption: ClientEncryption,
        commits: CommitLedger
    ) async throws -> Proxy {
        var proxy = ProxyConfiguration(host: configuration.listen.host, port: configuration.listen.port)
        proxy.limits.clientsMax = configuration.router.clientsMax
        proxy.limits.queueLengthMax = configuration.router.queueMax
        proxy.limits.gateQueueLengthMax = configuration.router.queueMax
        proxy.limits.analysisCacheBytesMax = configuration.router.statementCacheBytesMax
        proxy.encryption = encryption
        proxy.deadlines.queue = configuration.router.queueTimeout
        proxy.deadlines.gate = configuration.router.queueTimeout
        proxy.deadlines.distributedLock = configuration.router.distributedLockTimeout
        do {
            return try await Proxy.start(
                configuration: proxy, routingTable: table, unsharded: unsharded,
                instances: (configuration.instances.map(\.instance) + contingents).map(routed),
                users: try users(),
                commitLog: configuration.router.distributedTransactions == .twoPhase ? commits : nil,
                logger: logger)
        } catch let error as ClusterError {
            throw error
        } catch {
            throw ClusterError(
                "cannot listen on \(configuration.listen.host):\(configuration.listen.port): \(error). Is the port in use?"
            )
        }
    }

    /// The instance as the data plane sees it.
    func routed(_ instance: Instance) -> RoutedInstance {
        let endpoint = instance.endpoint
        return RoutedInstance(
            instance: Instance(
                id: instance.id, role: instance.role, zone: instance.zone,
                endpoint: Endpoint(
                    host: endpoint.host, port: endpoint.port, database: endpoint.database,
                    user: configuration.application.user, password: configuration.application.password,
                    tls: endpoint.tls),
                capacity: instance.capacity, costPerHour: instance.costPerHour),
            connectionsMax: connectionsMax(of: instance.id))
    }

    private func connectionsMax(of id: InstanceID) -> Int {
        if let own = (configuration.instances + configuration.pool.fixedInstances).first(where: { $0.instance.id == id }
        ) {
            return own.connectionsMax
        }
        switch configuration.pool.provider {
        case .local(let local): return local.connectionsMax
        case .command(let command): return command.connectionsMax
        case .fixed: return 20
        }
    }

    private func users() throws -> [ProxyUser] {
        try configuration.users.map { user in
            switch (configuration.clientAuthentication, user.secret) {
            case (.trust, _): return ProxyUser(name: user.name, credential: .trust)
            case (.scram, .password(let password)?):
                var generator = SystemRandomNumberGenerator()
                let salt = (0..<SCRAMVerifier.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &generator)
                }
                return ProxyUser(name: user.name, credential: .verifier(SCRAMVerifier(password: password, salt: salt)))
            case (.scram, .verifier(let text)?):
                guard let verifier = SCRAMVerifier(pgAuthID: text) else {
                    throw ClusterError("the verifier of user \(user.name) is not one: copy rolpassword from pg_authid")
                }
                return ProxyUser(name: user.name, credential: .verifier(verifier))
            case (.scram, nil): throw ClusterError("user \(user.name) has neither password nor verifier")
            }
        }
    }
}
