import Foundation
import Glibc

// Which process is meant, beyond its pid: pids are used again. A process is the same only if it also started at the
// same tick after the same boot; nothing is ever signalled on its pid alone.

/// A process of this machine, whoever started it.
struct ProcessIdentity: Sendable, Hashable {
    let pid: pid_t
    /// In clock ticks after boot; from /proc/[pid]/stat, field 22.
    let startTicks: UInt64

    /// Nil when there is no such process, or only its unreaped remains.
    init?(pid: pid_t) {
        guard pid > 1, let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let ticks = Self.startTicks(inStat: stat)
        else { return nil }
        self.pid = pid
        startTicks = ticks
    }

    /// The program's name, field 2, may hold spaces and parentheses: fields are counted after the last `)`.
    static func startTicks(inStat stat: String) -> UInt64? {
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        guard fields.count >= 20, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }

    var isAlive: Bool { ProcessIdentity(pid: pid) == self }

    func signal(_ number: Int32) {
        if isAlive { kill(pid, number) }
    }

    /// The directory the process works in; nil when it is gone or another account's.
    var workingDirectory: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
    }
}
