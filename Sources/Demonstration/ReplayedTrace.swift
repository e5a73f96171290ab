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

    func load(_ stage: Stage, shares: [SegmentID: Double]) throws -> ReplayedLoad {
        ReplayedLoad(curve: curve(stage), history: try history(stage, shares: shares), events: events)
    }

    /// The rate of visits during the replay, in real time.
    private func curve(_ stage: Stage) -> RateCurve {
        let minutes = Int((stage.end - stage.start).inSeconds / 60)
        let rates = (0...minutes).map { minute in
            (requests[stage.start + .seconds(60 * minute)] ?? 0) * stage.visitsPerRequest
        }
        return RateCurve(spacing: 60 / stage.acceleration, rates: rates)
    }

    /// Each segment's load before the replay: the trace's demand, as it would be measured with enough capacity. (The
    /// homes of the replay do not have enough: they would have been full at the higher peaks of those weeks.)
    private func history(_ stage: Stage, shares: [SegmentID: Double]) throws -> [SegmentID: LoadSeries] {
        let whole = try requests.window(from: stage.historyStart, to: stage.start)
            .resampled(to: .seconds(300), missingTolerated: 0.5)
            .scaled(by: stage.visitsPerRequest * stage.busySeconds)
        return shares.mapValues { whole.scaled(by: $0) }
    }
}

/// Why the demonstration cannot go on, in words for the user.
package struct DemonstrationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
