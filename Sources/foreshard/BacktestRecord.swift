// The loads that a back-test starts from: a trace, or what a server has collected.
import ArgumentParser
import Backtest
import ClusterModel
import Forecasting
import Foundation
import History
import Settings
import Traces

struct BacktestRecord {
    let loads: [(segment: SegmentID, load: LoadSeries)]

    init(trace: String?, configuration: Configuration?, equalMeans: Bool) throws {
        var loads: [(segment: SegmentID, load: LoadSeries)]
        if let trace {
            loads = try Self.read(trace)
        } else if let configuration {
            loads = try Self.collected(by: configuration)
        } else {
            throw ValidationError("give a --trace, or a --config with a history")
        }
        loads = loads.filter { $0.load.presentCount > 0 }
        guard !loads.isEmpty else { throw ValidationError("there is no load to replay") }
        self.loads = equalMeans ? loads.map { ($0.segment, Self.ofMeanOne($0.load)) } : loads
    }

    private static func read(_ path: String) throws -> [(segment: SegmentID, load: LoadSeries)] {
        guard let own = try LoadTrace.step(path: path) else {
            throw ValidationError("\(path) has no two readings of one segment")
        }
        let step = SegmentLoads.forecastStep.wholeMilliseconds
        guard step % own.wholeMilliseconds == 0 || own.wholeMilliseconds % step == 0 else {
            throw ValidationError("the trace's step has to divide 5 minutes or be a multiple of them, not \(own)")
        }
        return try LoadTrace.read(path: path, step: own).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func collected(by configuration: Configuration) throws -> [(segment: SegmentID, load: LoadSeries)] {
        let path = configuration.dataDirectory + "/history.sqlite"
        guard FileManager.default.fileExists(atPath: path) else {
            throw ValidationError("there is no history in \(path): run `foreshard serve` or `foreshard import` first")
        }
        let history = try HistoryStore(path: path)
        defer { try? history.close() }
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let all = try history.loads(
            step: SegmentLoads.forecastStep, from: now - .seconds(61 * 86_400), to: now)
        guard let first = all.values.compactMap(\.firstMeasured).min(),
            let last = all.values.compactMap(\.lastMeasured).max()
        else { throw ValidationError("the history in \(path) holds no load of the last 61 days") }
        return all.sorted { $0.key < $1.key }.map {
            ($0.key, $0.value.window(from: first, to: last + SegmentLoads.forecastStep))
        }
    }

    private static func ofMeanOne(_ load: LoadSeries) -> LoadSeries {
        let present = load.values.filter { !$0.isNaN }
        return load.scaled(by: 1 / max(1e-9, present.reduce(0, +) / Double(present.count)))
    }
}

extension LoadSeries {
    /// The start of the first step with a value; nil when there is none.
    fileprivate var firstMeasured: Timestamp? {
        values.firstIndex { !$0.isNaN }.map { start + .seconds(step.inSeconds * Double($0)) }
    }

    fileprivate var lastMeasured: Timestamp? {
        values.lastIndex { !$0.isNaN }.map { start + .seconds(step.inSeconds * Double($0)) }
    }
}
