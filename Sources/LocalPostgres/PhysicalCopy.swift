// A physical standby's data directory: a base backup of another server, with configuration files of its own.
//
// Invariant: nothing of the primary's configuration decides where the copy listens, who gets in, or whom it follows. The
// backup carries the primary's files, which may name its port, its directories and its archive, so the copy is started
// with a file of ours, and what ALTER SYSTEM left is cleaned of such settings. ALTER SYSTEM itself works on the copy.
import ClusterModel
import Foundation

/// What a physical copy is made from.
package struct PhysicalCopy: Sendable {
    static let configurationFile = "foreshard-copy.conf"
    static let hostBasedAuthenticationFile = "foreshard-copy-hba.conf"
    static let passwordFile = "foreshard-copy.pgpass"

    package let primary: Endpoint
    /// What the copy calls itself at its primary.
    package let name: String
    /// Settings that it shares with its primary.
    package let settings: [String: String]

    package init(of primary: Endpoint, as name: String, settings: [String: String]) {
        self.primary = primary
        self.name = name
        self.settings = settings
    }

    /// Without a password, which is in a file or in the environment.
    private func connection(as name: String) -> [(String, String)] {
        [
            ("host", primary.host), ("port", "\(primary.port)"), ("user", primary.user), ("application_name", name),
            ("connect_timeout", "10"),
        ]
    }

    /// The backup calls itself otherwise: no commit may take half a copy for a standby that has it.
    var backupConnection: String { Self.connectionString(connection(as: "\(name) base backup")) }

    /// The main configuration file. What is shared comes after our own settings, which it overrules.
    func configuration(in directory: String) -> String {
        let follows =
            connection(as: name) + (primary.password == nil ? [] : [("passfile", "\(directory)/\(Self.passwordFile)")])
        let own = [
            "hba_file": "\(directory)/\(Self.hostBasedAuthenticationFile)", "hot_standby": "on",
            // An idle primary is asked for a sign of life after half of this, which a takeover waits for.
            "wal_receiver_timeout": "6s",
            "primary_conninfo": Self.connectionString(follows),
        ]
        let lines = settings.merging(own) { $1 }.sorted { $0.key < $1.key }.map {
            "\($0.key) = \(Self.quoted($0.value))\n"
        }
        return "include_if_exists = '\(LocalServer.configurationFile)'\n" + lines.joined()
    }

    /// Whoever gets into the primary without a password from this machine gets into its copy on this machine. `md5` takes
    /// passwords of both kinds: scram-sha-256 is used for those that are stored so.
    var hostBasedAuthentication: String {
        let method = primary.password == nil ? "trust" : "md5"
        return
            "host all all \(ServerSettings.host)/32 \(method)\nhost replication all \(ServerSettings.host)/32 \(method)\n"
    }

    /// A line of a password file (PostgreSQL documentation, "The Password File"); nil when there is no password.
    var passwordLine: String? {
        primary.password.map { password in
            let fields = [primary.host, "\(primary.port)", "*", primary.user, password].map { field in
                field == "*" ? field : field.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
            }
            return fields.joined(separator: ":") + "\n"
        }
    }

    /// A value in a configuration file: quotes are doubled, and a backslash begins an escape.
    private static func quoted(_ value: String) -> String {
        "'\(value.replacing("\\", with: "\\\\").replacing("'", with: "''"))'"
    }

    private static func connectionString(_ words: [(String, String)]) -> String {
        words.map { "\($0)='\($1.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'" }.joined(separator: " ")
    }

    /// Of a primary's `postgresql.auto.conf`, what a copy may have too.
    static func cleaned(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let name = line.prefix { $0 != "=" && !$0.isWhitespace }.lowercased()
            return !isTheServersOwn(name)
        }
        return lines.joined(separator: "\n")
    }

    private static let servers: Set<String> = [
        "port", "listen_addresses", "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file",
        "cluster_name", "logging_collector", "restore_command", "archive_cleanup_command", "promote_trigger_file",
        "primary_conninfo", "primary_slot_name", "synchronous_standby_names", "hot_standby", "wal_receiver_timeout",
        "synchronized_standby_slots",
    ]
    private static let prefixes = ["unix_socket_", "archive_", "recovery_", "log_", "ssl", "krb_"]

    private static func isTheServersOwn(_ name: String) -> Bool {
        servers.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }
}

extension LocalCluster {
    /// A large home takes as long as its bytes take to come.
    private static let baseBackupMax = Duration.seconds(12 * 3600)

    /// Copies a running server into `target`, which must not exist.
    func copy(_ copy: PhysicalCopy, to target: String) async throws {
        let unfinished = target + Self.making
        try removeIfThere(unfinished)
        var backup = [
            installation.program("pg_basebackup"), "-D", unfinished, "-X", "stream", "-c", "fast", "-w", "-d",
            copy.backupConnection,
        ]
        if !settings.isDurable { backup.append("--no-sync") }
        let environment = copy.primary.password.map { ["PGPASSWORD": $0] } ?? [:]
        try await Command(account.commandEndingWithParent(backup), environment: environment)
            .run(within: Self.baseBackupMax)
        try configure(unfinished, as: copy, whichWillBe: target)
        try finish(unfinished, as: target)
    }

    private func configure(_ directory: String, as copy: PhysicalCopy, whichWillBe target: String) throws {
        let changed = "\(directory)/postgresql.auto.conf"
        if let text = try? String(contentsOfFile: changed, encoding: .utf8) {
            try account.write(PhysicalCopy.cleaned(text), to: changed)
        }
        // A primary that is a server of ours has left its port there.
        try removeIfThere("\(directory)/\(LocalServer.configurationFile)")
        try removeIfThere("\(directory)/\(PhysicalCopy.passwordFile)")
        if let line = copy.passwordLine {
            try account.write(line, to: "\(directory)/\(PhysicalCopy.passwordFile)")
        }
        try account.write(
            copy.hostBasedAuthentication, to: "\(directory)/\(PhysicalCopy.hostBasedAuthenticationFile)")
        try account.write(copy.configuration(in: target), to: "\(directory)/\(PhysicalCopy.configurationFile)")
        try account.write("", to: "\(directory)/standby.signal")
    }
}
