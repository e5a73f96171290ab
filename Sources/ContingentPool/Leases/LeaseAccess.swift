// How a lessee is let into an instance and locked out again: a role and a database of its own, named after the epoch.
//
// Invariant: when `cutOff` returned, no session of that role is there and none can be begun. A later lease has another
// role, so what an earlier holder kept opens nothing.
import ClusterModel
import PostgresClient
import WireProtocol

/// The way of one lessee into one instance.
struct LeaseAccess {
    private static let lookDeadline = Duration.seconds(10)
    /// Copying the template database.
    private static let changeDeadline = Duration.seconds(60)
    /// How often sessions are ended before the lessee counts as not to be got rid of this way.
    private static let attemptsMax = 6
    /// What one attempt waits for sessions to end.
    private static let attemptMilliseconds = 2000
    /// What `ALTER ROLE` answers for a role that is not there.
    private static let undefinedObject = "42704"

    /// The instance, as the pool reaches it.
    let endpoint: Endpoint
    let role: String
    let connectionsMax: Int

    init(to endpoint: Endpoint, lease: Lease, on member: InstanceID, connectionsMax: Int) {
        self.endpoint = endpoint
        role = lease.roleName(on: member)
        self.connectionsMax = connectionsMax
    }

    /// Makes role and database.
    ///
    /// - Returns: where the lessee logs in, with its password, which is kept nowhere.
    /// - Throws: `PoolError.lendingRefused` where the pool may not make roles or databases; else what went wrong. Some of
    ///   it may have been made.
    func admit() async throws -> Endpoint {
        let password = Self.randomPassword()
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<SCRAMVerifier.saltLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let verifier = SCRAMVerifier(password: password, salt: salt).pgAuthID
        try await withConnection(to: endpoint) { connection in
            try await checkMayLend(connection)
            try await closeOtherDatabases(connection)
            try await connection.query(
                "CREATE ROLE \(name) LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION "
                    + "CONNECTION LIMIT \(connectionsMax) PASSWORD \(quoteLiteral(verifier))",
                deadline: Self.lookDeadline)
            // Whoever is no superuser has to be a member of the role that shall own something.
            try await connection.query("GRANT \(name) TO CURRENT_USER", deadline: Self.lookDeadline)
            try await connection.query("CREATE DATABASE \(name) OWNER \(name)", deadline: Self.changeDeadline)
            try await connection.query("REVOKE ALL ON DATABASE \(name) FROM PUBLIC", deadline: Self.lookDeadline)
        }
        try await checkAsksForPasswords()
        return login(password)
    }

    private func login(_ password: String) -> Endpoint {
        Endpoint(host: endpoint.host, port: endpoint.port, database: role, user: role, password: password)
    }

    /// A server that trusts whoever reaches it would let a lessee in as anybody, for ever.
    private func checkAsksForPasswords() async throws {
        do {
            try await withConnection(to: login("not the password")) { _ in }
        } catch is ConnectionError { return }
        throw PoolError(
            .lendingRefused,
            "\(endpoint) cannot be lent: it asks for no password. Make its pg_hba.conf ask for scram-sha-256.")
    }

    /// Locks the role and ends its sessions; again and again does no harm.
    ///
    /// - Throws: unless that is certain.
    func cutOff() async throws {
        try await withConnection(to: endpoint) { connection in
            do {
                try await connection.query("ALTER ROLE \(name) NOLOGIN PASSWORD NULL", deadline: Self.lookDeadline)
            } catch let error as PostgresError where error.sqlState == Self.undefinedObject {
                return
            }
            // One that was let in just before may show up late, so nobody has to be found twice.
            var looksWithout = 0
            for _ in 0..<Self.attemptsMax {
                let ended = try await connection.execute(
                    "SELECT pg_terminate_backend(pid, \(Self.attemptMilliseconds)) FROM pg_stat_activity WHERE usename = $1",
                    [role], deadline: Self.changeDeadline)
                looksWithout = ended.rows.isEmpty ? looksWithout + 1 : 0
                if looksWithout == 2 { return }
            }
            throw PoolError(.occupied, "sessions of \(role) at \(endpoint) do not end.")
        }
    }

    /// Opens the instance's own database again to everybody who may log in: nobody wipes this instance.
    func reopen() async throws {
        try await withConnection(to: endpoint) { connection in
            _ = try await connection.query(
                "GRANT CONNECT, TEMPORARY ON DATABASE \(quoteIdentifier(endpoint.database)) TO PUBLIC",
                deadline: Self.lookDeadline)
        }
    }

    private var name: String { quoteIdentifier(role) }

    private func checkMayLend(_ connection: PostgresConnection) async throws {
        let may = try await connection.query(
            "SELECT rolsuper OR (rolcreaterole AND rolcreatedb AND pg_has_role('pg_signal_backend', 'MEMBER')) "
                + "FROM pg_roles WHERE rolname = current_user",
            deadline: Self.lookDeadline
        ).scalar()
        guard may == "t" else {
            throw PoolError(
                .lendingRefused,
                "\(endpoint) cannot be lent: \(endpoint.user) may not make roles and databases and end sessions there. "
                    + "Make it a superuser, or give it CREATEROLE, CREATEDB and pg_signal_backend.")
        }
    }

    /// PostgreSQL lets every role into every database unless told otherwise. The lessee has its own.
    private func closeOtherDatabases(_ connection: PostgresConnection) async throws {
        let databases = try await connection.query(
            "SELECT datname FROM pg_database WHERE datallowconn AND has_database_privilege('public', oid, 'CONNECT')",
            deadline: Self.lookDeadline)
        for database in databases.rows.compactMap({ $0[0] }) {
            try await connection.query(
                "REVOKE CONNECT, TEMPORARY ON DATABASE \(quoteIdentifier(database)) FROM PUBLIC",
                deadline: Self.lookDeadline)
        }
    }

    /// Of letters and digits, so that it needs no escape in a connection string; about 190 bits.
    private static func randomPassword() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<3).map { _ in String(generator.next(), radix: 36) }.joined()
    }
}
