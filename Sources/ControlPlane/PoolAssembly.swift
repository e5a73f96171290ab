// The contingent pool, from the user's settings.
import Catalog
import ClusterModel
import ContingentPool
import LocalPostgres
import Logging
import Settings

struct PoolAssembly {
    let configuration: Configuration
    let localServers: ServerSettings
    let catalog: CatalogStore
    let home: Instance
    let logger: Logger

    func make() async throws -> ContingentPool {
        var limits = PoolConfiguration()
        limits.warmMin = configuration.pool.warm
        let home = home.endpoint
        return ContingentPool(
            configuration: limits, providers: [try await provider()], store: catalog,
            schema: {
                try await InstanceSchema.capture(from: home, installation: try await PostgresInstallation.find())
            },
            notify: { [logger] notice in logger.info("pool", metadata: ["pool.notice": "\(notice)"]) })
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
                    directory: configuration.dataDirectory + "/contingent", settings: localServers),
                instancesMax: local.instancesMax,
                terms: InstanceTerms(zone: local.zone, capacity: local.capacity, costPerHour: local.costPerHour))
        }
    }
}
