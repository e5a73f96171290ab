// The usage of one segment in one step as the history holds it.
// Times are whole microseconds (coverage: milliseconds), so sums do not depend on their order and a coarse row is
// exactly the sum of its finer ones. The latency histogram stays in its stored form until somebody needs it.

import ClusterModel

/// One row: the usage of a segment in one step, and how much of the step was measured.
struct UsageRow: Equatable {
    let segment: Int64
    let start: Timestamp
    /// How much of the step was measured.
    var coveredMilliseconds: Int64
    /// True when no part of it was measured live.
    var isImported: Bool
    var statements: Int64 = 0
    var rows: Int64 = 0
    var bytes: Int64 = 0
    var errors: Int64 = 0
    /// Microseconds.
    var busy: Int64 = 0
    var offered: Int64 = 0
    var waiting: Int64 = 0
    /// A `LatencyBlob`.
    var latency: [UInt8] = []

    init(segment: Int64, start: Timestamp, coveredMilliseconds: Int64, isImported: Bool) {
        self.segment = segment
        self.start = start
        self.coveredMilliseconds = coveredMilliseconds
        self.isImported = isImported
    }

    init(segment: Int64, start: Timestamp, covered: Duration, usage: SegmentUsage, isImported: Bool) {
        self.init(
            segment: segment,
            start: start,
            coveredMilliseconds: covered.wholeMilliseconds,
            isImported: isImported
        )
        statements = Int64(usage.statements)
        rows = Int64(usage.rows)
        bytes = Int64(usage.bytes)
        errors = Int64(usage.errors)
        busy = Self.microseconds(usage.busySeconds)
        offered = Self.microseconds(usage.offeredSeconds)
        waiting = Self.microseconds(usage.waitingSeconds)
        latency = LatencyBlob.encode(usage.latency)
    }

    /// Throws when the stored latencies cannot be read.
    func usage() throws(HistoryError) -> SegmentUsage {
        var usage = SegmentUsage()
        usage.statements = Int(statements)
        usage.rows = Int(rows)
        usage.bytes = Int(bytes)
        usage.errors = Int(errors)
        usage.busySeconds = Double(busy) / 1e6
        usage.offeredSeconds = Double(offered) / 1e6
        usage.waitingSeconds = Double(waiting) / 1e6
        usage.latency = try LatencyBlob.decode(latency)
        return usage
    }

    /// Adds usage; coverage and origin stay.
    mutating func addUsage(of other: UsageRow) throws(HistoryError) {
        statements = Self.sum(statements, other.statements)
        rows = Self.sum(rows, other.rows)
        bytes = Self.sum(bytes, other.bytes)
        errors = Self.sum(errors, other.errors)
        busy = Self.sum(busy, other.busy)
        offered = Self.sum(offered, other.offered)
        waiting = Self.sum(waiting, other.waiting)
        latency = try LatencyBlob.sum(latency, other.latency)
    }

    /// What a measurement is worth against another one of the same segment and step: live beats imported beats live
    /// for less than half of the step.
    func rank(step: Duration) -> Int {
        if isImported { return 1 }
        return 2 * coveredMilliseconds >= step.wholeMilliseconds ? 2 : 0
    }

    /// Whether this row stays although there is a sum of finer rows of the same time.
    func isWorthMore(than sum: UsageRow, step: Duration) -> Bool {
        guard sum.rank(step: step) < 2 else { return false }
        return rank(step: step) == 2 || coveredMilliseconds > sum.coveredMilliseconds
    }

    /// The nearest whole number; what no clock can have measured becomes the largest that can be stored.
    static func microseconds(_ seconds: Double) -> Int64 {
        let value = (seconds * 1e6).rounded()
        guard !value.isNaN else { return 0 }
        return Int64(min(max(value, -9e18), 9e18))
    }

    private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (a < 0 ? .min : .max) : sum
    }
}
