// Every judged step as a table that anyone can score with tools of their own: `timestamp,segment,value,expected,score,kind`.
// The timestamp is the start of the step, as in the trace; an empty value is a missing reading, an empty kind no anomaly.

import ClusterModel
import Foundation

/// Writes `scores.csv`, a segment at a time.
package struct AnomalyScoresFile {
    private let handle: FileHandle

    /// - Throws: `EvaluationError`.
    package init(path: String) throws {
        let header = Data("timestamp,segment,value,expected,score,kind\n".utf8)
        guard FileManager.default.createFile(atPath: path, contents: header),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw EvaluationError("cannot write \(path): is the directory there, and writable?") }
        try handle.seekToEnd()
        self.handle = handle
    }

    package func write(_ segment: SegmentID, _ loads: [JudgedLoad]) throws {
        let name = ForecastsFile.quoted(segment.text)
        var lines = ""
        for load in loads {
            let value = load.value.map { "\($0)" } ?? ""
            let expected = load.expected.map { String(format: "%.6g", $0) } ?? ""
            // All digits of the score, so that another scorer finds the same thresholds.
            lines += "\(load.at),\(name),\(value),\(expected),\(load.score),\(load.anomaly?.kind.rawValue ?? "")\n"
        }
        try handle.write(contentsOf: Data(lines.utf8))
    }

    package func close() throws { try handle.close() }
}
