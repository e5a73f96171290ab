import Foundation
import Glibc

/// A program that runs to its end: initdb, cp, pg_dump, a user's own.
package struct Command: Sendable {
    private static let reportedOutputLength = 2000

    private let arguments: [String]
    private let environment: [String: String]
    private let input: String?

    /// `arguments[0]` is the program's path.
    ///
    /// - Parameter input: what the program reads from its standard input; nil: nothing.
    package init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) {
        precondition(!arguments.isEmpty, "a command has at least the program's path")
        self.arguments = arguments
        self.input = input
        self.environment = Self.plainEnvironment.merging(environment) { $1 }
    }

    /// What the program wrote to its standard output.
    ///
    /// - Parameter limit: after this time, and when our task is cancelled, the program and its children are killed.
    /// - Throws: `CancellationError`; `LocalPostgresError.commandFailed`, with the end of what the program wrote to its
    ///   standard error, when its exit code is not 0 or it took too long.
    @discardableResult
    package func run(within limit: Duration = .seconds(600)) async throws -> String {
        let (output, errors) = (try NamelessFile(), try NamelessFile())
        let input = try self.input.map { try NamelessFile(holding: Data($0.utf8)) }
        let child = try await ChildProcess.spawn(
            arguments,
            environment: environment,
            input: input?.descriptor,
            output: .descriptors(output: output.descriptor, errors: errors.descriptor)
        )
        let status = try await exitStatus(of: child, within: limit)
        try Task.checkCancellation()
        guard status == .exited(0) else {
            let end = status.map { "ended with \($0)" } ?? "was killed, not having ended within \(limit)"
            throw LocalPostgresError(
                .commandFailed,
                "\(arguments[0]) \(end): \(try errors.text().suffix(Self.reportedOutputLength))"
            )
        }
        return try output.text()
    }

    /// Nil when the limit passed first. The child has ended in any case.
    private func exitStatus(of child: ChildProcess, within limit: Duration) async throws -> ExitStatus? {
        try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
            group.addTask {
                await withTaskCancellationHandler {
                    await child.waitForExit()
                } onCancel: {
                    child.killGroup()
                }
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// The same for every child, whatever our own environment says (PGPORT, LC_MESSAGES, ...).
    static let plainEnvironment: [String: String] = {
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        environment["TZ"] = ProcessInfo.processInfo.environment["TZ"]
        return environment
    }()
}
