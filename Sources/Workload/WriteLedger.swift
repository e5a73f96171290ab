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
        /// Rows that exist more than once, or that nobody was told of.
        package let duplicated: Int

        package init(checked: Int, lost: Int, duplicated: Int) {
            self.checked = checked
            self.lost = lost
            self.duplicated = duplicated
        }
    }

    /// - Parameter found: every client-written id in the cluster, once for each row that holds it.
    package func verdict(found: [Int64]) -> Verdict {
        var seen: Set<Int64> = []
        var duplicated = 0
        for id in found where !seen.insert(id).inserted || !(acknowledged.contains(id) || inDoubt.contains(id)) {
            duplicated += 1
        }
        return Verdict(checked: acknowledged.count, lost: acknowledged.subtracting(seen).count, duplicated: duplicated)
    }
}
