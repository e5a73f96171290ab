import ClusterModel
import Forecasting
import Foundation
import Testing

@testable import Traces

private func read(_ text: String, step: Duration = .seconds(300)) throws -> MetricTrace {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("metric-\(UUID().uuidString).csv").path
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try MetricTrace.read(path: path, step: step)
}

private func values(_ series: LoadSeries?) -> [Double]? { series?.values.map { $0.isNaN ? -99 : $0 } }

@Suite struct MetricTraceTests {
    @Test func readingsAreAveragedOntoTheGrid() throws {
        let text = """
            timestamp,value
            2024-01-01T00:07:00Z,-1
            2024-01-01T00:09:59Z,2
            2024-01-01T00:11:00Z,
            2024-01-01T00:16:00Z,7

            """
        guard case .one(let series) = try read(text) else { throw CancellationError() }
        #expect(series.start == Timestamp("2024-01-01T00:05:00Z"))
        #expect(values(series) == [0.5, -99, 7])
    }

    @Test func oneFileHasSeveralMetrics() throws {
        let text = """
            timestamp,metric,value
            2024-01-01T00:00:00Z,queue,1
            2024-01-01T00:00:00Z,"sign, ups",5
            2024-01-01T00:05:00Z,queue,2

            """
        guard case .named(let all) = try read(text) else { throw CancellationError() }
        #expect(values(all["queue"]) == [1, 2])
        #expect(values(all["sign, ups"]) == [5])
        #expect(all.count == 2)
    }

    @Test func nothingInAFileIsNoMetric() throws {
        guard case .one(let series) = try read("timestamp,value\n") else { throw CancellationError() }
        #expect(series.values.isEmpty)
        guard case .named(let all) = try read("timestamp,metric,value\n") else { throw CancellationError() }
        #expect(all.isEmpty)
    }

    @Test(
        arguments: [
            ("", TraceError.Code.wrongHeader, 1, "`timestamp,value` or `timestamp,metric,value`"),
            ("timestamp,load\n", .wrongHeader, 1, "not `timestamp,load`"),
            ("timestamp,value\nnow,1\n", .notATimestamp, 2, "is not a timestamp"),
            ("timestamp,value\n2024-01-01T00:00:00Z,many\n", .notANumber, 2, "`many` is not a number"),
            ("timestamp,value\n2024-01-01T00:00:00Z,inf\n", .notANumber, 2, "is not a number"),
            ("timestamp,value\n2024-01-01T00:00:00Z,1,2\n", .wrongColumnCount, 2, "3 columns"),
            ("timestamp,metric,value\n2024-01-01T00:00:00Z,,2\n", .emptyMetric, 2, "name a metric"),
            ("timestamp,value\n2024-01-01T00:00:00Z,1\n2024-01-01T00:00:00Z,1\n", .notInOrder, 3, "sort each metric"),
            ("timestamp,value\n2024-01-01T00:00:00Z,1\n2094-01-01T00:00:00Z,1\n", .lastsTooLong, 3, "correct one"),
            ("timestamp,value\n2024-01-01T00:00:00Z,1\n2024-01-01T01:00:00Z,1\n", .tooCoarse, 3, "3600 s apart"),
        ] as [(String, TraceError.Code, Int, String)])
    func saysWhereItIsWrong(text: String, code: TraceError.Code, line: Int, words: String) throws {
        let error = #expect(throws: TraceError.self) { try read(text) }
        #expect(error?.code == code && error?.line == line)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
