import Foundation
import Glibc

// The driver of a call: obeys `CommandCallState`. Everything here happens on the call's own thread.

/// A user's program while it runs.
struct RunningCommand {
    /// The longest wait of one poll(2), whose argument is small.
    private static let pollMillisecondsMax = 60_000.0

    private let pid: pid_t
    private var output: CommandStream
    private var errors: CommandStream
    private let grace: Duration
    private let bell: CommandBell
    private var state = CommandCallState()
    private var deadline: ContinuousClock.Instant?
    private var ending: CommandCall.Ending?

    /// - Parameter pid: of a child that nobody has reaped, and that leads a process group.
    init(pid: pid_t, output: CommandStream, errors: CommandStream, limits: CommandCall.Limits, bell: CommandBell) {
        self.pid = pid
        self.output = output
        self.errors = errors
        self.bell = bell
        grace = limits.grace
        deadline = .now + limits.time
        // Leaves the child unreaped: its process group stays its own.
        Thread.detachNewThread {
            var info = siginfo_t()
            while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
            bell.ring(.programEnded)
        }
    }

    mutating func waitForEnd() -> CommandCall.Outcome {
        while true {
            wait()
            if let ending { return CommandCall.Outcome(ending: ending, output: output.bytes, errors: errors.bytes) }
        }
    }

    /// Until something happens; and takes it in.
    private mutating func wait() {
        var polled = [output.descriptor ?? -1, errors.descriptor ?? -1, bell.descriptor].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&polled, nfds_t(polled.count), millisecondsLeft) >= 0 else { return }
        if polled[0].revents != 0 { output.read() }
        if polled[1].revents != 0 { errors.read() }
        if output.isTooLong { obey(state.givenUp(.tooMuchOutput)) }
        if output.descriptor == nil, errors.descriptor == nil { obey(state.outputClosed()) }
        for ring in polled[2].revents != 0 ? bell.rings() : [] {
            switch ring {
            case .programEnded: obey(state.programEnded())
            case .cancelled: obey(state.givenUp(.cancelled))
            }
        }
        if let deadline, ContinuousClock.now >= deadline { deadlinePassed() }
    }

    /// -1 without a deadline. Rounded up, so that a wait does not end just before it.
    private var millisecondsLeft: Int32 {
        guard let deadline else { return -1 }
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        return Int32(max(0, min(Self.pollMillisecondsMax, left.rounded(.up))))
    }

    /// The deadline of the call first, then that of the grace.
    private mutating func deadlinePassed() {
        deadline = nil
        obey(state.graceEnded())
        obey(state.givenUp(.outOfTime))
    }

    private mutating func obey(_ action: CommandCallAction) {
        switch action {
        case .nothing: break
        case .terminate:
            kill(-pid, SIGTERM)
            deadline = .now + grace
        case .kill: kill(-pid, SIGKILL)
        case .finish(let reason): finish(reason)
        }
    }

    private mutating func finish(_ given: CommandAbandonment?) {
        var reason = given
        if reason == nil {
            output.drain()
            errors.drain()
            if output.isTooLong { reason = .tooMuchOutput }
        }
        if reason != nil { kill(-pid, SIGKILL) }
        var waitStatus: Int32 = 0
        while waitpid(pid, &waitStatus, 0) == -1, errno == EINTR {}
        ending = reason.map { .abandoned($0) } ?? .ended(ExitStatus(waitStatus: waitStatus))
    }
}
