// What a replay's instances cost in time and size: hours of the trace of an instance of a home's size. A contingent
// instance counts with its capacity, and only within the trace: what settles afterwards is nobody's peak.
import ClusterModel

enum InstanceHours {
    /// - Parameters:
    ///   - leased: how many contingent instances were leased from each time on, in the order of time.
    ///   - homesPerContingent: a contingent instance's capacity, in homes.
    static func total(
        homes: Int, leased: [(at: Timestamp, count: Int)], homesPerContingent: Double, from start: Timestamp,
        to end: Timestamp
    ) -> Double {
        let contingents = leased.indices.reduce(0.0) { sum, index in
            let from = max(start, leased[index].at)
            let until = min(end, index + 1 < leased.count ? leased[index + 1].at : end)
            return sum + Double(leased[index].count) * max(0, (until - from).inSeconds) / 3600
        }
        return Double(homes) * (end - start).inSeconds / 3600 + contingents * homesPerContingent
    }
}
