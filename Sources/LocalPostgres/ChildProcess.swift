import Foundation
import Glibc
import Synchronization

// A child of this process, started with posix_spawn and waited for by the thread that started it.
//
// Invariant: one thread lives exactly as long as the child. Linux sends a child's parent-death signal when the *thread*
// that started it ends, so a pool thread, which may end when idle, must never start a server.

/// How a process ended.
package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    init(waitStatus: Int32) {
        self = waitStatus & 0x7f == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(waitStatus & 0x7f)
    }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal)"
        }
    }
}

/// A running child, or one that has ended.
final class ChildProcess: Sendable {
    private enum State {
        case running([CheckedContinuation<ExitStatus, Never>])
        case ended(ExitStatus)
    }

    private let state = Mutex(State.running([]))
    /// The child's while it runs; may be another process' afterwards.
    let pid: pid_t

    private init(pid: pid_t) { self.pid = pid }

    /// Starts `arguments[0]`.
    ///
    /// - Parameter input: a descriptor of ours that it reads; nil: nothing.
    static func spawn(
        _ arguments: [String], environment: [String: String], input: Int32? = nil, output: ChildOutput
    ) async throws -> ChildProcess {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                do {
                    let pid = try posixSpawn(
                        arguments, environment: environment, input: input, output: output)
                    let child = ChildProcess(pid: pid)
                    continuation.resume(returning: child)
                    child.reap()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// Nil while it runs.
    var exitStatus: ExitStatus? {
        state.withLock { if case .ended(let status) = $0 { status } else { nil } }
    }

    /// Waits for the end. Not cancellable: a child is ended by a signal.
    func waitForExit() async -> ExitStatus {
        await withCheckedContinuation { continuation in
            let ended: ExitStatus? = state.withLock {
                switch $0 {
                case .ended(let status): return status
                case .running(let waiting):
                    $0 = .running(waiting + [continuation])
                    return nil
                }
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    /// Kills the child and all of its group, unless the child has ended.
    func killGroup() {
        state.withLock { if case .running = $0 { _ = kill(-pid, SIGKILL) } }
    }

    /// Waits without reaping first: the pid stays the child's until the state, under the lock, says otherwise.
    private func reap() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        let (status, waiting) = state.withLock { state in
            guard case .running(let waiting) = state else { preconditionFailure("a child ended twice") }
            var waitStatus: Int32 = 0
            while waitpid(pid, &waitStatus, 0) == -1, errno == EINTR {}
            let status = ExitStatus(waitStatus: waitStatus)
            state = .ended(status)
            return (status, waiting)
        }
        for continuation in waiting { continuation.resume(returning: status) }
    }
}
