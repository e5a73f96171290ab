// What an import did, in numbers that add up: every entry is counted under exactly one heading, and what is left out is
// said with its reason. Samples name places, never SQL, which may hold anybody's data.

import ClusterModel

package struct ImportReport: Sendable, Equatable {
    package static let samplesMax = 5
    private static let reasonsMax = 100

    /// Statements and the time they took.
    package struct Use: Sendable, Equatable {
        package var statements = 0
        package var seconds = 0.0
    }

    /// How often something was met, and where first.
    package struct Finding: Sendable, Equatable {
        package var count = 0
        package var seconds = 0.0
        /// `file:line`
        package var samples: [String] = []
    }

    /// One log.
    package struct File: Sendable, Equatable {
        package let path: String
        /// Of uncompressed text, read in this run.
        package var bytes: Int64 = 0
        package var note: String
    }

    package var files: [File] = []
    package var bytes: Int64 = 0
    package var lines = 0
    package var entries = 0
    /// Entries that are about no statement, or only about a part of one that is counted elsewhere.
    package var asides = 0
    /// auto_explain's plans: the statement's own line counts.
    package var plans = 0
    package var otherDatabases = 0
    /// Of statements that were counted for a segment.
    package var counted = Use()
    package var errors = 0
    package var withoutDuration = 0
    package var segments: [SegmentID: Use] = [:]
    package var unsharded = Use()
    /// By reason.
    package var leftOut: [String: Finding] = [:]
    package var malformed: [MalformedEntry: Finding] = [:]
    package var unreadableDurations = Finding()
    package var strayDurations = 0
    package var straySeconds = 0.0
    /// Statements that wait for their duration, at the end of what was read.
    package var pending = 0
    package var earliest: Timestamp?
    package var latest: Timestamp?
    package var stored = StoredUsage()

    package init() {}

    // MARK: Counting

    mutating func note(_ time: Timestamp) {
        if earliest.map({ time < $0 }) ?? true { earliest = time }
        if latest.map({ time > $0 }) ?? true { latest = time }
    }

    mutating func note(_ charge: Charge, _ segmentNames: [SegmentID], at place: @autoclosure () -> String) {
        let seconds = Double(charge.microseconds ?? 0) * 1e-6
        if charge.microseconds == nil { withoutDuration += charge.statements }
        switch charge.target {
        case .segment(let number): count(charge, seconds, [segmentNames[number]])
        case .several(let numbers): count(charge, seconds, numbers.map { segmentNames[$0] })
        case .unsharded:
            unsharded.statements += charge.statements
            unsharded.seconds += seconds
        case .leftOut(let reason):
            let known = leftOut[reason] != nil || leftOut.count < Self.reasonsMax
            leftOut[known ? reason : "other reasons", default: Finding()].add(charge.statements, seconds, place())
        }
    }

    private mutating func count(_ charge: Charge, _ seconds: Double, _ names: [SegmentID]) {
        counted.statements += charge.statements
        counted.seconds += seconds
        errors += charge.errors
        for (share, name) in names.enumerated() {
            let whole = charge.statements / names.count + (share < charge.statements % names.count ? 1 : 0)
            segments[name, default: Use()].statements += whole
            segments[name, default: Use()].seconds += seconds / Double(names.count)
        }
    }

    mutating func note(_ reason: MalformedEntry, at place: @autoclosure () -> String) {
        malformed[reason, default: Finding()].add(1, 0, place())
    }
}

extension ImportReport.Finding {
    mutating func add(_ count: Int, _ seconds: Double, _ place: @autoclosure () -> String) {
        self.count += count
        self.seconds += seconds
        if samples.count < ImportReport.samplesMax { samples.append(place()) }
    }
}
