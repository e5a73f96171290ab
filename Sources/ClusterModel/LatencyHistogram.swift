// Latencies in buckets that grow by a quarter of an octave: 19 % wide, so a quantile is within 10 % of the truth.
// Small (96 counters) because there is one per segment and interval; histograms add bucket by bucket.

/// Counts of latencies by size, from 16 µs to over 4 minutes.
package struct LatencyHistogram: Hashable, Sendable, Codable {
    package static let bucketCount = 96
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

    /// The latency in seconds below which the share `level` (0...1) of the records lies; nil without records.
    package func quantile(_ level: Double) -> Double? {
        let total = total
        guard total > 0 else { return nil }
        let rank = max(1, Int((level * Double(total)).rounded(.up)))
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += Int(count)
            if seen >= rank { return Self.upperBound(of: index) }
        }
        return Self.upperBound(of: Self.bucketCount - 1)
    }

    /// The upper bound of a bucket, in seconds.
    package static func upperBound(of bucket: Int) -> Double {
        var bound = smallest
        for _ in 0..<(bucket / 4) { bound *= 2 }
        return bound * quarterOctaves[bucket % 4]
    }

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
