// Where instances come from. Conformers: `LocalProvider` (this machine), `StaticProvider` (somebody else's servers),
// `CommandProvider` (whatever the user's command makes).
import ClusterModel
import PostgresClient

/// What is known of an instance before it exists.
package struct InstanceTerms: Hashable, Sendable {
    package let zone: Zone
    package let capacity: Load
    package let costPerHour: Double

    package init(zone: Zone, capacity: Load, costPerHour: Double) {
        self.zone = zone
        self.capacity = capacity
        self.costPerHour = costPerHour
    }
}

/// A physical standby that is to be made.
package struct StandbyOrder: Hashable, Sendable {
    /// The home's server, with its superuser.
    package let primary: Endpoint
    /// What the standby calls itself there.
    package let name: String

    package init(primary: Endpoint, name: String) {
        self.primary = primary
        self.name = name
    }
}

/// Makes, starts, empties and removes instances. Every call may be repeated after a failure or a crash, whatever the
/// earlier one left; the pool never makes two calls for the same instance at once, but `check` at any time.
package protocol Provider: Sendable {
    var name: String { get }
    /// All that the provider could provide, made or not, in the order of preference.
    var instances: [InstanceID] { get }
    /// Nil when the instance is not one of this provider's.
    func terms(of instance: InstanceID) -> InstanceTerms?

    /// Makes the instance exist, holding nothing.
    func provision(_ instance: InstanceID) async throws
    /// Returns when it accepts connections, at the address it returns; what it holds stays.
    func start(_ instance: InstanceID) async throws -> Endpoint
    /// What it holds stays. Nothing happens where the provider does not run the server itself.
    func stop(_ instance: InstanceID) async throws
    /// Makes the instance as `provision` left it. Throws unless that is certain.
    func wipe(_ instance: InstanceID) async throws
    /// Gives the instance up for good, or undoes a half-done provisioning.
    func remove(_ instance: InstanceID) async throws
    /// Throws, with the reason, unless the instance at `endpoint` answers.
    func check(_ instance: InstanceID, at endpoint: Endpoint) async throws
    /// Why the instance must not be lent to others; nil when it may. A lessee gets a role of its own on the server, so the
    /// whole server has to be ours.
    func lendingObstacle(of instance: InstanceID) -> String?
    /// Makes the instance a physical copy of a home, whatever it held; it follows the home from its next start on.
    func seed(_ instance: InstanceID, as order: StandbyOrder) async throws
    /// Throws, with the reason, unless the standby at `endpoint` answers.
    func checkStandby(_ instance: InstanceID, at endpoint: Endpoint) async throws
}

extension Provider {
    /// An instance that the provider could provide besides those taken; nil when there is none.
    /// - Parameter zone: nil: any.
    package func candidate(besides taken: Set<InstanceID>, in zone: Zone? = nil) -> InstanceID? {
        instances.first { !taken.contains($0) && (zone == nil || terms(of: $0)?.zone == zone) }
    }

    package func lendingObstacle(of instance: InstanceID) -> String? { nil }

    package func seed(_ instance: InstanceID, as order: StandbyOrder) async throws {
        throw PoolError(.standbyRefused, "the provider '\(name)' makes no standbys: only `local` does.")
    }

    package func checkStandby(_ instance: InstanceID, at endpoint: Endpoint) async throws {
        try await withConnection(to: endpoint, deadline: .seconds(2)) { connection in
            _ = try await connection.query("SELECT 1", deadline: .seconds(2))
        }
    }
}
