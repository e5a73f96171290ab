import ClusterModel
import Foundation
import Glibc

// PostgreSQL servers of one directory: `template.<locale>` is made once by initdb, every server is a copy of it.
//
// Invariant: a directory without the suffix `.making` is whole. Both the template and a server's directory are made
// under that suffix and renamed, so a crash leaves only what `removeUnfinished` takes away.
// All copies share the template's system identifier; nothing may use it to tell servers apart.

/// A directory that holds PostgreSQL servers of this machine.
package struct LocalCluster: Sendable {
    static let making = ".making"
    /// No server is called so: servers' names have no dot.
    private var templateName: String { "template.\(settings.locale)" }

    package let directory: String
    package let settings: ServerSettings
    package let installation: PostgresInstallation
    let account: ServerAccount
    private let templateMaking = SharedAttempt()

    /// Finds PostgreSQL and an account, and makes `directory` if it is not there.
    package init(directory: String, settings: ServerSettings = ServerSettings()) async throws {
        installation = try await PostgresInstallation.find()
        account = try ServerAccount.choose()
        self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        self.settings = settings
        try await account.prepare(self.directory)
        try removeUnfinished()
    }

    /// The server of that name, which may not exist yet.
    package func server(_ name: String) throws -> LocalServer {
        guard Self.isServerName(name) else {
            throw LocalPostgresError(
                .badDirectory,
                "'\(name)' cannot name a local server: use letters, digits, '-' and '_'."
            )
        }
        return LocalServer(name: name, cluster: self)
    }

    /// The names of the servers whose directories are there, running or not.
    package func existingServers() throws -> [String] {
        try entries().filter(Self.isServerName).sorted()
    }

    private static func isServerName(_ name: String) -> Bool { name.wholeMatch(of: /[A-Za-z0-9_\-]+/) != nil }

    /// Makes the template unless it is there; once, however many servers need it at the same time.
    package func prepareTemplate() async throws { try await templateMaking.run { try await makeTemplate() } }

    private func makeTemplate() async throws {
        let template = path(templateName)
        guard !FileManager.default.fileExists(atPath: template) else { return }
        let unfinished = template + Self.making
        try removeIfThere(unfinished)
        try await initialize(unfinished)
        try await createDatabase(in: unfinished)
        try account.write(settings.hostBasedAuthentication, to: "\(unfinished)/pg_hba.conf")
        try append("\ninclude_if_exists = '\(LocalServer.configurationFile)'\n", to: "\(unfinished)/postgresql.conf")
        try finish(unfinished, as: template)
    }

    private func initialize(_ target: String) async throws {
        var arguments = [
            installation.program("initdb"), "-D", target, "-U", ServerSettings.superuser, "-A",
            settings.authentication.method, "-E", "UTF8", "--locale=\(settings.locale)",
        ]
        if !settings.isDurable { arguments.append("--no-sync") }
        guard let password = settings.authentication.password else {
            try await run(arguments)
            return
        }
        let passwordFile = path("password") + Self.making
        try account.write(password + "\n", to: passwordFile)
        defer { unlink(passwordFile) }
        try await run(arguments + ["--pwfile", passwordFile])
    }

    /// Without a server: a back-end of its own reads the statement from its standard input.
    private func createDatabase(in unfinished: String) async throws {
        guard settings.database != "postgres" else { return }
        let statement = path("statement") + Self.making
        try account.write("CREATE DATABASE \"\(settings.database.replacing("\"", with: "\"\""))\"\n", to: statement)
        defer { unlink(statement) }
        let backend = [installation.program("postgres"), "--single", "-D", unfinished, "postgres"]
        try await run(["/bin/sh", "-c", "statement=$1; shift; exec \"$@\" <\"$statement\"", "sh", statement] + backend)
    }

    /// Copies the template into `target`, which must not exist.
    func copyTemplate(to target: String) async throws {
        try await prepareTemplate()
        let unfinished = target + Self.making
        try removeIfThere(unfinished)
        try await run(["/bin/cp", "-a", "--reflink=auto", path(templateName), unfinished])
        if settings.isDurable { try await run([installation.program("initdb"), "--sync-only", "-D", unfinished]) }
        try finish(unfinished, as: target)
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Under the servers' account; ended when we are.
    private func run(_ arguments: [String]) async throws {
        try await Command(account.commandEndingWithParent(arguments)).run()
    }

    func finish(_ unfinished: String, as target: String) throws {
        guard rename(unfinished, target) == 0 else {
            throw LocalPostgresError(.badDirectory, "could not rename \(unfinished): \(errnoText())")
        }
    }

    /// What an attempt that failed left.
    func removeIfThere(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    private func append(_ text: String, to file: String) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
    }

    private func removeUnfinished() throws {
        for entry in try entries() where entry.hasSuffix(Self.making) {
            try FileManager.default.removeItem(atPath: path(entry))
        }
    }

    private func entries() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory) }
}
