// Every judged forecast as a table that anyone can score with tools of their own:
// `origin,segment,timestamp,model,mean,q05,q10,q25,q50,q75,q90,q95,q99`. The timestamp is the start of the step, as in the
// trace; the origin is the end of the last step that was known.

import ClusterModel
import Forecasting
import Foundation

/// Writes `forecasts.csv`, a series at a time.
package struct ForecastsFile: ~Copyable {
    private let handle: FileHandle
    private static let header = "origin,segment,timestamp,model,mean,q05,q10,q25,q50,q75,q90,q95,q99\n"

    /// - Throws: `EvaluationError`.
    package init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: Data(Self.header.utf8)),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw EvaluationError("cannot write \(path): is the directory there, and writable?") }
        try handle.seekToEnd()
        self.handle = handle
    }

    package func write(_ segment: SegmentID, step: Duration, _ forecasts: [IssuedForecast]) throws {
        let name = Self.quoted(segment.text)
        for forecast in forecasts {
            var lines = ""
            for model in forecast.models {
                for forecastStep in model.steps {
                    let values = [forecastStep.curve.mean] + forecastStep.quantiles.map(\.value)
                    let numbers = values.map(Self.number).joined(separator: ",")
                    lines +=
                        "\(forecast.origin),\(name),\(forecastStep.at - step),\(Self.quoted(model.model)),\(numbers)\n"
                }
            }
            try handle.write(contentsOf: Data(lines.utf8))
        }
    }

    package consuming func close() throws { try handle.close() }

    /// Six significant digits: more than any forecast is good for.
    private static func number(_ value: Double) -> String { String(format: "%.6g", value) }

    static func quoted(_ field: String) -> String {
        guard field.contains(where: { ",\"\n\r".contains($0) }) else { return field }
        return "\"\(field.replacing("\"", with: "\"\""))\""
    }
}

/// What stands in the way of an evaluation, in words for the user.
package struct EvaluationError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
