import ClusterModel
import Testing

@testable import Proxy

@Suite struct PoolStateMachineTests {
    static let limits = PoolStateMachine.Limits(
        connectionsMax: 2, queueLengthMax: 2, queueTimeout: 100, idleTimeout: 1000, backOffFirst: 10, backOffMax: 40)

    @Test func opensForWaitingSessionsAndServesThemInOrder() {
        var pool = PoolStateMachine(limits: Self.limits)
        #expect(pool.leaseRequested(by: 1, now: 0) == .parkAndOpen(1))
        #expect(pool.leaseRequested(by: 2, now: 0) == .parkAndOpen(2))
        // Two wait for connections that open, two stand in the queue.
        #expect(pool.leaseRequested(by: 3, now: 0) == .park)
        #expect(pool.leaseRequested(by: 4, now: 0) == .park)
        #expect(pool.leaseRequested(by: 5, now: 0) == .reject(.queueFull))
        #expect(pool.opened(2, now: 1) == .lease(2, to: 1))
        #expect(pool.leaseRequested(by: 5, now: 1) == .reject(.queueFull))
        #expect(pool.released(2, now: 2) == .lease(2, to: 2))
        #expect(pool.opened(1, now: 2) == .lease(1, to: 3))
        #expect(pool.released(1, now: 3) == .lease(1, to: 4))
        #expect(pool.released(2, now: 4) == .keepIdle)
        #expect(pool.leaseRequested(by: 6, now: 4) == .lease(2))
    }

    @Test func aHotSegmentNeitherFillsTheQueueNorGoesFirst() {
        var pool = PoolStateMachine(limits: Self.limits)
        for session in 1...2 {
            _ = pool.leaseRequested(by: session, for: "hot", now: 0)
            #expect(pool.opened(session, now: 0) == .lease(session, to: session))
        }
        #expect(pool.leaseRequested(by: 3, for: "hot", now: 0) == .park)
        #expect(pool.leaseRequested(by: 4, for: "hot", now: 0) == .park)
        #expect(pool.leaseRequested(by: 5, for: "hot", now: 0) == .reject(.queueFull))
        #expect(pool.leaseRequested(by: 6, for: "cold", now: 0) == .parkInPlaceOf(4))
        #expect(pool.waitingCount == 2)
        #expect(pool.released(1, now: 1) == .lease(1, to: 3))
        #expect(pool.leaseRequested(by: 7, for: "hot", now: 1) == .park)
        #expect(pool.released(2, now: 2) == .lease(2, to: 6))
        #expect(pool.released(2, now: 3) == .lease(2, to: 7))
    }

    @Test func anExpiredSessionIsToldOnce() {
        var pool = PoolStateMachine(limits: Self.limits)
        _ = pool.leaseRequested(by: 1, now: 0)
        #expect(pool.ticked(now: 99).expired == [])
        #expect(pool.ticked(now: 100).expired == [1])
        #expect(pool.ticked(now: 101).expired == [])
        #expect(pool.opened(1, now: 101) == .keepIdle)
    }

    @Test func anUnreachableInstanceFailsItsSessionsAndIsTriedAgainLater() {
        var pool = PoolStateMachine(limits: Self.limits)
        _ = pool.leaseRequested(by: 1, now: 0)
        _ = pool.leaseRequested(by: 2, now: 0)
        #expect(pool.openFailed(1, now: 5) == .none)
        #expect(pool.openFailed(2, now: 5) == .fail([1, 2]))
        #expect(pool.leaseRequested(by: 3, now: 6) == .reject(.unreachable))
        #expect(pool.leaseRequested(by: 3, now: 25) == .parkAndOpen(3))
        #expect(pool.leaseRequested(by: 4, now: 25) == .park)
        #expect(pool.opened(3, now: 26) == .lease(3, to: 3))
        #expect(pool.ticked(now: 27).open == [4])
    }

    @Test func aLostConnectionIsReplacedForWaitingSessions() {
        var pool = PoolStateMachine(
            limits: .init(
                connectionsMax: 1, queueLengthMax: 2, queueTimeout: 100, idleTimeout: 1000, backOffFirst: 10,
                backOffMax: 40))
        _ = pool.leaseRequested(by: 1, now: 0)
        _ = pool.opened(1, now: 0)
        #expect(pool.leaseRequested(by: 2, now: 0) == .park)
        #expect(pool.closed(1, now: 1) == 2)
        #expect(pool.opened(2, now: 2) == .lease(2, to: 2))
    }

    @Test func idleConnectionsCloseAndADrainedPoolEmpties() {
        var pool = PoolStateMachine(limits: Self.limits)
        _ = pool.leaseRequested(by: 1, now: 0)
        _ = pool.opened(1, now: 0)
        #expect(pool.drainStarted() == [])
        #expect(pool.leaseRequested(by: 2, now: 0) == .reject(.draining))
        #expect(pool.released(1, now: 1) == .close)
        #expect(pool.isEmpty)
    }

    /// Random events against a model that knows only the rules: one owner for each connection, order of arrival, limits.
    @Test(arguments: 0..<200) func randomInterleavings(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limits = PoolStateMachine.Limits(
            connectionsMax: 3, queueLengthMax: 5, queueTimeout: 50, idleTimeout: 200, backOffFirst: 5, backOffMax: 20)
        var pool = PoolStateMachine(limits: limits)
        var opening: Set<Int> = []
        var idle: Set<Int> = []
        var leased: [Int: Int] = [:]
        var waiting: [Int] = []
        var now: UInt64 = 0
        var session = 0
        func give(_ connection: Int, to receiver: Int) {
            #expect(leased[connection] == nil)
            #expect(waiting.first == receiver, "seed \(seed)")
            waiting.removeFirst()
            leased[connection] = receiver
        }
        func obey(_ action: PoolStateMachine.ReadyAction, _ connection: Int) {
            switch action {
            case .lease(let id, let receiver): give(id, to: receiver)
            case .keepIdle: idle.insert(connection)
            case .close: break
            }
        }
        for _ in 0..<500 {
            now += UInt64.random(in: 0...5, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0, 1:
                session += 1
                switch pool.leaseRequested(by: session, now: now) {
                case .lease(let id):
                    #expect(idle.remove(id) != nil)
                    leased[id] = session
                case .park: waiting.append(session)
                case .parkAndOpen(let id):
                    waiting.append(session)
                    opening.insert(id)
                case .parkInPlaceOf: Issue.record("seed \(seed): all are of one line")
                case .reject(.queueFull):
                    #expect(waiting.count - opening.count >= limits.queueLengthMax, "seed \(seed)")
                    #expect(waiting.count <= limits.queueLengthMax + limits.connectionsMax, "seed \(seed)")
                case .reject: #expect(idle.isEmpty)
                }
            case 2:
                guard let id = opening.sorted().randomElement(using: &random) else { continue }
                opening.remove(id)
                obey(pool.opened(id, now: now), id)
            case 3:
                guard let id = leased.keys.sorted().randomElement(using: &random) else { continue }
                leased[id] = nil
                obey(pool.released(id, now: now), id)
            case 4:
                guard let id = (Array(leased.keys) + Array(idle)).sorted().randomElement(using: &random) else {
                    continue
                }
                leased[id] = nil
                idle.remove(id)
                if let next = pool.closed(id, now: now) { opening.insert(next) }
            case 5:
                guard let id = opening.sorted().randomElement(using: &random) else { continue }
                opening.remove(id)
                if case .fail(let stranded) = pool.openFailed(id, now: now) {
                    #expect(stranded == waiting)
                    waiting.removeAll()
                }
            default:
                let actions = pool.ticked(now: now)
                #expect(waiting.starts(with: actions.expired))
                waiting.removeFirst(actions.expired.count)
                for id in actions.close { #expect(idle.remove(id) != nil) }
                opening.formUnion(actions.open)
            }
            #expect(waiting.isEmpty || idle.isEmpty, "seed \(seed)")
            #expect(opening.count + idle.count + leased.count <= limits.connectionsMax)
            #expect(Set(leased.values).count == leased.count)
            #expect(pool.waitingCount == waiting.count)
            #expect(pool.idleCount == idle.count)
            #expect(pool.leasedCount == leased.count)
        }
    }
}
