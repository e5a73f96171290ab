// The numbers of a replay, in one place. Times are of the cluster (UTC), rates follow from the anchors below.
//
// Capacity is emulated: an instance serves as many statements at once as the router may hold connections to it, and each
// visit holds one for the service time (pg_sleep inside the statements). So one machine can play several, and what is
// measured is queueing, not the machine's processors.
import ClusterModel
import Foundation
import Workload

struct Stage: Sendable {
    /// What is replayed.
    let start: Timestamp
    let end: Timestamp
    /// Where the history begins that the models learn from; it ends at `start`.
    let historyStart: Timestamp
    /// Whether the load is over by the end, so that segments have to be home then.
    let endsAfterThePeak: Bool

    /// Cluster seconds in a real second.
    let acceleration: Double

    let shop = Shop.demonstration
    let segments = 12
    let keyExponent = 0.9
    let seed: UInt64 = 19_980_630

    let homes = 2
    let homeConnections = 4
    let contingents = 2
    var contingentConnections = 12

    let serviceTime = Duration.milliseconds(50)
    /// What a visit adds to the service time at the back-end: its statements' own work and their way.
    let overhead = Duration.milliseconds(3)
    let orderShare = 0.15
    let clientConnections = 400

    /// Requests per minute of the trace at which the homes together are exactly full.
    let requestsWhenHomesAreFull = 90_000.0
    /// Of one move's copy; nil: as fast as it goes.
    private(set) var copyBytesPerSecond: Int?

    /// Of the p99 in each second, as P-Store (SIGMOD'18) has it.
    let latencyObjective = Duration.milliseconds(500)

    /// Seconds of back-end time for one visit.
    var busySeconds: Double { (serviceTime + overhead).inSeconds }

    /// What the homes serve together.
    var homesCapacity: Double { Double(homes * homeConnections) }

    /// Visits per second for one request per minute of the trace.
    var visitsPerRequest: Double { homesCapacity / busySeconds / requestsWhenHomesAreFull }

    init(start: Timestamp, end: Timestamp, historyStart: Timestamp, acceleration: Double, endsAfterThePeak: Bool) {
        self.start = start
        self.end = end
        self.historyStart = historyStart
        self.acceleration = acceleration
        self.endsAfterThePeak = endsAfterThePeak
    }

    /// A day of the trace. In the short replay segments stay where they are: on the default day a second match is
    /// expected.
    init(day: ReplayedDay) {
        self.init(
            start: day.start, end: day.end, historyStart: day.historyStart, acceleration: 720,
            endsAfterThePeak: !day.isQuick)
        // A segment of this shop is some 2.5 megabytes. At this rate copying it takes over a second, a quarter of an hour
        // of the trace, as gigabytes would, and on every machine alike.
        copyBytesPerSecond = 2_000_000
    }

    var realSeconds: Double { (end - start).inSeconds / acceleration }

    /// Minutes of the trace that pass in a real second.
    var minutesPerSecond: Double { acceleration / 60 }

    /// A contingent instance's capacity, in homes.
    var homesPerContingent: Double { Double(contingentConnections) / Double(homeConnections) }

    func clusterTime(atSecond second: Double) -> Timestamp { start + .seconds(second * acceleration) }
}
