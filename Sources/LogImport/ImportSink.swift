import ClusterModel

/// How far a source of usage has been taken in.
package struct SourceProgress: Sendable, Equatable {
    /// What the source is known by, whatever its file is called now.
    package let name: String
    /// In bytes of its uncompressed text.
    package var position: Int64
    /// The importer's own.
    package var state: [UInt8]

    package init(name: String, position: Int64, state: [UInt8]) {
        self.name = name
        self.position = position
        self.state = state
    }
}

/// What became of records, in numbers of them.
package struct StoredUsage: Sendable, Equatable {
    package var added = 0
    /// Their interval was measured live.
    package var leftAlone = 0
    /// Older than all that is kept.
    package var tooLate = 0

    package init(added: Int = 0, leftAlone: Int = 0, tooLate: Int = 0) {
        self.added = added
        self.leftAlone = leftAlone
        self.tooLate = tooLate
    }

    package static func += (a: inout StoredUsage, b: StoredUsage) {
        a.added += b.added
        a.leftAlone += b.leftAlone
        a.tooLate += b.tooLate
    }
}

/// Where usage that was read goes.
package protocol ImportSink {
    /// How far a source was taken in before; nil for one that is new.
    func progress(of source: String) throws -> SourceProgress?

    /// Adds records of one step to what is there and notes the source's progress: both, or nothing.
    /// A record of zeros says that the step is known and that nothing was served in it.
    func add(_ records: [UsageRecord], step: Duration, from source: SourceProgress) throws -> StoredUsage
}

/// Usage in memory: for looking at a log without storing anything, and for tests.
package final class UsageInMemory: ImportSink {
    package private(set) var usage: [Timestamp: [SegmentID: SegmentUsage]] = [:]
    package private(set) var sources: [String: SourceProgress] = [:]
    /// Without them only the progress is kept, so that memory stays flat.
    private let keepsUsage: Bool

    package init(keepsUsage: Bool = true) { self.keepsUsage = keepsUsage }

    package func progress(of source: String) throws -> SourceProgress? { sources[source] }

    package func add(_ records: [UsageRecord], step: Duration, from source: SourceProgress) throws -> StoredUsage {
        sources[source.name] = source
        if keepsUsage {
            for record in records {
                var sum = usage[record.start]?[record.segment] ?? SegmentUsage()
                sum += record.usage
                sum.busySeconds = Self.wholeMicroseconds(sum.busySeconds)
                sum.offeredSeconds = Self.wholeMicroseconds(sum.offeredSeconds)
                usage[record.start, default: [:]][record.segment] = sum
            }
        }
        return StoredUsage(added: records.count)
    }

    /// As the history keeps times: so sums do not depend on their order.
    private static func wholeMicroseconds(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1e6 }
}
