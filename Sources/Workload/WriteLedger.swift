// What clients were told is written, to be compared with what the servers hold.

package struct WriteLedger: Sendable {
    /// Acknowledged: must be there, once.
    package private(set) var acknowledged: Set<Int64> = []
    /// The answer to COMMIT never came: may be there.
    package private(set) var inDoubt: Set<Int64> = []

    package init() {}

    package mutating func acknowledge(_ id: Int64) { acknowledged.insert(id) }
    package mutating func doubt(_ id: Int64) { inDoubt.insert(id) }

    package struct Verdict: Hashable, Sendable {
        package let checked: Int
        package let lost: Int
        /// Rows that exist more than once, or that nobody wrote.
        package let duplicated: Int

        package init(checked: Int, lost: Int, duplicated: Int) {
            self.checked = checked
            self.lost = lost
            self.duplicated = duplicated
        }

        package static func + (a: Verdict, b: Verdict) -> Verdict {
            Verdict(checked: a.checked + b.checked, lost: a.lost + b.lost, duplicated: a.duplicated + b.duplicated)
        }
    }

    /// - Parameters:
    ///   - found: every client-written id on the owners of the segments, once for each row that holds it.
    ///   - strays: rows with such ids on instances that do not own their segment: each counts as a duplicate, and none
    ///     makes up for a row that its owner lost.
    package func verdict(found: [Int64], strays: Int = 0) -> Verdict {
        var seen: Set<Int64> = []
        var duplicated = strays
        for id in found where !seen.insert(id).inserted || !(acknowledged.contains(id) || inDoubt.contains(id)) {
            duplicated += 1
        }
        return Verdict(checked: acknowledged.count, lost: acknowledged.subtracting(seen).count, duplicated: duplicated)
    }
}
