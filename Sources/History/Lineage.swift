// Which segments were made of which, resolved when loads are read: no block is written again.
// Invariant: a segment is made once, and never, over any number of changes, of itself.

import ClusterModel
import GRDB

/// The splits and merges in a history.
struct Lineage {
    struct Parent {
        let segment: Int64
        /// When the child came to be.
        let at: Timestamp
        /// The part of the parent's load that is the child's, 0...1.
        let share: Double
    }

    private(set) var parents: [Int64: [Parent]] = [:]

    init(database: Database) throws {
        let cursor = try Row.fetchCursor(database, sql: "SELECT child, parent, at, share FROM lineage")
        while let row = try cursor.next() {
            let parent = Parent(segment: row[1], at: Timestamp(milliseconds: row[2]), share: row[3])
            parents[row[0], default: []].append(parent)
        }
    }

    /// Every child, each after its parents.
    var childrenAfterParents: [Int64] {
        var order: [Int64] = []
        var seen: Set<Int64> = []
        for child in parents.keys.sorted() {
            var path = [(segment: child, isDone: false)]
            while let (segment, isDone) = path.popLast() {
                if isDone {
                    order.append(segment)
                } else if seen.insert(segment).inserted, let above = parents[segment] {
                    path.append((segment, true))
                    path += above.map { ($0.segment, false) }
                }
            }
        }
        return order
    }

    /// Whether `segment` is `ancestor`, or was made of it.
    func descends(_ segment: Int64, from ancestor: Int64) -> Bool {
        var open = [segment]
        var seen: Set<Int64> = []
        while let next = open.popLast() {
            if next == ancestor { return true }
            guard seen.insert(next).inserted else { continue }
            open += (parents[next] ?? []).map(\.segment)
        }
        return false
    }
}

extension HistoryStore {
    /// Records that a segment became several at `time`. A share is the part of the parent's load that is the child's,
    /// 0...1, by its part of the arc or as measured; together they are at most one.
    package func recordSplit(
        of parent: SegmentID,
        into children: [(segment: SegmentID, share: Double)],
        at time: Timestamp
    ) throws {
        guard !children.isEmpty else { throw HistoryError.lineage("\(parent.text) is split into nothing") }
        guard children.allSatisfy({ (0...1).contains($0.share) }), children.reduce(0, { $0 + $1.share }) <= 1 + 1e-9
        else { throw HistoryError.lineage("a share is not in 0...1, or all of them are more than one") }
        try record(children.map { (parent: parent, child: $0.segment, share: $0.share) }, at: time)
    }

    /// Records that several segments became one at `time`.
    package func recordMerge(of parts: [SegmentID], into merged: SegmentID, at time: Timestamp) throws {
        guard !parts.isEmpty else { throw HistoryError.lineage("\(merged.text) is made of nothing") }
        try record(parts.map { (parent: $0, child: merged, share: 1) }, at: time)
    }

    private func record(_ links: [(parent: SegmentID, child: SegmentID, share: Double)], at time: Timestamp) throws {
        guard Set(links.map(\.parent)).count * Set(links.map(\.child)).count == links.count else {
            throw HistoryError.lineage("a segment is named twice")
        }
        try database.write { database in
            let lineage = try Lineage(database: database)
            let numbers = try SegmentNames(database: database)
                .numbers(of: Set(links.flatMap { [$0.parent, $0.child] }))
            for link in links {
                guard let parent = numbers[link.parent], let child = numbers[link.child] else { continue }
                guard lineage.parents[child] == nil else {
                    throw HistoryError.lineage("\(link.child.text) was made before: give the new segment a new name")
                }
                guard !lineage.descends(parent, from: child) else {
                    throw HistoryError.lineage("\(link.child.text) would be made of itself: give it a new name")
                }
                try database.execute(
                    sql: "INSERT INTO lineage VALUES (?, ?, ?, ?)",
                    arguments: [child, parent, time.milliseconds, link.share]
                )
            }
        }
    }
}
