// The back-test as a user runs it: files from a trace, and errors that help.
import Foundation
import Testing

@Suite struct BacktestCommandTests {
    private func withTrace(_ body: (_ directory: String) async throws -> Void) async throws {
        let directory = NSTemporaryDirectory() + "foreshard-backtest-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // Three days; the load is four times as high from noon to two.
        let lines = (0..<3 * 288).map { step -> String in
            let minutes = step % 288 * 5
            let at = String(format: "2026-03-%02dT%02d:%02d:00Z", step / 288 + 1, minutes / 60, minutes % 60)
            return "\(at),shop,\(720..<840 ~= minutes ? 40 : 10)"
        }
        try (["timestamp,segment,load"] + lines).joined(separator: "\n").write(
            toFile: directory + "/load.csv", atomically: true, encoding: .utf8)
        try await body(directory)
    }

    @Test func writesWhatItFound() async throws {
        try await withTrace { directory in
            let run = try await runProgram(
                Programs.foreshard,
                [
                    "backtest", "--trace", directory + "/load.csv", "--until", "2026-03-03T15:00:00Z", "--last", "5h",
                    "--segments", "8", "--policies", "static_peak,reactive,oracle", "--out", directory + "/out",
                ])
            #expect(run.status == 0, "\(run.all)")
            #expect(run.output.contains("VIOLATION S") && run.output.contains("oracle"), "\(run.output)")

            let json = try Data(contentsOf: URL(fileURLWithPath: directory + "/out/summary.json"))
            let summary = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
            let policies = try #require(summary["policies"] as? [String: [String: Any]])
            #expect(Set(policies.keys) == ["static_peak", "reactive", "oracle"])
            #expect(policies["static_peak"]?["violation_seconds"] as? Double == 0)
            #expect((policies["oracle"]?["moves"] as? Int ?? 0) > 0)
            #expect(summary["trace"] as? String == "load" && summary["segments"] as? Int == 8)

            let series = try String(contentsOfFile: directory + "/out/series.csv", encoding: .utf8)
            #expect(series.hasPrefix("timestamp,policy,load,instances,violation_seconds\n2026-03-03T10:05:00Z,"))
            #expect(series.split(separator: "\n").count == 1 + 3 * 60)
            let moves = try String(contentsOfFile: directory + "/out/moves.csv", encoding: .utf8)
            #expect(moves.contains(",oracle,prepare,") && moves.contains(",oracle,cut_over,"), "\(moves.prefix(600))")
            let report = try String(contentsOfFile: directory + "/out/report.html", encoding: .utf8)
            #expect(report.contains("<svg") && report.contains("What Foreshard would have done with load"))
        }
    }

    @Test(arguments: [
        (["--last", "30d"], "replay less of them with --last"), (["--policies", "luck"], "there is no policy `luck`"),
        (["--last", "soon"], "--last has to be a length of time"),
        (["--segments", "0"], "--segments has to be from 1"),
        (["--until", "tomorrow"], "--until has to be a time"),
    ]) func saysWhatIsWrong(arguments: [String], expected: String) async throws {
        try await withTrace { directory in
            let run = try await runProgram(
                Programs.foreshard,
                ["backtest", "--trace", directory + "/load.csv", "--out", directory + "/out"] + arguments)
            #expect(run.status != 0 && run.errors.contains(expected), "\(run.all)")
            #expect(!FileManager.default.fileExists(atPath: directory + "/out/summary.json"))
        }
    }

    @Test func needsSomethingToReplay() async throws {
        let run = try await runProgram(Programs.foreshard, ["backtest", "--out", NSTemporaryDirectory()])
        #expect(run.status != 0 && run.errors.contains("give a --trace, or a --config with a history"), "\(run.all)")
    }
}
