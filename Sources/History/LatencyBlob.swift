// A latency histogram as few bytes: for each bucket that is not empty, its distance from the one before and its count,
// both as variable-length integers of seven bits a byte, low bits first. No bytes mean an empty histogram.

import ClusterModel

/// The stored form of a `LatencyHistogram`.
enum LatencyBlob {
    static func encode(_ histogram: LatencyHistogram) -> [UInt8] {
        var bytes: [UInt8] = []
        var previous = -1
        for (bucket, count) in histogram.counts.enumerated() where count > 0 {
            append(UInt32(bucket - previous), to: &bytes)
            append(count, to: &bytes)
            previous = bucket
        }
        return bytes
    }

    /// Throws when the bytes are not a histogram.
    static func decode(_ bytes: [UInt8]) throws(HistoryError) -> LatencyHistogram {
        guard !bytes.isEmpty else { return LatencyHistogram() }
        var counts = [UInt32](repeating: 0, count: LatencyHistogram.bucketCount)
        var rest = bytes[...]
        var bucket = -1
        while !rest.isEmpty {
            guard let distance = next(&rest), let count = next(&rest), distance > 0,
                Int(distance) < counts.count - bucket
            else { throw .corruptLatency(bytes: bytes.count) }
            bucket += Int(distance)
            counts[bucket] = count
        }
        return LatencyHistogram(counts: counts) ?? LatencyHistogram()
    }

    /// The stored form of the sum of two stored histograms.
    static func sum(_ a: [UInt8], _ b: [UInt8]) throws(HistoryError) -> [UInt8] {
        if a.isEmpty { return b }
        if b.isEmpty { return a }
        var sum = try decode(a)
        sum += try decode(b)
        return encode(sum)
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func next(_ bytes: inout ArraySlice<UInt8>) -> UInt32? {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 28, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte & 0x80 == 0 { return UInt32(exactly: value) }
        }
        return nil
    }
}
