import ClusterModel
import ContingentPool
import LocalPostgres

/// The operations in the order in which the pool asks for them.
struct MemberLives {
    let provider: LocalProvider
    let home: Endpoint
    let installation: PostgresInstallation

    /// From absent to absent.
    func live(_ id: InstanceID, _ laps: inout Laps) async throws {
        _ = try await laps.time("provision: absent -> idleCold (L1)") { try await provider.provision(id) }
        let (schema, capturing) = try await laps.time("  read the home's roles and schema") { try await captured() }
        let (endpoint, starting) = try await laps.time("  start") { try await provider.start(id) }
        let (_, applying) = try await laps.time("  apply roles and schema") { try await schema.apply(to: endpoint) }
        laps.add("warm: idleCold (L1) -> warm (L2)", starting + applying)
        laps.add("... with reading the home's schema", capturing + starting + applying)
        _ = try await laps.time("wipe: back to idleCold") { try await provider.wipe(id) }
        _ = try await laps.time("remove: back to absent") { try await provider.remove(id) }
    }

    /// All members at once, as upkeep does.
    func sideBySide(_ laps: inout Laps) async throws {
        _ = try await laps.time("all at once: absent -> idleCold") {
            try await each { try await provider.provision($0) }
        }
        _ = try await laps.time("all at once: idleCold -> warm, reading too") {
            let schema = try await captured()
            try await each { try await schema.apply(to: try await provider.start($0)) }
        }
        _ = try await laps.time("all at once: back to idleCold") { try await each { try await provider.wipe($0) } }
        try await each { try await provider.remove($0) }
    }

    private func captured() async throws -> InstanceSchema {
        try await InstanceSchema.capture(from: home, installation: installation)
    }

    private func each(_ body: @escaping @Sendable (InstanceID) async throws -> Void) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for id in provider.instances { group.addTask { try await body(id) } }
        }
    }
}
