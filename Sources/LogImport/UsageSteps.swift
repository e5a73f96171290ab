// The usage that was read and not stored yet, by segment and step. Times are whole microseconds, as the log has them
// and the history keeps them: sums of them are exact, so however a log is cut into batches its history is the same.
//
// A time in the log is a statement's end; its busy time is spread back over the steps that it ran in. Its count, its
// errors and its latency belong to the step of its end.

import ClusterModel

struct UsageSteps {
    /// A longer silence inside of one log is taken for a time in which the server did not run.
    private static let silenceMax = Duration.seconds(86_400)

    fileprivate struct Cell {
        var statements = 0
        var errors = 0
        var microseconds: Int64 = 0
        var latency = LatencyHistogram()

        var isEmpty: Bool { statements == 0 && errors == 0 && microseconds == 0 }
    }

    private struct Step {
        /// A log tells of this step: segments without statements were idle.
        var isCovered = false
        var cells: [Cell]
    }

    private let segments: [SegmentID]
    private let step: Duration
    private let width: Int64
    private var slots: [Int64: Int] = [:]
    private var steps: [Step] = []
    private var last: (index: Int64, slot: Int)?

    /// - Parameter step: in whole milliseconds, and positive.
    init(segments: [SegmentID], step: Duration) {
        self.segments = segments
        self.step = step
        width = step.wholeMilliseconds
        precondition(width > 0, "usage needs steps of some length, not \(step)")
    }

    /// The cells in memory.
    var cellCount: Int { steps.count * max(1, segments.count) }

    // MARK: Adding

    mutating func add(_ charge: Charge) {
        switch charge.target {
        case .segment(let number): add(charge, to: number, share: 0, of: 1)
        case .several(let numbers):
            for (share, number) in numbers.enumerated() { add(charge, to: number, share: share, of: numbers.count) }
        case .unsharded, .leftOut: return
        }
    }

    /// The log goes on from one time to another: what lies between is covered, unless the silence is too long.
    mutating func cover(from earlier: Timestamp?, to time: Timestamp) {
        let index = self.index(of: time.milliseconds)
        if let last, last.index == index, steps[last.slot].isCovered { return }
        var first = index
        if let earlier, earlier < time, time - earlier <= Self.silenceMax {
            first = self.index(of: earlier.milliseconds)
        }
        for covered in first...index { steps[slot(covered)].isCovered = true }
    }

    /// As the router's meter shares out a batch: counts whole, the first ones one more; time in equal parts.
    private mutating func add(_ charge: Charge, to number: Int, share: Int, of parts: Int) {
        let end = slot(index(of: charge.end.milliseconds))
        steps[end].cells[number].statements += charge.statements / parts + (share < charge.statements % parts ? 1 : 0)
        if share == 0 { steps[end].cells[number].errors += charge.errors }
        guard let microseconds = charge.microseconds else { return }
        if charge.statements > 0 { steps[end].cells[number].latency.record(seconds: Double(microseconds) * 1e-6) }
        let own = microseconds / Int64(parts) + (Int64(share) < microseconds % Int64(parts) ? 1 : 0)
        spread(own, over: microseconds, before: charge.end, to: number)
    }

    /// Shares `busy` out over the steps of the `microseconds` before `end`, in proportion and without a rest.
    private mutating func spread(_ busy: Int64, over microseconds: Int64, before end: Timestamp, to number: Int) {
        let lastIndex = index(of: end.milliseconds)
        let endMicroseconds = end.milliseconds * 1000
        let start = endMicroseconds - microseconds
        let firstIndex = index(of: start >= 0 ? start / 1000 : (start - 999) / 1000)
        guard firstIndex < lastIndex else {
            steps[slot(lastIndex)].cells[number].microseconds += busy
            return
        }
        var given: Int64 = 0
        for index in firstIndex..<lastIndex {
            let passed = (index + 1) * width * 1000 - start
            let upTo = min(busy, Int64((Double(passed) / Double(microseconds) * Double(busy)).rounded(.down)))
            steps[slot(index)].cells[number].microseconds += upTo - given
            given = upTo
        }
        steps[slot(lastIndex)].cells[number].microseconds += busy - given
    }

    private func index(of milliseconds: Int64) -> Int64 {
        let quotient = milliseconds / width
        return milliseconds % width < 0 ? quotient - 1 : quotient
    }

    private mutating func slot(_ index: Int64) -> Int {
        if let last, last.index == index { return last.slot }
        let slot = slots[index] ?? steps.count
        if slot == steps.count {
            steps.append(Step(cells: Array(repeating: Cell(), count: segments.count)))
            slots[index] = slot
        }
        last = (index, slot)
        return slot
    }

    // MARK: Storing

    /// What was added since the last time, in the order of time; nothing is left.
    mutating func drain() -> [UsageRecord] {
        var records: [UsageRecord] = []
        for (index, slot) in slots.sorted(by: { $0.key < $1.key }) {
            let start = Timestamp(milliseconds: index * width)
            for (number, cell) in steps[slot].cells.enumerated() where steps[slot].isCovered || !cell.isEmpty {
                records.append(UsageRecord(segment: segments[number], start: start, usage: cell.usage))
            }
        }
        slots.removeAll(keepingCapacity: true)
        steps.removeAll(keepingCapacity: true)
        last = nil
        return records
    }
}

extension UsageSteps.Cell {
    fileprivate var usage: SegmentUsage {
        var usage = SegmentUsage()
        usage.statements = statements
        usage.errors = errors
        usage.busySeconds = Double(microseconds) / 1e6
        // A log has no queue in front of the server: what was asked of it is what it did.
        usage.offeredSeconds = usage.busySeconds
        usage.latency = latency
        return usage
    }
}
