// The coordinator dies at every crash point, a successor recovers: invariants hold, the owner can write, nothing is left.
import ClusterModel
import PostgresClient
import Testing

@testable import Migration

extension LiveTests {
    @Suite(.serialized)
    struct CrashTests {
        /// What a controller does with a move, from order to end, by way of a revert.
        private static func life(_ executor: MoveExecutor, _ order: MoveOrder, _ epoch: Epoch) async throws {
            _ = try await executor.start(order, epoch: epoch)
            _ = try await executor.cutOver(order.id)
            _ = try await executor.finalize(order.id, grace: .zero)
        }

        @Test("Dies at every crash point of a move")
        func forward() async throws {
            let points = CrashPoint.all.filter { Self.isDistinct($0) }
            try await survive(points) {
                FaultPlan(dieAt: [$0])
            } scenario: {
                try await Self.life($0, $1, $2)
            }
        }

        /// After a step the world is as before the next one, so `before` is of interest where a branch begins.
        private static func isDistinct(_ point: CrashPoint) -> Bool {
            switch point {
            case .before(let step):
                MoveState.allCases.contains { $0.work.contains { $0.first == step } } || step == .lock
            case .after(let step): !MoveStep.undoing.contains(step)
            }
        }

        @Test("Dies while it undoes a cut-over")
        func undoing() async throws {
            let points: [CrashPoint] = [.before(.unfence), .after(.unfence), .after(.reopenGate)]
            try await survive(points) {
                FaultPlan(failAt: [.after(.disarm)], dieAt: [$0])
            } scenario: {
                try await Self.life($0, $1, $2)
            }
        }

        @Test("Dies while it undoes a preparation")
        func aborting() async throws {
            let points: [CrashPoint] = [
                .before(.dropStreams), .after(.dropStreams), .after(.deleteRows), .after(.dropObjects),
            ]
            try await survive(points) {
                FaultPlan(failAt: [.after(.analyze)], dieAt: [$0])
            } scenario: {
                try await Self.life($0, $1, $2)
            }
        }

        @Test("Dies at every crash point of a revert")
        func reverting() async throws {
            let points: [CrashPoint] = [.fence, .disarm, .decide, .own, .publish].map { .after($0) }
            let cluster = try await TestCluster.make(rows: 200)
            let before = try await cluster.contents(on: TestCluster.home, ofSegment: true)
            for (index, point) in points.enumerated() {
                let order = cluster.order("\(index)")
                let term = Int64(index * 10 + 1)
                let first = cluster.executor(term: term)
                _ = try await first.start(order, epoch: await cluster.journal.epoch)
                _ = try await first.cutOver(order.id)

                let plan = FaultPlan(dieAt: [point])
                let second = cluster.executor(term: term + 1) { $0.crashSwitch = plan.hook }
                _ = try await second.recover()
                await #expect(throws: SimulatedCrash(at: point)) { _ = try await second.revert(order.id) }
                try await settle(cluster, order, term: term + 2, "\(point)")
                #expect(try await cluster.contents(on: TestCluster.home, ofSegment: true) == before, "\(point)")
            }
        }

        private func survive(
            _ points: [CrashPoint],
            plan: (CrashPoint) -> FaultPlan,
            scenario: (MoveExecutor, MoveOrder, Epoch) async throws -> Void
        ) async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let before = try await cluster.contents(on: TestCluster.home, ofSegment: true)
            for (index, point) in points.enumerated() {
                let order = cluster.order("\(index)")
                let term = Int64(index * 10 + 1)
                let plan = plan(point)
                let executor = cluster.executor(term: term) { $0.crashSwitch = plan.hook }
                await #expect(throws: SimulatedCrash(at: point)) {
                    try await scenario(executor, order, await cluster.journal.epoch)
                }
                #expect(plan.isSpent, "\(point)")
                try await cluster.expectInvariants("dead at \(point)")
                try await settle(cluster, order, term: term + 1, "\(point)")
                #expect(try await cluster.contents(on: TestCluster.home, ofSegment: true) == before, "\(point)")
            }
        }

        /// Recovers, checks, and takes the segment home by whatever way the state leaves.
        private func settle(
            _ cluster: TestCluster,
            _ order: MoveOrder,
            term: Int64,
            _ comment: Comment
        ) async throws {
            let executor = cluster.executor(term: term)
            for recovery in try await executor.recover() { #expect(recovery.failure == nil, comment) }
            try await cluster.expectInvariants(comment)
            let record = try #require(await cluster.journal.move(order.id))
            #expect(record.state.isResting, comment)
            #expect(await cluster.gate.isOpen, comment)
            #expect(await cluster.journal.owners[order.segment.id] == record.owner, comment)
            try await cluster.expectWritable(owner: record.owner, isGuarded: !record.state.isOver, comment)
            switch record.state {
            case .ready: _ = try await executor.abort(order.id)
            case .probation:
                _ = try await executor.revert(order.id)
                _ = try await executor.abort(order.id)
            case .retained:
                _ = try await executor.clean(order.id)
                try await cluster.bringHome(executor, order)
            case .finished: try await cluster.bringHome(executor, order)
            case .aborted: break
            case .planned, .prechecked, .prepared, .streaming, .copied, .fenced, .switchDecided, .revertFenced,
                .revertDecided, .finalizing, .cleaning, .aborting:
                Issue.record("\(comment): left in \(record.state)")
            }
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }
    }
}

extension TestCluster {
    /// The owner takes a write of the segment; the other refuses it while it is guarded.
    func expectWritable(owner: InstanceID, isGuarded: Bool, _ comment: Comment) async throws {
        let key = try await aKey(on: owner)
        let write = "UPDATE customers SET counter = counter WHERE tenant = \(key)"
        await #expect(throws: Never.self, comment) { try await query(write, on: owner) }
        guard isGuarded else { return }
        let other = owner == Self.home ? Self.contingent : Self.home
        let error = await #expect(throws: PostgresError.self, comment) { try await query(write, on: other) }
        #expect(error?.sqlState == MoveSQL.notOwnerState, comment)
    }

    /// An ordinary move the other way.
    func bringHome(_ executor: MoveExecutor, _ order: MoveOrder) async throws {
        let back = MoveOrder(
            id: MoveID("\(order.id)_back"),
            group: order.group,
            segment: order.segment,
            source: order.target,
            target: order.source
        )
        _ = try await executor.start(back, epoch: await journal.epoch)
        _ = try await executor.cutOver(back.id)
        _ = try await executor.finalize(back.id, grace: .zero)
    }
}
