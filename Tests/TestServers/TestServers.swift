// Real PostgreSQL servers for tests: lent to a body, stopped and removed with their files whatever becomes of it.
import ClusterModel
import Foundation
import LocalPostgres

extension ServerSettings {
    /// Nothing survives a crash of the machine; small, so that many run at once.
    package static var forTests: ServerSettings {
        var settings = ServerSettings()
        settings.isDurable = false
        settings.sharedBuffersMegabytes = 16
        return settings
    }
}

/// Lends a cluster directory without servers.
package func withTemporaryCluster(
    _ settings: ServerSettings = .forTests, _ body: (LocalCluster) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/foreshard-tests-\(UUID().uuidString)"
    let cluster = try await LocalCluster(directory: directory, settings: settings)
    var failure: (any Error)?
    do { try await body(cluster) } catch { failure = error }
    for name in try cluster.existingServers() { try await cluster.server(name).stop() }
    try FileManager.default.removeItem(atPath: directory)
    if let failure { throw failure }
}

/// Lends one running server.
package func withServer(
    _ settings: ServerSettings = .forTests, _ body: (Endpoint) async throws -> Void
) async throws {
    try await withTemporaryCluster(settings) { cluster in
        let server = try cluster.server("server")
        try await server.provision()
        try await body(try await server.start())
    }
}
