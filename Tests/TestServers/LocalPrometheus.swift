// A real Prometheus on loopback, filled with samples of the past, and ended by its process id.
import Foundation
import LocalPostgres

/// Lends the address of a server that has `openMetrics`: lines of the OpenMetrics format, without the end mark.
package func withPrometheus(_ openMetrics: String, _ body: (_ url: String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/foreshard-prometheus-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try Data((openMetrics + "# EOF\n").utf8).write(to: URL(fileURLWithPath: directory + "/samples"))
    try Data("global: {scrape_interval: 1h}\n".utf8).write(to: URL(fileURLWithPath: directory + "/prometheus.yml"))
    let making = try start(
        "/usr/bin/promtool",
        ["tsdb", "create-blocks-from", "openmetrics", directory + "/samples", directory + "/data"], in: directory)
    making.waitUntilExit()
    guard making.terminationStatus == 0 else { throw PrometheusFailure(log: log(of: directory)) }
    let port = try LoopbackPort.free()
    let server = try start(
        "/usr/bin/prometheus",
        [
            "--config.file=\(directory)/prometheus.yml", "--storage.tsdb.path=\(directory)/data",
            "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:\(port)",
        ], in: directory)
    defer {
        server.terminate()
        server.waitUntilExit()
    }
    try await waitUntilReady(server, directory)
    try await body("http://127.0.0.1:\(port)")
}

private struct PrometheusFailure: Error { let log: String }

private func start(_ program: String, _ arguments: [String], in directory: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    try Data().write(to: URL(fileURLWithPath: directory + "/log"))
    let handle = FileHandle(forWritingAtPath: directory + "/log")
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    return process
}

private func log(of directory: String) -> String {
    (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? ""
}

private func waitUntilReady(_ server: Process, _ directory: String) async throws {
    for _ in 0..<1200 {
        guard server.isRunning else { break }
        if log(of: directory).contains("Server is ready to receive web requests") { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw PrometheusFailure(log: log(of: directory))
}
