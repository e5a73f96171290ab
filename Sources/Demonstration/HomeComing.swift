import ClusterModel

/// When the segments were home again.
enum HomeComing {
    /// Minutes from `end` until the first look that saw no segment away any more; 0 when they were home by `end`, nil
    /// when the last look still saw one away.
    ///
    /// - Parameter away: how many segments were away at each look, in the order of time.
    static func minutes(after end: Timestamp, away: [(at: Timestamp, count: Int)]) -> Double? {
        guard let lastAway = away.lastIndex(where: { $0.count > 0 }) else { return 0 }
        guard lastAway + 1 < away.count else { return nil }
        return max(0, (away[lastAway + 1].at - end).inSeconds / 60)
    }
}
