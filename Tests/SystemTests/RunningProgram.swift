// The built program, or any other, as a child: its output, its end.
import Foundation
import Glibc
import Testing

struct ProgramOutput {
    let status: Int32
    let output: String
    let errors: String

    var all: String { output + errors }
}

/// Runs a program to its end.
func runProgram(_ path: String, _ arguments: [String], environment: [String: String] = [:]) async throws
    -> ProgramOutput
{
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    process.standardInput = FileHandle.nullDevice
    try process.run()
    async let output = readAll(out)
    async let errors = readAll(err)
    let texts = await (output, errors)
    process.waitUntilExit()
    return ProgramOutput(status: process.terminationStatus, output: texts.0, errors: texts.1)
}

private func readAll(_ pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
            continuation.resume(returning: String(decoding: data, as: UTF8.self))
        }
    }
}

enum Programs {
    /// The `foreshard` that was built beside these tests.
    static let foreshard: String = {
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("foreshard").path
    }()

    static let drivers: String =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Drivers"

    static func postgres(_ name: String) -> String { "/usr/lib/postgresql/15/bin/\(name)" }
}

/// A `foreshard serve` that runs in the background.
final class ServingProgram: Sendable {
    private let process: Process
    private let log: String

    /// Starts it and returns when it listens; throws with its output when it ends before.
    static func start(config: String, environment: [String: String] = [:]) async throws -> ServingProgram {
        let log = "\(config).\(UUID().uuidString).log"
        #expect(FileManager.default.createFile(atPath: log, contents: nil))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Programs.foreshard)
        process.arguments = ["serve", "--config", config]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let program = ServingProgram(process, log)
        try await program.waitUntil("it listens") { program.output.contains("foreshard listens on") }
        return program
    }

    private init(_ process: Process, _ log: String) {
        self.process = process
        self.log = log
    }

    /// A test that failed on its way leaves nothing running.
    deinit { if process.isRunning { process.terminate() } }

    var output: String { FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    var isRunning: Bool { process.isRunning }

    /// Asks it to end and waits for that.
    func stop() async {
        if process.isRunning { process.terminate() }
        for _ in 0..<600 where process.isRunning { try? await Task.sleep(for: .milliseconds(50)) }
        if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    }

    /// Tells it to read its certificates again.
    func hangUp() { Glibc.kill(process.processIdentifier, SIGHUP) }

    /// It has no time for anything.
    func kill() async {
        Glibc.kill(process.processIdentifier, SIGKILL)
        _ = await waitForDeath()
    }

    func waitForDeath(within seconds: Int = 60) async -> Bool {
        for _ in 0..<(seconds * 50) where process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
        return !process.isRunning
    }

    /// Waits for a condition while the program runs.
    func waitUntil(_ what: String, within seconds: Int = 60, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        repeat {
            if try await condition() { return }
            guard process.isRunning else { throw ProgramEnded(what: what, output: output) }
            try await Task.sleep(for: .milliseconds(50))
        } while ContinuousClock.now < deadline
        throw ProgramEnded(what: "\(what) within \(seconds) s", output: output)
    }
}

struct ProgramEnded: Error, CustomStringConvertible {
    let what: String
    let output: String
    var description: String { "waiting until \(what): \(output)" }
}
