import Foundation
import Glibc

// PostgreSQL refuses to run as root. As root we therefore start it under Debian's `postgres` account; as an ordinary
// user under our own. `setpriv` changes the account by exec, without a process in between, so the process that we
// start is the postmaster itself, and it can be told to stop when our process ends.

/// The account that servers run under.
package struct ServerAccount: Sendable, Hashable {
    private static let setpriv = "/usr/bin/setpriv"
    private static let debianAccount = "postgres"

    /// Nil: our own account.
    package let switchingTo: String?
    package let uid: uid_t
    package let gid: gid_t

    /// The account that this process can run servers under.
    package static func choose() throws(LocalPostgresError) -> ServerAccount {
        guard FileManager.default.isExecutableFile(atPath: setpriv) else {
            throw LocalPostgresError(.noAccount, "\(setpriv) is missing: install the package util-linux.")
        }
        guard geteuid() == 0 else { return ServerAccount(switchingTo: nil, uid: geteuid(), gid: getegid()) }
        guard let entry = getpwnam(debianAccount) else {
            throw LocalPostgresError(
                .noAccount,
                "PostgreSQL refuses to run as root, and there is no account '\(debianAccount)' to run it under. "
                    + "Run as an ordinary user, or create the account: scripts/bootstrap does."
            )
        }
        return ServerAccount(switchingTo: debianAccount, uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
    }

    /// The words before a program's own that make it run under this account.
    private var prefix: [String] {
        guard let switchingTo else { return [] }
        return [Self.setpriv, "--reuid=\(switchingTo)", "--regid=\(gid)", "--init-groups", "--"]
    }

    func command(_ arguments: [String]) -> [String] { prefix + arguments }

    /// A command that is sent SIGINT (PostgreSQL's fast shutdown) when the thread that started it ends.
    func commandEndingWithParent(_ arguments: [String]) -> [String] {
        command([Self.setpriv, "--pdeathsig", "INT", "--"] + arguments)
    }

    /// Makes `directory` (and its parents) and gives it to this account, closed to all others.
    func prepare(_ directory: String) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try own(directory, mode: 0o700)
        guard switchingTo != nil else { return }
        do {
            try await Command(command(["/usr/bin/test", "-w", directory])).run()
        } catch {
            throw LocalPostgresError(
                .badDirectory,
                "the account '\(switchingTo ?? "")', which PostgreSQL has to run under because we are root, cannot "
                    + "reach \(directory). Choose a directory whose parents all can be entered by everybody, such as "
                    + "one in /var/lib or /tmp."
            )
        }
    }

    /// Lets this account pass through a directory of ours, without showing it what is there.
    ///
    /// - Throws: `LocalPostgresError.badDirectory`.
    package func admit(to directory: String) throws(LocalPostgresError) {
        guard switchingTo != nil else { return }
        guard chown(directory, uid_t.max, gid) == 0, chmod(directory, 0o710) == 0 else {
            throw LocalPostgresError(
                .badDirectory, "could not change the group or the mode of \(directory): \(errnoText())")
        }
    }

    /// Writes a small file that the server's account owns, whole or not at all.
    func write(_ text: String, to path: String) throws {
        let temporary = path + ".writing"
        try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
        try own(temporary, mode: 0o600)
        guard rename(temporary, path) == 0 else {
            throw LocalPostgresError(.badDirectory, "could not write \(path): \(errnoText())")
        }
    }

    private func own(_ path: String, mode: mode_t) throws {
        guard chmod(path, mode) == 0, switchingTo == nil || chown(path, uid, gid) == 0 else {
            throw LocalPostgresError(.badDirectory, "could not change the owner or the mode of \(path): \(errnoText())")
        }
    }
}

/// The message of the last failed system call.
func errnoText() -> String { String(cString: strerror(errno)) }
