// The numbers of the demonstration, in one place. Times are of the trace (UTC), rates follow from the two anchors below.
//
// Capacity is emulated: an instance serves as many statements at once as the router may hold connections to it, and each
// visit holds one for the service time (pg_sleep inside the statements). So one machine can play several, and what is
// measured is queueing, not the machine's processors.
import ClusterModel
import Foundation
import Workload

struct Scenario: Sendable {
    /// Which day of the trace, and how much of it.
    let day: ReplayedDay
    /// What is replayed.
    var start: Timestamp { day.start }
    var end: Timestamp { day.end }
    /// Whether segments have to be home at the end. In the short replay they stay where they are: on the default day a
    /// second match is expected.
    var endsAfterThePeak: Bool { !day.isQuick }

    /// Cluster seconds in a real second.
    let acceleration = 720.0

    let shop = Shop.demonstration
    let segments = 12
    let keyExponent = 0.9
    let seed: UInt64 = 19_980_630

    let homes = 2
    let homeConnections = 4
    let contingents = 2
    let contingentConnections = 12

    let serviceTime = Duration.milliseconds(50)
    /// What a visit adds to the service time at the back-end: its statements' own work and their way.
    let overhead = Duration.milliseconds(3)
    let orderShare = 0.15
    let clientConnections = 400

    /// Requests per minute of the trace at which the homes together are exactly full.
    let requestsWhenHomesAreFull = 90_000.0
    /// Of the p99 in each second, as P-Store (SIGMOD'18) has it.
    let latencyObjective = Duration.milliseconds(500)

    /// Seconds of back-end time for one visit.
    var busySeconds: Double { (serviceTime + overhead).inSeconds }

    /// Visits per second for one request per minute of the trace.
    var visitsPerRequest: Double { Double(homes * homeConnections) / busySeconds / requestsWhenHomesAreFull }

    var realSeconds: Double { (end - start).inSeconds / acceleration }

    /// Minutes of the trace that pass in a real second.
    var minutesPerSecond: Double { acceleration / 60 }

    /// A contingent instance's capacity, in homes.
    var homesPerContingent: Double { Double(contingentConnections) / Double(homeConnections) }

    func clusterTime(atSecond second: Double) -> Timestamp { start + .seconds(second * acceleration) }
}
