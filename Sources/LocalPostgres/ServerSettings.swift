/// How clients prove who they are.
package enum Authentication: Sendable, Hashable {
    /// Anybody who reaches the loopback address of this machine is let in.
    case trust
    case scram(password: String)

    var method: String {
        switch self {
        case .trust: "trust"
        case .scram: "scram-sha-256"
        }
    }

    package var password: String? {
        switch self {
        case .trust: nil
        case .scram(let password): password
        }
    }
}

/// What all servers of one `LocalCluster` have in common.
package struct ServerSettings: Sendable, Hashable {
    /// The superuser of every server.
    package static let superuser = "foreshard"
    /// Servers listen on this address only.
    package static let host = "127.0.0.1"

    package var authentication = Authentication.trust
    /// The database that clients connect to; made with the template.
    package var database = "postgres"
    /// What text is ordered by in every database: a locale of the machine (`locale -a`), in UTF-8.
    package var locale = "C.UTF-8"
    /// False loses data when the machine (not merely the server) fails: for tests and demonstrations.
    package var isDurable = true
    package var connectionsMax = 100
    package var sharedBuffersMegabytes = 128
    /// Further lines of postgresql.conf; they win over those below.
    package var additional: [String: String] = [:]

    package init() {}

    /// The contents of a server's own configuration file.
    func configuration(port: Int) -> String {
        base(port: port).merging(additional) { $1 }.sorted { $0.key < $1.key }
            .map { "\($0.key) = '\($0.value.replacing("'", with: "''"))'\n" }.joined()
    }

    private func base(port: Int) -> [String: String] {
        var settings = [
            "listen_addresses": Self.host, "port": "\(port)", "unix_socket_directories": "",
            "max_connections": "\(connectionsMax)", "shared_buffers": "\(sharedBuffersMegabytes)MB",
            "max_prepared_transactions": "\(connectionsMax)",
            // Moves: one slot, one sender and one apply worker for each of a segment's two streams.
            "wal_level": "logical", "max_replication_slots": "32", "max_wal_senders": "32",
            "max_logical_replication_workers": "24", "max_worker_processes": "40",
            "wal_retrieve_retry_interval": "100ms",
            "max_slot_wal_keep_size": "4GB",
            "cluster_name": "foreshard",
        ]
        if !isDurable {
            settings.merge(["fsync": "off", "full_page_writes": "off"]) { $1 }
        }
        return settings
    }

    /// Only what is written once, by initdb: the rest may change from one start to the next.
    var hostBasedAuthentication: String {
        let method = authentication.method
        return "host all all \(Self.host)/32 \(method)\nhost replication all \(Self.host)/32 \(method)\n"
    }
}
