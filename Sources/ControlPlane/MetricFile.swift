// One metric of one CSV file, read again whenever the file has changed. A file that has become wrong leaves what was
// known.
import ClusterModel
import Forecasting
import Foundation
import Traces

actor MetricFile {
    private struct Stamp: Equatable {
        let size: Int
        let changed: Date
    }

    private let metric: String
    private let path: String
    private let step: Duration
    private var stamp: Stamp?
    private(set) var series: LoadSeries

    init(metric: String, path: String, step: Duration) throws {
        self.metric = metric
        self.path = path
        self.step = step
        stamp = Self.stamp(path)
        series = try Self.read(metric, path, step)
    }

    func refresh() throws {
        let present = Self.stamp(path)
        guard present == nil || present != stamp else { return }
        series = try Self.read(metric, path, step)
        stamp = present
    }

    /// Nil when the file is not there.
    private static func stamp(_ path: String) -> Stamp? {
        guard let found = try? FileManager.default.attributesOfItem(atPath: path), let size = found[.size] as? Int,
            let changed = found[.modificationDate] as? Date
        else { return nil }
        return Stamp(size: size, changed: changed)
    }

    private static func read(_ metric: String, _ path: String, _ step: Duration) throws -> LoadSeries {
        switch try MetricTrace.read(path: path, step: step) {
        case .one(let series): return series
        case .named(let all):
            guard let series = all[metric] else {
                throw ClusterError(
                    "\(path) has no metric `\(metric)`. It has \(all.keys.sorted().prefix(10).joined(separator: ", "))")
            }
            return series
        }
    }
}
