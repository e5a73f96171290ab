import Foundation
import Glibc

/// A program that runs to its end: initdb, cp, pg_dump.
package struct Command: Sendable {
    private static let reportedOutputLength = 2000

    private let arguments: [String]
    private let environment: [String: String]

    /// `arguments[0]` is the program's path.
    package init(_ arguments: [String], environment: [String: String] = [:]) {
        precondition(!arguments.isEmpty, "a command has at least the program's path")
        self.arguments = arguments
        self.environment = Self.plainEnvironment.merging(environment) { $1 }
    }

    /// What the program printed; an error with the end of it when its exit code is not 0.
    @discardableResult
    package func run() async throws -> String {
        let log = NSTemporaryDirectory() + "foreshard-command-\(UUID().uuidString)"
        defer { unlink(log) }
        let child = try await ChildProcess.spawn(arguments, environment: environment, log: log)
        let status = await child.waitForExit()
        let output = String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: log))) ?? Data(), as: UTF8.self)
        guard status == .exited(0) else {
            throw LocalPostgresError(
                .commandFailed,
                "\(arguments[0]) ended with \(status): \(output.suffix(Self.reportedOutputLength))"
            )
        }
        return output
    }

    /// The same for every child, whatever our own environment says (PGPORT, LC_MESSAGES, ...).
    static let plainEnvironment: [String: String] = {
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        environment["TZ"] = ProcessInfo.processInfo.environment["TZ"]
        return environment
    }()
}
