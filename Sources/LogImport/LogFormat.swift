import ClusterModel

/// How a server writes its log.
package enum LogFormat: String, Sendable, CaseIterable {
    case csvlog, jsonlog, stderr

    /// A log may begin in the middle of an entry: so many lines are looked at.
    private static let linesMax = 50

    /// By the beginning of a log; nil when it is none of the three.
    static func detected(in sample: UnsafeRawBufferPointer) -> LogFormat? {
        var index = 0
        for _ in 0..<linesMax {
            guard let newline = sample.place(of: .newline, from: index) else { break }
            let line = sample.part(index, newline)
            if line.begins(with: "{\"timestamp\":") { return .jsonlog }
            if isRow(line) { return .csvlog }
            index = newline + 1
        }
        return LinePrefix.detected(in: sample) == nil ? nil : .stderr
    }

    /// A time, a comma, and a user's quoted name or nothing.
    private static func isRow(_ line: UnsafeRawBufferPointer) -> Bool {
        guard CSVReader.looksLikeStart(line), let comma = line.place(of: .comma), comma < 40 else { return false }
        return line.hasByte(.quote, at: comma + 1) || line.hasByte(.comma, at: comma + 1)
    }
}
