import Foundation
import Glibc

// Programs of the user. Other than those of PostgreSQL, which `Command` runs, they are given a text, their output is
// not trusted to be small, and they are asked to end before they are killed: they may have something to undo.
//
// One thread waits for the outputs, the end, the cancellation and the deadline together (`RunningCommand`); a second
// one does nothing but wait for the program's end.

/// One call of a program: a text in, a text out, an exit status.
package struct CommandCall: Sendable {
    package struct Limits: Sendable {
        /// After this time the program and its children are asked to end.
        package var time: Duration
        /// A program that writes more than this to its standard output is asked to end.
        package var outputBytesMax = 1 << 20
        /// What is kept of the end of its standard error.
        package var errorBytesMax = 8 << 10
        /// From SIGTERM to SIGKILL.
        package var grace = Duration.seconds(5)

        package init(time: Duration) { self.time = time }
    }

    package enum Ending: Sendable, Equatable {
        /// By itself.
        case ended(ExitStatus)
        case abandoned(CommandAbandonment)
    }

    package struct Outcome: Sendable {
        package let ending: Ending
        package let output: [UInt8]
        /// The end of what it wrote to its standard error.
        package let errors: [UInt8]
    }

    private let arguments: [String]
    private let environment: [String: String]

    /// - Parameters:
    ///   - arguments: the program's path, or its name in our PATH, and its arguments; no shell reads them.
    ///   - environment: all that the program gets.
    package init(_ arguments: [String], environment: [String: String]) {
        precondition(!arguments.isEmpty, "a call has at least the program's path")
        self.arguments = arguments
        self.environment = environment
    }

    /// Returns when the program has ended. When it was abandoned, all of its process group were killed; what it left in
    /// the background after an end of its own goes on.
    ///
    /// Cancelling the task asks the program to end.
    /// - Parameter input: what it can read from its standard input, to the end.
    /// - Throws: `LocalPostgresError.commandFailed` when the program could not be started.
    package func run(input: [UInt8], within limits: Limits) async throws -> Outcome {
        let bell = try CommandBell()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result {
                            var running = try start(input, limits, bell)
                            return running.waitForEnd()
                        })
                }
            }
        } onCancel: {
            bell.ring(.cancelled)
        }
    }

    private func start(_ input: [UInt8], _ limits: Limits, _ bell: CommandBell) throws -> RunningCommand {
        let input = try NamelessFile(holding: Data(input))
        let (output, errors) = (try CommandPipe(), try CommandPipe())
        // Our own copies of the child's ends close when this returns; the outputs end when the child's do.
        let pid = try withExtendedLifetime((input, output, errors)) {
            try posixSpawn(
                arguments, environment: environment, input: input.descriptor,
                output: .descriptors(
                    output: output.writeEnd.fileDescriptor, errors: errors.writeEnd.fileDescriptor))
        }
        return RunningCommand(
            pid: pid, output: CommandStream(output.readEnd, keeping: .first(limits.outputBytesMax)),
            errors: CommandStream(errors.readEnd, keeping: .last(limits.errorBytesMax)), limits: limits, bell: bell)
    }
}
