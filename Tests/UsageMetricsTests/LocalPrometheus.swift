// A real Prometheus on loopback, filled with samples of the past, and ended by its process id.
import ClusterModel
import Foundation
import NIOCore
import NIOPosix

@testable import UsageMetrics

struct LocalPrometheus {
    let url: String

    /// The start of all samples.
    static let start = Timestamp("2024-01-01T00:00:00Z")!

    /// Lends a server that has `openMetrics`, text as of the OpenMetrics format without its end.
    static func with(_ openMetrics: String, _ body: (LocalPrometheus) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-prometheus-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data((openMetrics + "# EOF\n").utf8).write(to: URL(fileURLWithPath: directory + "/samples"))
        try Data("global: {scrape_interval: 1h}\n".utf8).write(to: URL(fileURLWithPath: directory + "/prometheus.yml"))
        let making = try run(
            "/usr/bin/promtool",
            ["tsdb", "create-blocks-from", "openmetrics", directory + "/samples", directory + "/data"], in: directory)
        making.waitUntilExit()
        guard making.terminationStatus == 0 else { throw Failure(text: "promtool failed") }
        let port = try await freePort()
        let server = try run(
            "/usr/bin/prometheus",
            [
                "--config.file=\(directory)/prometheus.yml", "--storage.tsdb.path=\(directory)/data",
                "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:\(port)",
            ], in: directory)
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        let prometheus = LocalPrometheus(url: "http://127.0.0.1:\(port)")
        try await prometheus.waitUntilReady(server)
        try await body(prometheus)
    }

    private struct Failure: Error { let text: String }

    private static func run(_ program: String, _ arguments: [String], in directory: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let log = directory + "/log"
        try Data().write(to: URL(fileURLWithPath: log))
        let handle = FileHandle(forWritingAtPath: log)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    /// A port that nobody listens on now.
    static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }

    /// Its API answers a little later than its port opens.
    private func waitUntilReady(_ server: Process) async throws {
        var configuration = PrometheusClient.Configuration()
        configuration.attemptsMax = 1
        let client = PrometheusClient(url: url, configuration: configuration)
        let range = QueryRange(start: Self.start, points: 1, step: .seconds(60))
        for _ in 0..<600 {
            guard server.isRunning else { throw Failure(text: "prometheus has ended") }
            if (try? await client.values("vector(1)", range)) != nil { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure(text: "prometheus was not ready")
    }
}
