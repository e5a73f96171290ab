// What happens to the cluster during a scenario, besides its load. It sees the cluster as any program on the machine
// does; nothing of Foreshard knows of it. Whatever it did is in a diary, which the checks read.
import ClusterModel
import ControlPlane
import Foundation
import Glibc
import PostgresClient
import Synchronization

typealias Intervention = @Sendable (RunningReplay) async throws -> Void

struct DiaryEntry: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case slowed, killed, lent, lesseeLastWrote, lesseeLeft, failed
    }

    let kind: Kind
    let at: Timestamp
    /// The instance concerned, or what went wrong.
    let subject: String
}

final class Diary: Sendable {
    private let written = Mutex<[DiaryEntry]>([])

    var entries: [DiaryEntry] { written.withLock { $0 } }

    func write(_ kind: DiaryEntry.Kind, at: Timestamp, _ subject: String) {
        written.withLock { $0.append(DiaryEntry(kind: kind, at: at, subject: subject)) }
    }
}

struct RunningReplay: Sendable {
    let assembly: Assembly
    let stage: Stage
    /// The directory of the contingent servers' files.
    let contingents: String
    let diary: Diary

    /// Until it is over or cancelled. What goes wrong is written down and ends it, not the replay.
    func carryOut(_ intervention: Intervention) async {
        do {
            try await intervention(self)
        } catch is CancellationError {
            return
        } catch {
            note(.failed, "\(error)")
        }
    }

    func note(_ kind: DiaryEntry.Kind, _ subject: String) { diary.write(kind, at: assembly.clock.now(), subject) }

    /// Until there is something, looking every twenty milliseconds.
    func first<Found: Sendable>(_ look: () async -> Found?) async throws -> Found {
        while true {
            if let found = await look() { return found }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func processes(of instance: String) -> InstanceProcesses {
        InstanceProcesses(dataDirectory: contingents + "/" + instance)
    }

    func state(of instance: String) async -> String? {
        await assembly.coordinator.pool().first { $0.id == instance }?.state
    }
}

/// The processes of one PostgreSQL server, found by where they work: no other process is ever meant.
struct InstanceProcesses: Sendable {
    let dataDirectory: String

    private var all: [pid_t] {
        let wanted = URL(fileURLWithPath: dataDirectory).resolvingSymlinksInPath().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == wanted
        }
    }

    private var postmaster: pid_t? {
        let file = try? String(contentsOfFile: dataDirectory + "/postmaster.pid", encoding: .utf8)
        return file?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Ends the server's first process without a chance to tidy up; the others see that it is gone and end too.
    ///
    /// - Throws: `DemonstrationError` when there is none.
    func kill() throws {
        guard let postmaster, all.contains(postmaster) else {
            throw DemonstrationError("no server runs in \(dataDirectory)")
        }
        Glibc.kill(postmaster, SIGKILL)
    }

    /// As a neighbour that takes the processors away: all processes stand still for a part of each second, until
    /// cancelled. They run when it returns.
    func stall(_ still: Duration, ofEach period: Duration) async throws {
        while true {
            try await stall(still)
            try await Task.sleep(for: period - still)
        }
    }

    private func stall(_ still: Duration) async throws {
        let stopped = all
        for pid in stopped { Glibc.kill(pid, SIGSTOP) }
        defer { for pid in stopped { Glibc.kill(pid, SIGCONT) } }
        try await Task.sleep(for: still)
    }
}
