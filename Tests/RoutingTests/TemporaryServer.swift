import Foundation

// A real PostgreSQL in a temporary folder, reached with psql. It listens on a Unix socket in that folder only. As root
// it runs as the user postgres, because PostgreSQL refuses to run as root.

final class TemporaryServer {
    private static let programs = "/usr/lib/postgresql/15/bin"
    private let folder: URL
    private let server: Process

    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: "\(programs)/postgres") }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "foreshard-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        if getuid() == 0 { try Self.run("/bin/chown", ["postgres", folder.path]) }
        let data = folder.appending(path: "data").path
        try Self.run(asServer: "initdb", ["-D", data, "-U", "postgres", "-E", "UTF8", "--no-sync", "-A", "trust"])
        server = try Self.start(
            asServer: "postgres",
            ["-D", data, "-k", folder.path, "-h", "", "-p", "54399", "-F"]
        )
        try waitUntilReady()
    }

    deinit {
        // SIGINT is PostgreSQL's fast shutdown; runuser passes SIGTERM on, which waits for clients: there are none.
        server.terminate()
        server.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// The rows of a query, their columns separated by tabs; with the errors among them when these do not stop it.
    func query(_ sql: String, stopsAtErrors: Bool = true) throws -> [String] {
        let output = try Self.run(
            asServer: "psql",
            [
                "-h", folder.path, "-p", "54399", "-U", "postgres", "-XAtq", "-F", "\t", "-v",
                "ON_ERROR_STOP=\(stopsAtErrors ? 1 : 0)", "-f", "-",
            ],
            input: sql
        )
        return output.split(separator: "\n").map(String.init)
    }

    private func waitUntilReady() throws {
        let socket = folder.appending(path: ".s.PGSQL.54399").path
        let deadline = Date().addingTimeInterval(30)
        while Date() < deadline {
            if FileManager.default.fileExists(atPath: socket), (try? query("SELECT 1")) == ["1"] { return }
            guard server.isRunning else { throw ProgramFailure(program: "postgres", output: "it ended at start") }
            usleep(50_000)
        }
        throw ProgramFailure(program: "postgres", output: "it did not accept connections within 30 s")
    }

    // MARK: Programs

    struct ProgramFailure: Error {
        let program: String
        let output: String
    }

    @discardableResult
    private static func run(asServer program: String, _ arguments: [String], input: String = "") throws -> String {
        let (path, all) = command(program, arguments)
        return try run(path, all, input: input)
    }

    private static func command(_ program: String, _ arguments: [String]) -> (String, [String]) {
        let path = "\(programs)/\(program)"
        guard getuid() == 0 else { return (path, arguments) }
        return ("/usr/bin/setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path] + arguments)
    }

    private static func start(asServer program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        let (path, all) = command(program, arguments)
        process.executableURL = URL(filePath: path)
        process.arguments = all
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    @discardableResult
    private static func run(_ path: String, _ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        let output = Pipe()
        let inputFile = FileManager.default.temporaryDirectory.appending(path: "foreshard-\(UUID().uuidString).sql")
        try Data(input.utf8).write(to: inputFile)
        defer { try? FileManager.default.removeItem(at: inputFile) }
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ProgramFailure(program: path, output: text) }
        return text
    }
}
