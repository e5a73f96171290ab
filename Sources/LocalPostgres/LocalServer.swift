import ClusterModel
import Foundation
import Glibc

// One PostgreSQL server of this machine.
//
// Invariant: a server that runs is our child and ends with us (parent-death signal). One left by an earlier process of
// ours, which should not happen but can, is stopped before its directory is used or removed.

/// One server of a `LocalCluster`; calls for the same server take their turns.
package actor LocalServer {
    static let configurationFile = "foreshard.conf"
    private static let readinessPoll = Duration.milliseconds(4)
    private static let startAttempts = 3

    /// How long each way of stopping may take before the next, harsher one.
    package struct Deadlines: Sendable {
        package var ready = Duration.seconds(60)
        /// A copy replays first what its primary wrote meanwhile.
        package var copyReady = Duration.seconds(900)
        package var fastShutdown = Duration.seconds(10)
        package var immediateShutdown = Duration.seconds(10)
        package init() {}
    }

    package nonisolated let name: String
    private nonisolated let cluster: LocalCluster
    private let deadlines: Deadlines
    private var child: ChildProcess?

    init(name: String, cluster: LocalCluster, deadlines: Deadlines = Deadlines()) {
        self.name = name
        self.cluster = cluster
        self.deadlines = deadlines
    }

    package nonisolated var dataDirectory: String { cluster.path(name) }
    /// What the server wrote to its standard error, from its first start on.
    package nonisolated var logFile: String { cluster.path("\(name).log") }
    package nonisolated var exists: Bool { FileManager.default.fileExists(atPath: dataDirectory) }
    package nonisolated var isRunning: Bool { PostmasterFile.liveServer(of: dataDirectory) != nil }

    /// Makes the data directory unless it is there.
    package func provision() async throws {
        if !exists { try await cluster.copyTemplate(to: dataDirectory) }
    }

    /// Makes the data directory, whatever it was, a copy of a running server, which it follows from its next start on.
    package func become(_ copy: PhysicalCopy) async throws {
        try await wipe()
        try await cluster.copy(copy, to: dataDirectory)
    }

    /// Starts the server unless it runs as our child, and returns when it accepts connections.
    /// The port of the last start is kept if it is still free.
    package func start() async throws -> Endpoint {
        if let child, child.exitStatus == nil, let file = PostmasterFile.read(in: dataDirectory), file.pid == child.pid,
            file.isReady, let port = file.port
        {
            return endpoint(port: port)
        }
        try await stop()
        guard exists else {
            throw LocalPostgresError(.notReady, "\(dataDirectory) does not exist: provision the server first.")
        }
        return try await startOnFreePort()
    }

    /// Ends the server, fast if it can, by force if it must. Nothing happens when it does not run.
    package func stop() async throws {
        guard
            let process = PostmasterFile.liveServer(of: dataDirectory)
                ?? child.flatMap({ $0.exitStatus == nil ? ProcessIdentity(pid: $0.pid) : nil })
        else { return }
        let steps: [(Int32, Duration)] = [
            (SIGINT, deadlines.fastShutdown), (SIGQUIT, deadlines.immediateShutdown), (SIGKILL, .seconds(2)),
        ]
        for (signal, patience) in steps {
            process.signal(signal)
            if await hasEnded(process, within: patience) {
                child = nil
                return
            }
        }
        throw LocalPostgresError(.notStopped, "process \(process.pid) of \(dataDirectory) outlived SIGKILL.")
    }

    /// Stops the server and removes all it ever stored.
    package func wipe() async throws {
        try await stop()
        for path in [dataDirectory, dataDirectory + LocalCluster.making, logFile] {
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        }
    }

    private func startOnFreePort() async throws -> Endpoint {
        var port = try recordedPort() ?? LoopbackPort.free()
        for _ in 1..<Self.startAttempts {
            do {
                return try await start(port: port)
            } catch  where !LoopbackPort.isFree(port) {
                // Somebody took the port between our look and PostgreSQL's.
                port = try LoopbackPort.free()
            }
        }
        return try await start(port: port)
    }

    private func recordedPort() throws -> Int? {
        guard let text = try? String(contentsOfFile: "\(dataDirectory)/\(Self.configurationFile)", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("port = ") }),
            let port = Int(line.dropFirst("port = ".count).filter(\.isNumber)), LoopbackPort.isFree(port)
        else { return nil }
        return port
    }

    private func start(port: Int) async throws -> Endpoint {
        try cluster.account.write(
            cluster.settings.configuration(port: port),
            to: "\(dataDirectory)/\(Self.configurationFile)"
        )
        var arguments = [cluster.installation.program("postgres"), "-D", dataDirectory]
        if isCopy { arguments += ["-c", "config_file=\(dataDirectory)/\(PhysicalCopy.configurationFile)"] }
        let child = try await ChildProcess.spawn(
            cluster.account.commandEndingWithParent(arguments),
            environment: Command.plainEnvironment,
            output: .log(logFile)
        )
        self.child = child
        try await waitUntilReady(child)
        return endpoint(port: port)
    }

    private nonisolated var isCopy: Bool {
        FileManager.default.fileExists(atPath: "\(dataDirectory)/\(PhysicalCopy.configurationFile)")
    }

    private func waitUntilReady(_ child: ChildProcess) async throws {
        let patience = isCopy ? deadlines.copyReady : deadlines.ready
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            if let status = child.exitStatus {
                self.child = nil
                throw LocalPostgresError(.notReady, "server '\(name)' ended with \(status): \(logTail())")
            }
            if let file = PostmasterFile.read(in: dataDirectory), file.pid == child.pid, file.isReady { return }
            try await Task.sleep(for: Self.readinessPoll)
        }
        try await stop()
        throw LocalPostgresError(.notReady, "server '\(name)' was not ready after \(patience): \(logTail())")
    }

    private func hasEnded(_ process: ProcessIdentity, within patience: Duration) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while process.isAlive {
            guard ContinuousClock.now < deadline else { return false }
            // An uncancellable wait: a shutdown that is under way is seen through to its end.
            await Task.detached { try? await Task.sleep(for: Self.readinessPoll) }.value
        }
        return true
    }

    private func endpoint(port: Int) -> Endpoint {
        Endpoint(
            host: ServerSettings.host,
            port: port,
            database: cluster.settings.database,
            user: ServerSettings.superuser,
            password: cluster.settings.authentication.password
        )
    }

    private func logTail() -> String {
        let lines = (try? String(contentsOfFile: logFile, encoding: .utf8))?.split(separator: "\n") ?? []
        return lines.suffix(5).joined(separator: "; ")
    }
}
