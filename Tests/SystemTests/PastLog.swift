// Logs of days that are over: an entry that a real server wrote, again and again at other times and with other keys.
import ClusterModel
import Foundation
import Testing

struct PastLog {
    static let filesPerDay = 12
    private static let perDay = 288
    private static let step = Duration.seconds(300)
    private static let entriesPerStep = 40
    private static let key = 7_654_321

    private let entry: String

    /// Has the first home of `cluster` log a statement, and takes that entry.
    init(like cluster: TestCluster) async throws {
        _ = try await cluster.home(1, "SELECT v FROM kv WHERE k = \(Self.key)")
        entry = try await Self.entry(containing: "k = \(Self.key)", in: cluster)
    }

    /// Waits for a server to write it: the collector of its log is another process.
    static func entry(containing text: String, in cluster: TestCluster) async throws -> String {
        let log = cluster.homes[0].dataDirectory + "/log/server.csv"
        for _ in 0..<500 {
            let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
            if let line = lines.first(where: { $0.contains(text) && $0.contains("duration:") }) { return String(line) }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NothingLogged(text: text)
    }

    struct NothingLogged: Error { let text: String }

    /// Writes a log for every two hours of the days before the present one, with a load that has a day's curve.
    func write(days: Int, to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let end = Timestamp(seconds: Int64(Date().timeIntervalSince1970)).floored(to: Self.step)
        let stepsPerFile = Self.perDay / Self.filesPerDay
        for file in 0..<days * Self.filesPerDay {
            var text = ""
            for step in file * stepsPerFile..<(file + 1) * stepsPerFile {
                let start = end - Self.step * (days * Self.perDay - step)
                for number in 0..<Self.entriesPerStep { text += try line(start, number, step: step) + "\n" }
            }
            let name = directory + "/server-" + String(String(1000 + file).dropFirst()) + ".csv"
            try text.write(toFile: name, atomically: true, encoding: .utf8)
        }
    }

    /// Ends a few seconds into the step, or later.
    private func line(_ start: Timestamp, _ number: Int, step: Int) throws -> String {
        let at = start + .seconds(5 + number * 7) + .milliseconds(1)
        let share = 1 + 0.7 * sin(Double(step % Self.perDay) / Double(Self.perDay) * 2 * .pi)
        let milliseconds = 400 * share * Double(5 + (step * 31 + number * 17) % 7)
        let comma = try #require(entry.firstIndex(of: ","))
        let time = at.description.replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: " UTC")
        return time
            + entry[comma...]
            .replacingOccurrences(of: "\(Self.key)", with: "\(step * Self.entriesPerStep + number)")
            .replacingOccurrences(
                of: "duration: [0-9.]+ ms", with: "duration: \(String(format: "%.3f", milliseconds)) ms",
                options: .regularExpression)
    }
}
