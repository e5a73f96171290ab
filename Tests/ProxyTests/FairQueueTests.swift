import ClusterModel
import Testing

@testable import Proxy

@Suite struct FairQueueTests {
    private func waiter(_ session: Int, _ segment: SegmentID?, deadline: Instant = 100) -> FairQueue.Waiter {
        .init(session: session, segment: segment, deadline: deadline)
    }

    private func drained(_ queue: FairQueue) -> [Int] {
        var queue = queue
        var sessions: [Int] = []
        while let next = queue.popFirst() { sessions.append(next.session) }
        #expect(queue.isEmpty)
        return sessions
    }

    @Test func segmentsTakeTurns() {
        var queue = FairQueue()
        for session in 1...4 { queue.append(waiter(session, "hot")) }
        queue.append(waiter(5, "cold"))
        queue.append(waiter(6, nil))
        queue.append(waiter(7, "cold"))
        #expect(drained(queue) == [1, 5, 6, 2, 7, 3, 4])
    }

    @Test func theLongestLineMakesRoom() {
        var queue = FairQueue()
        for session in 1...3 { queue.append(waiter(session, "hot")) }
        queue.append(waiter(4, "cold"))
        #expect(queue.makeRoom(for: "hot") == nil, "its own line is the longest")
        #expect(queue.makeRoom(for: "cold") == 3)
        #expect(queue.makeRoom(for: "cold") == nil, "it would be longer than what made room for it")
        #expect(queue.makeRoom(for: nil) == 2)
        #expect(drained(queue) == [1, 4])
    }

    @Test func whoLeavesIsNotServed() {
        var queue = FairQueue()
        for session in 1...4 { queue.append(waiter(session, session < 3 ? "a" : "b", deadline: Instant(session))) }
        #expect(queue.remove(3) == true)
        #expect(queue.remove(3) == false)
        #expect(queue.removeExpired(at: 1) == [1])
        #expect(drained(queue) == [2, 4])
        #expect(queue.removeExpired(at: 4) == [2, 4])
        #expect(queue.popFirst() == nil)
        #expect(queue.isEmpty)
        queue.append(waiter(5, "b"))
        #expect(queue.removeAll() == [5])
        #expect(queue.isEmpty)
    }

    /// Random events against the rules: order of arrival within a segment, and no segment twice before another that waits.
    @Test(arguments: 0..<100) func randomInterleavings(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = FairQueue()
        var lines: [SegmentID?: [Int]] = [:]
        /// For each segment that waits: who was served since it began to wait, or was served itself.
        var servedSince: [SegmentID?: Set<SegmentID?>] = [:]
        let segments: [SegmentID?] = [nil, "a", "b", "c", "d"]
        func left(_ session: Int) {
            for (segment, line) in lines where line.contains(session) {
                lines[segment] = line.count == 1 ? nil : line.filter { $0 != session }
                if line.count == 1 { servedSince[segment] = nil }
            }
        }
        for session in 0..<400 {
            let segment = segments.randomElement(using: &random)!
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4:
                queue.append(waiter(session, segment))
                if lines[segment] == nil { servedSince[segment] = [] }
                lines[segment, default: []].append(session)
            case 5...7:
                guard let next = queue.popFirst() else {
                    #expect(lines.isEmpty)
                    continue
                }
                #expect(lines[next.segment]?.first == next.session, "seed \(seed)")
                for other in lines.keys where other != next.segment {
                    let isFirst = servedSince[other]?.insert(next.segment).inserted
                    #expect(isFirst == true, "seed \(seed): \(other?.text ?? "-") starves")
                }
                servedSince[next.segment] = []
                left(next.session)
            case 8:
                guard let leaver = lines.values.joined().sorted().randomElement(using: &random) else { continue }
                #expect(queue.remove(leaver) == true)
                left(leaver)
            default:
                let own = lines[segment]?.count ?? 0
                let longest = lines.values.map(\.count).max() ?? 0
                let victim = queue.makeRoom(for: segment)
                #expect((victim != nil) == (longest > own + 1), "seed \(seed)")
                guard let victim else { continue }
                #expect(lines.values.contains { $0.count == longest && $0.last == victim }, "seed \(seed)")
                left(victim)
            }
            #expect(queue.count == lines.values.reduce(0) { $0 + $1.count })
        }
    }
}
