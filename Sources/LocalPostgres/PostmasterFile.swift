import Foundation
import Glibc

// PostgreSQL's own record of a running server, `postmaster.pid` in the data directory
// (src/include/utils/pidfile.h): line 1 the pid, line 4 the port, line 8 the status.

/// What `postmaster.pid` says.
struct PostmasterFile: Sendable, Equatable {
    let pid: pid_t
    let port: Int?
    let isReady: Bool

    init?(contents: String) {
        let lines = contents.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first, let pid = pid_t(first) else { return nil }
        self.pid = pid
        port = lines.count > 3 ? Int(lines[3]) : nil
        isReady = lines.count > 7 && lines[7].hasPrefix("ready")
    }

    static func read(in dataDirectory: String) -> PostmasterFile? {
        (try? String(contentsOfFile: "\(dataDirectory)/postmaster.pid", encoding: .utf8)).flatMap(Self.init(contents:))
    }

    /// The live server of a data directory, if there is one. Every PostgreSQL process works in its data directory, so
    /// a process that got the pid later is told apart by where it works.
    static func liveServer(of dataDirectory: String) -> ProcessIdentity? {
        guard let file = read(in: dataDirectory), let process = ProcessIdentity(pid: file.pid),
            process.workingDirectory == realPath(dataDirectory)
        else { return nil }
        return process
    }
}

/// The path without symbolic links, as the kernel reports it.
private func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
