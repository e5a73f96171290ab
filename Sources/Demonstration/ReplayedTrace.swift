// The World Cup trace as the demonstration uses it: up to four weeks before the replay become the segments' history,
// the replay itself becomes a curve of visits per second.
import ClusterModel
import Forecasting
import Foundation
import Routing
import Traces
import Workload

struct ReplayedTrace: Sendable {
    /// Requests per minute.
    let requests: LoadSeries
    let events: [ScheduledEvent]

    /// Reads the files that come with the product.
    init() throws {
        let directory = Bundle.module.resourcePath.map { $0 + "/worldcup98" } ?? ""
        let loads = try LoadTrace.read(path: directory + "/load.csv", step: .seconds(60))
        guard let site = loads["site"] else { throw DemonstrationError("the trace has no series `site`") }
        requests = site
        events = try EventTrace(path: directory + "/events.csv").scheduled.map { event in
            ScheduledEvent(kind: event.kind, label: event.label, start: event.start, end: event.end)
        }
    }

    /// The rate of visits during the replay, in real time.
    func curve(_ scenario: Scenario) -> RateCurve {
        let minutes = Int((scenario.end - scenario.start).inSeconds / 60)
        let rates = (0...minutes).map { minute in
            (requests[scenario.start + .seconds(60 * minute)] ?? 0) * scenario.visitsPerRequest
        }
        return RateCurve(spacing: 60 / scenario.acceleration, rates: rates)
    }

    /// Each segment's load before the replay: the trace's demand, as it would be measured with enough capacity. (The
    /// homes of the replay do not have enough: they would have been full at the higher peaks of those weeks.)
    func history(_ scenario: Scenario, shares: [SegmentID: Double]) throws -> [SegmentID: LoadSeries] {
        let whole = try requests.window(from: scenario.day.historyStart, to: scenario.start)
            .resampled(to: .seconds(300), missingTolerated: 0.5)
            .scaled(by: scenario.visitsPerRequest * scenario.busySeconds)
        return shares.mapValues { whole.scaled(by: $0) }
    }

    /// The share of all visits that each segment gets, from the distribution of the keys.
    static func shares(of segments: [Segment], keys: ZipfKeys) -> [SegmentID: Double] {
        var shares = Dictionary(uniqueKeysWithValues: segments.map { ($0.id, 0.0) })
        for (key, probability) in keys.probabilities {
            let position = PostgresHash.int8(key)
            if let segment = segments.first(where: { $0.arc.contains(position) }) {
                shares[segment.id, default: 0] += probability
            }
        }
        return shares
    }
}

/// Why the demonstration cannot go on, in words for the user.
package struct DemonstrationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
