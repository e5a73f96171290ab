import Admin
import ArgumentParser
import ClusterModel
import ControlPlane
import Dispatch
import Foundation
import Logging
import Migration
import Takeover

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the router and the control plane.",
        discussion: """
            Runs until it gets SIGINT or SIGTERM; then it takes no more clients, lets transactions end, and stops the \
            instances that it started. A move that is under way is finished or undone at the next start. At SIGHUP it reads \
            the certificates again.
            """)

    @Option(name: .shortAndLong, help: "The configuration.")
    var config = "foreshard.yaml"

    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel = "info"

    func run() async throws {
        let configuration = try readConfiguration(config, withPasswords: true)
        let logger = try makeLogger(level: logLevel)
        var options = Assembly.Options()
        options.crashSwitch = try CrashSwitches.fromEnvironment()
        options.takeoverCrashSwitch = CrashSwitches.takeoverFromEnvironment()
        let assembly = try await Assembly.start(configuration, options: options, logger: logger)
        let token = try AdminToken.loadOrMake(in: configuration.dataDirectory)
        let admin = AdminServer(
            coordinator: assembly.coordinator, token: token, host: configuration.admin.host,
            port: configuration.admin.port, logger: makeQuiet(logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await assembly.run() }
            group.addTask {
                try await admin.run { adminPort in
                    say(
                        """
                        foreshard listens on \(configuration.listen.host):\(assembly.proxy.localAddress.port ?? 0) \
                        (mode \(configuration.controller.mode.rawValue)), admin API on \(configuration.admin.host):\(adminPort)
                        """)
                }
            }
            group.addTask { await untilSignal() }
            group.addTask { await atEachHangUp { await assembly.reloadCertificates() } }
            try await group.next()
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) {
                    logger.error("while stopping", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// The web framework's own lines are about itself.
    private func makeQuiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return quiet
    }
}

func makeLogger(level: String) throws -> Logger {
    guard let level = Logger.Level(rawValue: level) else {
        throw AdminError(
            "unknown log level `\(level)`; known: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    var logger = Logger(label: "foreshard") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = level
    return logger
}

/// Returns at the first SIGINT or SIGTERM.
func untilSignal() async {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    let sources = [SIGINT, SIGTERM].map { number in
        Foundation.signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { signal.yield() }
        source.resume()
        return source
    }
    for await _ in signals { break }
    for source in sources { source.cancel() }
}

/// Calls `body` at each SIGHUP, until cancelled.
func atEachHangUp(_ body: () async -> Void) async {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    Foundation.signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler { signal.yield() }
    source.resume()
    for await _ in signals { await body() }
    source.cancel()
}

/// Kills the process at a named point of a move, for tests of recovery.
enum CrashSwitches {
    static let variable = "FORESHARD_CRASH_AT"

    static func fromEnvironment() throws -> CrashSwitch {
        guard let name = ProcessInfo.processInfo.environment[variable], !name.isEmpty,
            TakeoverStep(rawValue: name) == nil
        else { return { _ in } }
        guard let point = CrashPoint(name) else {
            throw AdminError(
                "\(variable) names no crash point; known: \(CrashPoint.all.map(\.description).joined(separator: ", "))")
        }
        return { reached in
            if reached == point { kill(getpid(), SIGKILL) }
        }
    }

    static func takeoverFromEnvironment() -> @Sendable (TakeoverStep) -> Void {
        let step = ProcessInfo.processInfo.environment[variable].flatMap { TakeoverStep(rawValue: $0) }
        return { reached in
            if reached == step { kill(getpid(), SIGKILL) }
        }
    }
}
