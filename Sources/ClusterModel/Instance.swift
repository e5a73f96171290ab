/// What an instance is to the cluster.
package enum InstanceRole: String, Sendable, Codable {
    /// Always there; owns segments in ordinary times.
    case home
    /// From the contingent pool; owns segments only for a peak.
    case contingent
}

/// Where a PostgreSQL server listens and as whom Foreshard connects to it.
package struct Endpoint: Hashable, Sendable, Codable {
    package let host: String
    package let port: Int
    package let database: String
    package let user: String
    /// Nil under `trust`. Never printed: `description` leaves it out.
    package let password: String?
    /// Nil: as `TransportEncryption.unspecified` says.
    package let tls: TransportEncryption?

    package init(
        host: String, port: Int, database: String, user: String, password: String?, tls: TransportEncryption? = nil
    ) {
        self.host = host
        self.port = port
        self.database = database
        self.user = user
        self.password = password
        self.tls = tls
    }
}

extension Endpoint: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "\(user)@\(host):\(port)/\(database)" }
    package var debugDescription: String { description }
}

/// One PostgreSQL server.
package struct Instance: Hashable, Sendable, Codable {
    package let id: InstanceID
    package let role: InstanceRole
    package let zone: Zone
    package let endpoint: Endpoint
    /// The load the instance carries at its latency objective.
    package let capacity: Load
    /// What an hour of it costs, in the user's currency.
    package let costPerHour: Double

    package init(
        id: InstanceID,
        role: InstanceRole,
        zone: Zone,
        endpoint: Endpoint,
        capacity: Load,
        costPerHour: Double
    ) {
        self.id = id
        self.role = role
        self.zone = zone
        self.endpoint = endpoint
        self.capacity = capacity
        self.costPerHour = costPerHour
    }
}
