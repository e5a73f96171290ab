// The built program learns the past from a server's own log, and shows it.
import Foundation
import PostgresClient
import Testing

@Suite struct ImportCommandTests {
    private static let logging = [
        "logging_collector": "on", "log_destination": "csvlog", "log_filename": "server.log",
        "log_min_duration_statement": "0", "log_timezone": "UTC",
    ]

    @Test func aRealLogIsTakenInOnce() async throws {
        let cluster = try await TestCluster.start(settings: Self.logging)
        let client = try await PostgresConnection.connect(to: cluster.endpoints[0])
        for key in 1...40 { try await client.execute("INSERT INTO kv (k, v) VALUES ($1, 'x')", ["\(key)"]) }
        try await client.query("SELECT pg_sleep(0.2), v FROM kv WHERE k = 7")
        try await client.query("SELECT count(*) FROM kv")
        await client.close()
        let logs = cluster.homes[0].dataDirectory + "/log"
        _ = try await PastLog.entry(containing: "SELECT count(*) FROM kv", in: cluster)

        let dry = try await cluster.foreshard("import", "--dry-run", logs)
        #expect(dry.status == 0 && dry.output.contains("dry run, nothing is stored"), "\(dry.all)")
        #expect(dry.output.contains("42 statements counted"), "\(dry.all)")
        #expect(!FileManager.default.fileExists(atPath: cluster.directory + "/data/history.sqlite"))

        let first = try await cluster.foreshard("import", logs)
        #expect(first.status == 0 && first.output.contains("42 statements counted"), "\(first.all)")
        #expect(first.output.contains("server.csv") && first.output.contains("csvlog"), "\(first.all)")
        for segment in 0..<4 { #expect(first.output.contains("kv-\(segment)"), "\(first.all)") }
        #expect(!first.output.contains("history: 0 records added"), "\(first.all)")

        // The server has written nothing since, and then one more statement.
        let second = try await cluster.foreshard("import", logs)
        #expect(second.status == 0 && second.output.contains("0 statements counted"), "\(second.all)")
        #expect(second.output.contains("history: 0 records added"), "\(second.all)")
        _ = try await cluster.home(1, "SELECT v FROM kv WHERE k = 8")
        _ = try await PastLog.entry(containing: "k = 8", in: cluster)
        let third = try await cluster.foreshard("import", logs)
        #expect(third.output.contains("1 statements counted"), "\(third.all)")
        await cluster.stop()
    }

    @Test func aKilledImportGoesOnAndAServerForecastsFromIt() async throws {
        // A forecast with the first measurement, by a model that learns at once.
        let forecast = "forecast: {models: [spar]}"
        let killed = try await TestCluster.start(extra: forecast, settings: Self.logging)
        let whole = try await TestCluster.start(extra: forecast)
        let logs = killed.directory + "/days"
        try await PastLog(like: killed).write(days: 4, to: logs)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: Programs.foreshard)
        process.arguments = ["import", logs, "--config", killed.config]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        while process.isRunning, try await Self.logsRead(by: killed) == 0 {
            try await Task.sleep(for: .milliseconds(2))
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let read = try await Self.logsRead(by: killed)
        #expect((1..<PastLog.filesPerDay * 4).contains(read), "killed after \(read) logs")
        let rest = try await killed.foreshard("import", logs)
        #expect(rest.status == 0, "\(rest.all)")
        let again = try await killed.foreshard("import", logs)
        #expect(again.output.contains("history: 0 records added"), "\(again.all)")
        let uninterrupted = try await withTerminal(whole, "import", logs)
        for part in [" MB/s  ", " lines  ", " s left  "] {
            #expect(uninterrupted.output.contains(part), "\(uninterrupted.all)")
        }

        let past = try await Self.past(killed)
        let expected = try await Self.past(whole)
        // Steps of the present are the router's own.
        #expect(past.count > 500 && past.dropLast(3).elementsEqual(expected.prefix(past.count - 3), by: ==))

        try await Self.drawsThePast(of: killed)
        await killed.stop()
        await whole.stop()
    }

    /// On a terminal, which is where progress is shown.
    private func withTerminal(_ cluster: TestCluster, _ arguments: String...) async throws -> ProgramOutput {
        let command = ([Programs.foreshard] + arguments + ["--config", cluster.config]).map { "'\($0)'" }
        return try await runProgram("/usr/bin/script", ["-qefc", command.joined(separator: " "), "/dev/null"])
    }

    private static func logsRead(by cluster: TestCluster) async throws -> Int {
        let file = cluster.directory + "/data/history.sqlite"
        guard FileManager.default.fileExists(atPath: file) else { return 0 }
        let count = """
            import sqlite3, sys
            try: print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM import_source").fetchone()[0])
            except sqlite3.Error: print(0)
            """
        let result = try await runProgram("/usr/bin/python3", ["-c", count, file])
        return Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// The loads of the last two days as a server has them that starts now.
    private static func past(_ cluster: TestCluster) async throws -> [Double?] {
        let program = try await ServingProgram.start(config: cluster.config)
        let token = try String(contentsOfFile: cluster.directory + "/data/admin.token", encoding: .utf8)
        let answer = try await runProgram(
            "/usr/bin/curl",
            [
                "-sf", "-H", "Authorization: Bearer \(token.trimmingCharacters(in: .whitespacesAndNewlines))",
                "http://127.0.0.1:\(cluster.adminPort)/api/past?subject=kv-1",
            ])
        await program.stop()
        struct View: Decodable { let loads: [Double?] }
        return try JSONDecoder().decode(View.self, from: Data(answer.output.utf8)).loads
    }

    private static func drawsThePast(of cluster: TestCluster) async throws {
        let program = try await ServingProgram.start(config: cluster.config)
        try await program.waitUntil("there is a forecast") {
            try await cluster.foreshard("forecast").output.contains("kv-1")
        }
        let table = try await cluster.foreshard("forecast", "kv-1").output
        #expect(table.contains("kv-1: issued") && table.contains("MEDIAN") && !table.contains("model none"), "\(table)")

        let picture = cluster.directory + "/out.svg"
        let drawn = try await cluster.foreshard("forecast", "kv-1", "--plot", picture)
        #expect(drawn.status == 0 && drawn.errors.contains("drawn: \(picture)"), "\(drawn.all)")
        let svg = try String(contentsOfFile: picture, encoding: .utf8)
        let check = try await runProgram(
            "/usr/bin/python3", ["-c", "import sys, xml.dom.minidom as x; x.parse(sys.argv[1])", picture])
        #expect(check.status == 0, "\(check.all)")
        #expect(svg.hasPrefix("<svg ") && svg.contains(">kv-1<"))
        // Two days of five minutes, a band for half of the cases and one for most, and the median.
        let lines = svg.split(separator: "\n").filter { $0.hasPrefix("<polyline") }
        #expect(lines.contains { $0.split(separator: " ").count > 500 }, "the past")
        #expect(lines.count >= 2 && svg.ranges(of: "<polygon").count == 2, "what is expected")
        let nobody = try await cluster.foreshard("forecast", "mars", "--plot", picture)
        #expect(nobody.status != 0 && nobody.all.contains("nothing to draw"), "\(nobody.all)")
        let nowhere = try await cluster.foreshard("forecast", "kv-1", "--plot", "/nonexistent/out.svg")
        #expect(nowhere.status != 0 && nowhere.all.contains("cannot write /nonexistent/out.svg"), "\(nowhere.all)")
        await program.stop()
    }
}
