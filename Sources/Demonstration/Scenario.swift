// The numbers of the demonstration, in one place. Times are of the trace (UTC), rates follow from the two anchors below.
//
// Capacity is emulated: an instance serves as many statements at once as the router may hold connections to it, and each
// visit holds one for the service time (pg_sleep inside the statements). So one machine can play several, and what is
// measured is queueing, not the machine's processors.
import ClusterModel
import Foundation
import Workload

struct Scenario: Sendable {
    /// The replayed part of the trace's peak day.
    var start = Scenario.time("1998-06-30T13:30:00Z")
    var end = Scenario.time("1998-07-01T00:15:00Z")
    /// Whether segments have to be home at the end.
    var endsAfterThePeak = true

    static let full = Scenario()
    /// The first of the day's two matches. Its segments stay where they are, for the second one is expected.
    static let quick = Scenario(
        start: Scenario.time("1998-06-30T13:30:00Z"), end: Scenario.time("1998-06-30T16:45:00Z"), endsAfterThePeak: false)

    /// Cluster seconds in a real second.
    let acceleration = 530.0

    let shop = Shop.demonstration
    let segments = 12
    let keyExponent = 0.9
    let seed: UInt64 = 19_980_630

    let homes = 2
    let homeConnections = 4
    let contingents = 2
    let contingentConnections = 8

    let serviceTime = Duration.milliseconds(50)
    /// What a visit adds to the service time at the back-end: its statements' own work and their way.
    let overhead = Duration.milliseconds(3)
    let orderShare = 0.15
    let clientConnections = 400

    /// Requests per minute of the trace at which the homes together are exactly full.
    let requestsWhenHomesAreFull = 100_000.0
    /// Of the p99 in each second, as P-Store (SIGMOD'18) has it.
    let latencyObjective = Duration.milliseconds(500)
    let threshold = 0.8
    let prepareConfidence = 0.2
    let confidenceLevel = 0.5
    let historyDays = 28

    /// Seconds of back-end time for one visit.
    var busySeconds: Double { (serviceTime + overhead).inSeconds }

    /// Visits per second for one request per minute of the trace.
    var visitsPerRequest: Double { Double(homes * homeConnections) / busySeconds / requestsWhenHomesAreFull }

    var realSeconds: Double { (end - start).inSeconds / acceleration }

    func clusterTime(atSecond second: Double) -> Timestamp { start + .seconds(second * acceleration) }

    private static func time(_ text: String) -> Timestamp {
        guard let time = Timestamp(text) else { preconditionFailure("not a time: \(text)") }
        return time
    }
}
