// What one segment used in one interval, as the router measured it. Sums of these are the history that forecasts learn
// from, so every field adds: usage(a ∪ b) = usage(a) + usage(b).

/// The use of one segment over one interval.
package struct SegmentUsage: Hashable, Sendable, Codable {
    package var statements = 0
    package var rows = 0
    /// Bytes of results and of parameters, both ways.
    package var bytes = 0
    package var errors = 0
    /// Seconds of back-end busy time.
    package var busySeconds = 0.0
    /// Seconds of back-end time that the statements which arrived need, those that still wait included. While an instance
    /// is full, busy time says what it could do; this says what was asked of it.
    package var offeredSeconds = 0.0
    /// Seconds that statements waited in the router, for a back-end or at a gate.
    package var waitingSeconds = 0.0
    /// The time from a statement's arrival to the end of its answer, waiting included.
    package var latency = LatencyHistogram()

    package init() {}

    /// The load that was offered over an interval of the given length.
    package func load(over interval: Duration) -> Load { Load(offeredSeconds / interval.inSeconds) }

    /// Multiplies the sums of time; latencies stay what the clients saw.
    package mutating func scaleTimes(by factor: Double) {
        busySeconds *= factor
        offeredSeconds *= factor
        waitingSeconds *= factor
    }

    package static func += (a: inout SegmentUsage, b: SegmentUsage) {
        a.statements += b.statements
        a.rows += b.rows
        a.bytes += b.bytes
        a.errors += b.errors
        a.busySeconds += b.busySeconds
        a.offeredSeconds += b.offeredSeconds
        a.waitingSeconds += b.waitingSeconds
        a.latency += b.latency
    }
}

/// The use of one segment in the interval that starts at `start`.
package struct UsageRecord: Hashable, Sendable {
    package let segment: SegmentID
    package let start: Timestamp
    package let usage: SegmentUsage

    package init(segment: SegmentID, start: Timestamp, usage: SegmentUsage) {
        self.segment = segment
        self.start = start
        self.usage = usage
    }
}
