import LocalPostgres

/// How long the command may take for each operation.
package struct CommandLimits: Hashable, Sendable {
    package var provision = Duration.seconds(900)
    package var start = Duration.seconds(300)
    package var stop = Duration.seconds(60)
    package var wipe = Duration.seconds(900)
    package var remove = Duration.seconds(900)
    package var check = Duration.seconds(10)
    /// From asking the command to end to killing it.
    package var grace = Duration.seconds(5)

    package init() {}

    func call(_ operation: CommandOperation) -> CommandCall.Limits {
        var limits = CommandCall.Limits(time: time(of: operation))
        limits.grace = grace
        return limits
    }

    private func time(of operation: CommandOperation) -> Duration {
        switch operation {
        case .provision: provision
        case .start: start
        case .stop: stop
        case .wipe: wipe
        case .remove: remove
        case .check: check
        }
    }
}
