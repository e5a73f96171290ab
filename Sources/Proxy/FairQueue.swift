// Who waits for a connection of one instance. Connections go to the segments in turn, and within a segment by arrival: a
// hot segment that waits for its relief holds up its own statements, and any other's for one turn at most.
// Invariants, checked by a model in the tests:
//   - a segment that waits is served once before any other is served twice;
//   - room in a full queue is made by the longest line, by its last session, and only for a line that stays shorter.
import ClusterModel
import DequeModule

package struct FairQueue: Sendable {
    package struct Waiter: Equatable, Sendable {
        package let session: SessionID
        /// What its statement is for; nil: no segment, or several.
        package let segment: SegmentID?
        package let deadline: Instant

        package init(session: SessionID, segment: SegmentID?, deadline: Instant) {
            self.session = session
            self.segment = segment
            self.deadline = deadline
        }
    }

    /// By arrival; none is empty.
    private var lines: [SegmentID?: Deque<Waiter>] = [:]
    /// The keys of `lines`, the next to be served first.
    private var turns: Deque<SegmentID?> = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ waiter: Waiter) {
        count += 1
        if lines[waiter.segment]?.append(waiter) == nil {
            lines[waiter.segment] = [waiter]
            turns.append(waiter.segment)
        }
    }

    package mutating func popFirst() -> Waiter? {
        guard let segment = turns.popFirst(), let waiter = lines[segment]?.popFirst() else { return nil }
        count -= 1
        if lines[segment]?.isEmpty == true { lines[segment] = nil } else { turns.append(segment) }
        return waiter
    }

    /// Takes out whoever must go so that a session for `segment` can come in; nil when that is the session itself.
    package mutating func makeRoom(for segment: SegmentID?) -> SessionID? {
        guard let longest = turns.max(by: { lineLength($0) < lineLength($1) }),
            lineLength(longest) > lineLength(segment) + 1
        else { return nil }
        return lines[longest]?.popLast().map { last in
            count -= 1
            return last.session
        }
    }

    private func lineLength(_ segment: SegmentID?) -> Int { lines[segment]?.count ?? 0 }

    /// False when it does not wait.
    package mutating func remove(_ session: SessionID) -> Bool {
        for (segment, line) in lines {
            guard let index = line.firstIndex(where: { $0.session == session }) else { continue }
            lines[segment]?.remove(at: index)
            count -= 1
            dropIfEmpty(segment)
            return true
        }
        return false
    }

    /// All sessions whose deadline has come, the earliest first.
    package mutating func removeExpired(at now: Instant) -> [SessionID] {
        var expired: [Waiter] = []
        for segment in Array(turns) {
            while let first = lines[segment]?.first, first.deadline <= now {
                lines[segment]?.removeFirst()
                expired.append(first)
            }
            dropIfEmpty(segment)
        }
        count -= expired.count
        return expired.sorted { ($0.deadline, $0.session) < ($1.deadline, $1.session) }.map(\.session)
    }

    package mutating func removeAll() -> [SessionID] {
        defer { self = FairQueue() }
        return lines.values.joined().map(\.session).sorted()
    }

    private mutating func dropIfEmpty(_ segment: SegmentID?) {
        guard lines[segment]?.isEmpty == true else { return }
        lines[segment] = nil
        turns.removeAll { $0 == segment }
    }
}
