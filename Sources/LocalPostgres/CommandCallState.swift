// The life of one call of a user's program as a value: no process, no descriptor, no clock.
//
//     running --programEnded--> over
//     running --givenUp--> ending --graceEnded--> killed --programEnded--> over
//                          ending --programEnded and outputClosed, in any order--> over
//
// Invariant: a call that was given up is over only when nobody is left who holds the program's output, or after
// everybody was killed. Only then is the program reaped: until then its process group cannot become somebody else's.

/// Why a program is asked to end.
package enum CommandAbandonment: Sendable, Equatable {
    case outOfTime
    /// It wrote more than was allowed.
    case tooMuchOutput
    /// The task that made the call was cancelled.
    case cancelled
}

enum CommandCallAction: Sendable, Equatable {
    case nothing
    /// Ask the program's process group to end, and give it a grace.
    case terminate
    /// Kill the group.
    case kill
    /// Reap the program; where there is a reason, kill first what is left of its group.
    case finish(CommandAbandonment?)
}

struct CommandCallState: Sendable, Equatable {
    private enum Phase: Sendable, Equatable {
        case running
        /// It was asked to end.
        case ending(CommandAbandonment)
        /// All of its group were killed; only its own end is waited for.
        case killed(CommandAbandonment)
        case over
    }

    private var phase = Phase.running
    private var hasProgramEnded = false
    private var isOutputClosed = false

    mutating func programEnded() -> CommandCallAction {
        hasProgramEnded = true
        switch phase {
        case .running: return finish(nil)
        case .ending(let reason): return isOutputClosed ? finish(reason) : .nothing
        case .killed(let reason): return finish(reason)
        case .over: return .nothing
        }
    }

    /// Both outputs are at their end: no process has them open.
    mutating func outputClosed() -> CommandCallAction {
        isOutputClosed = true
        guard case .ending(let reason) = phase, hasProgramEnded else { return .nothing }
        return finish(reason)
    }

    /// The first reason counts.
    mutating func givenUp(_ reason: CommandAbandonment) -> CommandCallAction {
        guard phase == .running else { return .nothing }
        phase = .ending(reason)
        return .terminate
    }

    mutating func graceEnded() -> CommandCallAction {
        guard case .ending(let reason) = phase else { return .nothing }
        guard !hasProgramEnded else { return finish(reason) }
        phase = .killed(reason)
        return .kill
    }

    private mutating func finish(_ reason: CommandAbandonment?) -> CommandCallAction {
        phase = .over
        return .finish(reason)
    }
}
