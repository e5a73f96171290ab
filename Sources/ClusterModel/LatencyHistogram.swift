// Latencies in buckets that grow by a quarter of an octave: 19 % wide. A quantile is its bucket's geometric middle, so
// it is within 9.1 % of the truth, either way, inside the range of the buckets.
// Small (96 counters) because there is one per segment and interval; histograms add bucket by bucket.

/// Counts of latencies by size, from 13.5 µs to 3 min 45 s; what lies beyond counts in the outermost bucket.
package struct LatencyHistogram: Hashable, Sendable, Codable {
    package static let bucketCount = 96
    /// The upper bound of the first bucket, in seconds.
    private static let smallest = 16e-6

    /// Empty until the first latency is recorded; then `bucketCount` counters.
    package private(set) var counts: [UInt32] = []

    package init() {}

    /// Nil when there are not 0 or `bucketCount` counters.
    package init?(counts: [UInt32]) {
        guard counts.isEmpty || counts.count == Self.bucketCount else { return nil }
        self.counts = counts
    }

    package var total: Int { counts.reduce(0) { $0 + Int($1) } }

    package mutating func record(seconds: Double) {
        if counts.isEmpty { counts = Array(repeating: 0, count: Self.bucketCount) }
        counts[Self.bucket(of: seconds)] &+= 1
    }

    /// The latency in seconds below which the share `level` (0...1) of the records lies, within 9.1 %; nil without any.
    package func quantile(_ level: Double) -> Double? {
        let total = total
        guard total > 0 else { return nil }
        let rank = max(1, Int((level * Double(total)).rounded(.up)))
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += Int(count)
            if seen >= rank { return Self.middle(of: index) }
        }
        return Self.middle(of: Self.bucketCount - 1)
    }

    /// The geometric middle of a bucket, in seconds.
    private static func middle(of bucket: Int) -> Double {
        var bound = smallest
        for _ in 0..<(bucket / 4) { bound *= 2 }
        return bound * quarterOctaves[bucket % 4] / eighthOctave
    }

    private static let eighthOctave = 1.090_507_732_665_258
    private static let quarterOctaves = [1, 1.189_207_115_002_721, 1.414_213_562_373_095, 1.681_792_830_507_429]

    private static func bucket(of seconds: Double) -> Int {
        guard seconds > smallest else { return 0 }
        let ratio = seconds / smallest
        guard ratio.isFinite else { return bucketCount - 1 }
        let octave = Int(ratio.exponent)
        let within = ratio.significand
        let quarter = quarterOctaves.lastIndex { within > $0 } ?? -1
        return min(bucketCount - 1, octave * 4 + quarter + 1)
    }

    package static func += (a: inout LatencyHistogram, b: LatencyHistogram) {
        guard !b.counts.isEmpty else { return }
        guard !a.counts.isEmpty else {
            a = b
            return
        }
        for index in a.counts.indices { a.counts[index] &+= b.counts[index] }
    }
}
