import ClusterModel
import Foundation

/// How long each named step took, every time.
struct Laps {
    private var values: [(name: String, seconds: [Double])] = []

    mutating func add(_ name: String, _ time: Duration) {
        let index = values.firstIndex { $0.name == name }
        if let index { values[index].seconds.append(time.inSeconds) } else { values.append((name, [time.inSeconds])) }
    }

    /// Measures a step, and keeps its time.
    mutating func time<Result>(_ name: String, _ body: () async throws -> Result) async throws -> (Result, Duration) {
        let begin = ContinuousClock.now
        let result = try await body()
        let time = ContinuousClock.now - begin
        add(name, time)
        return (result, time)
    }

    /// In milliseconds.
    var table: String {
        var lines = [
            "  " + Self.column("milliseconds", 42) + ["times", "median", "p95", "max"].map { Self.right($0) }.joined()
        ]
        for (name, seconds) in values {
            let sorted = seconds.sorted()
            let shown = [0.5, 0.95, 1].map { level in
                let rank = max(1, Int((level * Double(sorted.count)).rounded(.up)))
                return Self.right(String(format: "%.1f", sorted[rank - 1] * 1e3))
            }
            lines.append("  " + Self.column(name, 42) + Self.right("\(sorted.count)") + shown.joined())
        }
        return lines.joined(separator: "\n")
    }

    private static func column(_ text: String, _ width: Int) -> String {
        text.padding(toLength: width, withPad: " ", startingAt: 0)
    }

    private static func right(_ text: String) -> String { String(repeating: " ", count: max(1, 9 - text.count)) + text }
}
