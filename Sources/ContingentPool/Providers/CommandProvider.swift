// Instances that the user's own command makes and removes: Terraform, the command line of a cloud, Kubernetes.
//
// Invariant: the command says what it did, and the database says whether that is true. `provision` and `wipe` return
// only after the instance was started and its database was seen to be empty over SQL.
import ClusterModel
import Foundation
import LocalPostgres

/// Provides instances by calling a command for each operation; docs/POOL.md is its contract.
package struct CommandProvider: Provider {
    package struct Configuration: Sendable {
        /// The program's path, or its name in our PATH, and its first arguments. No shell reads them.
        package var command: [String]
        package var limits: CommandLimits
        /// Whether the command is asked for `check` too, besides the connection that is always tried.
        package var isCheckedByCommand = false
        /// Instances are spread over them round robin.
        package var zones: [Zone]
        package var instancesMax: Int
        package var capacity: Load
        package var costPerHour: Double
        /// The command gets it; `password_env` of its answers names one of its variables.
        package var environment = ProcessInfo.processInfo.environment

        /// - Precondition: `command` and `zones` are not empty.
        package init(
            command: [String], limits: CommandLimits, zones: [Zone], instancesMax: Int, capacity: Load,
            costPerHour: Double
        ) {
            precondition(!command.isEmpty && !zones.isEmpty, "a command provider without a command or a zone")
            self.command = command
            self.limits = limits
            self.zones = zones
            self.instancesMax = instancesMax
            self.capacity = capacity
            self.costPerHour = costPerHour
        }
    }

    package let name = "command"
    private let configuration: Configuration
    private let prefix = "contingent-"

    package init(_ configuration: Configuration) { self.configuration = configuration }

    // MARK: What there is

    package var instances: [InstanceID] { (0..<configuration.instancesMax).map { InstanceID("\(prefix)\($0 + 1)") } }

    package func terms(of instance: InstanceID) -> InstanceTerms? {
        instances.firstIndex(of: instance).map { index in
            InstanceTerms(
                zone: configuration.zones[index % configuration.zones.count], capacity: configuration.capacity,
                costPerHour: configuration.costPerHour)
        }
    }

    // MARK: Operations

    package func provision(_ instance: InstanceID) async throws {
        _ = try await call(.provision, instance)
        try await confirmEmpty(instance, after: .provision)
    }

    package func start(_ instance: InstanceID) async throws -> Endpoint {
        let answer = try await call(.start, instance)
        do {
            return try answer.endpoint(environment: configuration.environment)
        } catch {
            throw failure(.start, instance, "answered wrongly: \(error.sentence)")
        }
    }

    /// Stopping is part of our own end, which has cancelled this task already; so another task sees it through. It ends
    /// at its time-out.
    package func stop(_ instance: InstanceID) async throws {
        try await Task { _ = try await call(.stop, instance) }.value
    }

    package func wipe(_ instance: InstanceID) async throws {
        _ = try await call(.wipe, instance)
        try await confirmEmpty(instance, after: .wipe)
    }

    package func remove(_ instance: InstanceID) async throws { _ = try await call(.remove, instance) }

    package func check(_ instance: InstanceID, at endpoint: Endpoint) async throws {
        try await checkAnswers(endpoint)
        if configuration.isCheckedByCommand { _ = try await call(.check, instance) }
    }

    private func confirmEmpty(_ instance: InstanceID, after operation: CommandOperation) async throws {
        let endpoint = try await start(instance)
        try await checkAnswers(endpoint)
        let contents = try await withConnection(to: endpoint) { try await DatabaseContents.list(over: $0) }
        guard contents.isEmpty else {
            throw PoolError(
                .notEmpty,
                "\(instance) is not empty after `\(operation.rawValue)`: \(endpoint) holds "
                    + "\(contents.joined(separator: ", ")). Let the command make its database anew."
            )
        }
    }

    // MARK: Calls

    private func call(_ operation: CommandOperation, _ instance: InstanceID) async throws -> CommandAnswer {
        guard let terms = terms(of: instance) else {
            throw PoolError(
                .unknownMember,
                "\(instance) is not among the \(configuration.instancesMax) instances of the command "
                    + "(pool.instances_max).")
        }
        let limits = configuration.limits.call(operation)
        let request = CommandRequest(operation: operation, instance: instance, zone: terms.zone, limit: limits.time)
        let outcome = try await run(try request.line(), limits, for: operation, instance)
        if let what = try Self.complaint(about: outcome, limits, operation) { throw failure(operation, instance, what) }
        do {
            return try CommandAnswer(outcome.output)
        } catch {
            throw failure(operation, instance, "answered wrongly: \(error.sentence)")
        }
    }

    private func run(
        _ input: [UInt8], _ limits: CommandCall.Limits, for operation: CommandOperation, _ instance: InstanceID
    ) async throws -> CommandCall.Outcome {
        do {
            return try await CommandCall(configuration.command, environment: configuration.environment)
                .run(input: input, within: limits)
        } catch let error as LocalPostgresError {
            throw PoolError(
                .command, "`\(operation.rawValue)` of \(instance): \(error.message) (pool.command)")
        }
    }

    /// Nil when the call succeeded.
    /// - Throws: `CancellationError`.
    private static func complaint(
        about outcome: CommandCall.Outcome, _ limits: CommandCall.Limits, _ operation: CommandOperation
    ) throws -> String? {
        let lines = CommandComplaint.lastLines(of: outcome.errors)
        let said = lines.isEmpty ? "" : ": \(lines)"
        switch outcome.ending {
        case .ended(.exited(0)): return nil
        case .ended(let status): return "ended with \(status)\(said)"
        case .abandoned(.outOfTime):
            return "took longer than \(limits.time) (pool.timeouts.\(operation.rawValue)) and was ended\(said)"
        case .abandoned(.tooMuchOutput):
            return
                "wrote more than \(limits.outputBytesMax) bytes to its standard output and was ended: print the answer "
                + "there, and everything else to standard error\(said)"
        case .abandoned(.cancelled): throw CancellationError()
        }
    }

    /// Names the program without its arguments, which are the user's and may be secret.
    private func failure(_ operation: CommandOperation, _ instance: InstanceID, _ what: String) -> PoolError {
        PoolError(.command, "`\(operation.rawValue)` of \(instance): \(configuration.command[0]) \(what)")
    }
}
