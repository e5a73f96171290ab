// The numbers of a move: what it cost, published whether they flatter us or not.
import ClusterModel

/// How long one run of a step took.
package struct StepTiming: Hashable, Sendable, Codable {
    package let step: MoveStep
    package let milliseconds: Double

    package init(step: MoveStep, milliseconds: Double) {
        self.step = step
        self.milliseconds = milliseconds
    }
}

/// One closing of the router's gate.
package struct WriteBlock: Hashable, Sendable, Codable {
    /// Who owned the segment when the gate closed.
    package let from: Side
    /// From the order to close until the gate was open again: how long a statement could have waited.
    package let milliseconds: Double
    /// False when the cut-over was undone and the old owner went on.
    package let wasDecided: Bool

    package init(from: Side, milliseconds: Double, wasDecided: Bool) {
        self.from = from
        self.milliseconds = milliseconds
        self.wasDecided = wasDecided
    }
}

/// What a move did and what it cost so far.
package struct MoveReport: Hashable, Sendable, Codable {
    package var timings: [StepTiming] = []
    package var rowsCopied = 0
    package var bytesCopied = 0
    /// From the start to READY.
    package var preparedInMilliseconds: Double?
    package var blocks: [WriteBlock] = []
    /// When the old owner's rows may be deleted; set by finalizing.
    package var retainedUntil: Timestamp?
    /// Why the move was undone, or its last cut-over was.
    package var failure: String?

    package init() {}

    /// What is kept of steps and blocks: a move that is tried again and again does not grow.
    static let entriesMax = 200

    mutating func add(_ timing: StepTiming) { Self.add(timing, to: &timings) }
    mutating func add(_ block: WriteBlock) { Self.add(block, to: &blocks) }

    private static func add<Entry>(_ entry: Entry, to entries: inout [Entry]) {
        if entries.count >= entriesMax { entries.removeFirst(entries.count - entriesMax + 1) }
        entries.append(entry)
    }
}
