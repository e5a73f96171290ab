import ClusterModel
import Testing

@testable import Proxy

@Suite struct PauseGateTests {
    @Test func closesWhenTheLastTransactionLeft() {
        var gate = PauseGate(queueLengthMax: 2, timeout: 100)
        #expect(gate.entered(["a", "b"], by: 1, now: 0) == .pass)
        #expect(gate.entered(["a"], by: 2, now: 0) == .pass)
        #expect(gate.closeRequested("a") == .draining)
        #expect(gate.closeRequested("a") == .alreadyClosing)
        #expect(gate.entered(["b"], by: 3, now: 0) == .pass)
        #expect(gate.entered(["a"], by: 4, now: 0) == .park("a"))
        #expect(gate.left(["a"]) == [])
        #expect(gate.left(["a", "b"]) == ["a"])
        #expect(gate.closeRequested("a") == .closed)
        #expect(gate.drainTimedOut("a") == .ignore)
        #expect(gate.opened("a") == [4])
        #expect(gate.entered(["a"], by: 4, now: 1) == .pass)
    }

    @Test func aTransactionEntersAllItsSegmentsOrNone() {
        var gate = PauseGate(queueLengthMax: 2, timeout: 100)
        #expect(gate.closeRequested("b") == .closed)
        #expect(gate.entered(["a", "b"], by: 1, now: 0) == .park("b"))
        #expect(gate.transactionsInFlight(on: "a") == 0)
    }

    @Test func theQueueIsBoundedInLengthAndTime() {
        var gate = PauseGate(queueLengthMax: 2, timeout: 100)
        #expect(gate.closeRequested("a") == .closed)
        #expect(gate.entered(["a"], by: 1, now: 0) == .park("a"))
        #expect(gate.entered(["a"], by: 2, now: 50) == .park("a"))
        #expect(gate.entered(["a"], by: 3, now: 50) == .reject("a"))
        #expect(gate.ticked(now: 100) == [1])
        #expect(gate.waitAbandoned(by: 2) == true)
        #expect(gate.waitAbandoned(by: 2) == false)
        #expect(gate.opened("a") == [])
    }

    @Test func aDrainThatTakesTooLongReopens() {
        var gate = PauseGate(queueLengthMax: 2, timeout: 100)
        _ = gate.entered(["a"], by: 1, now: 0)
        #expect(gate.closeRequested("a") == .draining)
        #expect(gate.entered(["a"], by: 2, now: 0) == .park("a"))
        #expect(gate.drainTimedOut("a") == .reopen([2]))
        #expect(gate.entered(["a"], by: 2, now: 1) == .pass)
        #expect(gate.left(["a"]) == [])
    }

    /// While a segment is closed nothing is in flight on it, nobody waits at an open gate, and order is kept.
    @Test(arguments: 0..<200) func randomInterleavings(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let segments: [SegmentID] = ["a", "b", "c"]
        var gate = PauseGate(queueLengthMax: 4, timeout: 30)
        var running: [Int: [SegmentID]] = [:]
        var waiting: [SegmentID: [Int]] = [:]
        var closing: Set<SegmentID> = []
        var closed: Set<SegmentID> = []
        var now: UInt64 = 0
        var session = 0
        func inFlight(_ segment: SegmentID) -> Int { running.values.count { $0.contains(segment) } }
        for _ in 0..<500 {
            now += UInt64.random(in: 0...3, using: &random)
            let segment = segments.randomElement(using: &random) ?? "a"
            switch Int.random(in: 0..<7, using: &random) {
            case 0, 1, 2:
                session += 1
                let wanted = Array(segments.shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)))
                switch gate.entered(wanted, by: session, now: now) {
                case .pass:
                    #expect(wanted.allSatisfy { !closing.contains($0) && !closed.contains($0) }, "seed \(seed)")
                    running[session] = wanted
                case .park(let held): waiting[held, default: []].append(session)
                case .reject(let held): #expect(waiting[held]?.count == 4)
                }
            case 3, 4:
                guard let leaver = running.keys.sorted().randomElement(using: &random) else { continue }
                let touched = running.removeValue(forKey: leaver) ?? []
                let drained = gate.left(touched)
                #expect(Set(drained) == Set(touched.filter { closing.contains($0) && inFlight($0) == 0 }))
                closing.subtract(drained)
                closed.formUnion(drained)
            case 5:
                switch gate.closeRequested(segment) {
                case .closed: closed.insert(segment)
                case .draining: closing.insert(segment)
                case .alreadyClosing: #expect(closing.contains(segment))
                }
            default:
                if Bool.random(using: &random) {
                    #expect(gate.opened(segment) == waiting.removeValue(forKey: segment) ?? [])
                    closing.remove(segment)
                    closed.remove(segment)
                } else {
                    for expired in gate.ticked(now: now) {
                        let held = segments.first { waiting[$0]?.first == expired }
                        #expect(held != nil, "seed \(seed)")
                        if let held { waiting[held]?.removeFirst() }
                    }
                }
            }
            for segment in closed { #expect(inFlight(segment) == 0, "seed \(seed)") }
            for segment in segments { #expect(gate.transactionsInFlight(on: segment) == inFlight(segment)) }
            #expect(gate.waitingCount == waiting.values.reduce(0) { $0 + $1.count })
        }
    }
}
