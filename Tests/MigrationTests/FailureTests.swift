import ClusterModel
import Foundation
import PostgresClient
import Synchronization
import Testing

@testable import Migration

extension LiveTests {
    @Suite(.serialized)
    struct FailureTests {
        @Test("A failure of any step of the preparation undoes everything")
        func preparation() async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let states: [MoveState] = [.planned, .prechecked, .prepared, .streaming, .copied]
            let steps = states.flatMap { $0.work.flatMap { $0 } }.filter(\.changesTheWorld)
            for (index, step) in steps.enumerated() {
                let plan = FaultPlan(failAt: [.after(step)])
                let executor = cluster.executor { $0.crashSwitch = plan.hook }
                let order = cluster.order("\(index)")
                await #expect(throws: FaultPlan.InjectedFailure(point: .after(step))) {
                    _ = try await executor.start(order, epoch: await cluster.journal.epoch)
                }
                let record = try #require(await cluster.journal.move(order.id))
                #expect(record.state == .aborted, "\(step)")
                #expect(record.report.failure != nil)
                try await cluster.expectNoLeftovers(owner: TestCluster.home)
            }
        }

        @Test("A failure before the decision reopens the gate at the old owner, one after it is made good")
        func cutOver() async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let plan = Shared(FaultPlan())
            let executor = cluster.executor { $0.crashSwitch = { try plan.value.hook($0) } }
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            for point: CrashPoint in [
                .before(.lock), .after(.lock), .after(.closeGate), .after(.fence), .after(.disarm), .before(.decide),
            ] {
                plan.value = FaultPlan(failAt: [point])
                await #expect(throws: FaultPlan.InjectedFailure(point: point)) {
                    _ = try await executor.cutOver(cluster.move)
                }
                #expect(await cluster.gate.isOpen, "\(point)")
                #expect(await cluster.journal.move(cluster.move)?.state == .ready, "\(point)")
                try await cluster.expectWritable(owner: TestCluster.home, isGuarded: true, "\(point)")
                try await cluster.expectInvariants("\(point)")
            }
            plan.value = FaultPlan(failAt: [.after(.disarm), .before(.unfence)])
            await #expect(throws: FaultPlan.InjectedFailure(point: .after(.disarm))) {
                _ = try await executor.cutOver(cluster.move)
            }
            try await cluster.expectWritable(owner: TestCluster.home, isGuarded: true, "an undoing that fails once")

            for point: CrashPoint in [.after(.decide), .before(.own), .after(.own)] {
                plan.value = FaultPlan(failAt: [point])
                #expect(try await executor.cutOver(cluster.move).state == .probation, "\(point)")
                try await cluster.expectWritable(owner: TestCluster.contingent, isGuarded: true, "\(point)")
                plan.value = FaultPlan(failAt: [point])
                #expect(try await executor.revert(cluster.move).state == .ready, "\(point)")
                try await cluster.expectWritable(owner: TestCluster.home, isGuarded: true, "\(point)")
            }
            plan.value = FaultPlan(failAt: [.after(.dropStreams), .after(.deleteRows), .before(.dropObjects)])
            #expect(try await executor.abort(cluster.move).state == .aborted)
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("When the journal's answer is lost, what it holds is the truth")
        func lostAnswer() async throws {
            struct Lost: Error {}
            let cluster = try await TestCluster.make(rows: 200)
            let executor = cluster.executor()
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            await cluster.journal.loseAnswers { throw Lost() }
            #expect(try await executor.cutOver(cluster.move).state == .probation)
            try await cluster.expectWritable(owner: TestCluster.contingent, isGuarded: true, "lost answer")
            #expect(try await executor.revert(cluster.move).state == .ready)
            _ = try await executor.abort(cluster.move)
        }

        @Test("A coordinator that has a successor changes nothing")
        func staleCoordinator() async throws {
            let cluster = try await TestCluster.make(rows: 200)
            let stale = cluster.executor(term: 1)
            _ = try await stale.start(cluster.order(), epoch: await cluster.journal.epoch)
            let successor = cluster.executor(term: 2)
            #expect(try await successor.recover().map(\.record.state) == [.ready])
            await #expect(throws: MemoryJournal.Refusal.staleTerm) { _ = try await stale.cutOver(cluster.move) }
            let order = cluster.sql.setRegister(Epoch(4), term: 1)
            let error = await #expect(throws: PostgresError.self) {
                try await cluster.query(order, on: TestCluster.contingent)
            }
            #expect(error?.sqlState == MoveSQL.supersededState)
            #expect(try await successor.cutOver(cluster.move).state == .probation)
            _ = try await successor.finalize(cluster.move, grace: .zero)
            try await cluster.expectNoLeftovers(owner: TestCluster.contingent)
        }

        @Test("Rows that replication does not explain are found")
        func divergence() async throws {
            let cluster = try await TestCluster.make(rows: 300)
            let key = try await cluster.aKey()
            let rogue =
                "SET session_replication_role = replica; DELETE FROM items WHERE tenant = \(key) "
                + "AND order_id = (SELECT min(order_id) FROM items WHERE tenant = \(key))"
            let endpoint = cluster.endpoints[TestCluster.contingent]!
            let executor = cluster.executor { configuration in
                configuration.crashSwitch = { point in
                    if point == .after(.catchUp) { try psql(endpoint, rogue) }
                }
            }
            await #expect(throws: MoveError.diverged(table: TableName(name: "items"), rows: 1)) {
                _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            }
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("A slot that waits for a transaction names its process")
        func longTransaction() async throws {
            let cluster = try await TestCluster.make(rows: 100)
            try await cluster.query("CREATE TABLE elsewhere (n int)", on: TestCluster.home)
            let long = try await cluster.connect(TestCluster.home)
            let pid = try await long.query("BEGIN; INSERT INTO elsewhere VALUES (1); SELECT pg_backend_pid()").scalar()
            let executor = cluster.executor { $0.slotWithin = .milliseconds(300) }
            let error = await #expect(throws: MoveError.self) {
                _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            }
            guard case .blocked(_, on: TestCluster.home, by: let blockers)? = error else {
                Issue.record("not blocked but \(String(describing: error))")
                return
            }
            #expect(blockers.map { String($0.pid) } == [pid])
            await long.close()
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("A long transaction on the segment keeps it from being cut over, and keeps nobody waiting")
        func longWriter() async throws {
            let cluster = try await TestCluster.make(rows: 100)
            let key = try await cluster.aKey()
            let executor = cluster.executor { $0.fenceDrainWithin = .milliseconds(100) }
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            let long = try await cluster.connect(TestCluster.home)
            let pid = try await long.query(
                "BEGIN; UPDATE customers SET counter = 7 WHERE tenant = \(key) AND id = 1; SELECT pg_backend_pid()"
            ).scalar()
            let error = await #expect(throws: MoveError.self) { _ = try await executor.cutOver(cluster.move) }
            guard case .blocked(_, on: TestCluster.home, by: let blockers)? = error else {
                Issue.record("not blocked but \(String(describing: error))")
                return
            }
            #expect(blockers.map { String($0.pid) } == [pid])
            #expect(await cluster.gate.isOpen)
            try await cluster.query(
                "UPDATE customers SET counter = 1 WHERE tenant = \(key) AND id = 2",
                on: TestCluster.home
            )
            try await long.query("COMMIT")
            await long.close()

            #expect(try await executor.cutOver(cluster.move).state == .probation)
            let counters = try await cluster.query(
                "SELECT counter FROM customers WHERE tenant = \(key) AND id < 3 ORDER BY id",
                on: TestCluster.contingent
            )
            #expect(counters.rows == [["7"], ["1"]])
        }

        @Test("A router that does not drain, or a change of a table, leaves everything as it was")
        func otherObstacles() async throws {
            let cluster = try await TestCluster.make(rows: 100)
            let executor = cluster.executor { $0.gateDrainWithin = .milliseconds(30) }
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            let stuck = Task { await cluster.gate.transaction { _ in try? await Task.sleep(for: .seconds(60)) } }
            try await Task.sleep(for: .milliseconds(5))
            await #expect(throws: TestGate.DrainTimedOut.self) { _ = try await executor.cutOver(cluster.move) }
            stuck.cancel()
            await stuck.value
            try await cluster.query("ALTER TABLE items ADD COLUMN extra int", on: TestCluster.home)
            await #expect(throws: MoveError.self) { _ = try await executor.cutOver(cluster.move) }
            #expect(await cluster.gate.isOpen)
            try await cluster.expectWritable(owner: TestCluster.home, isGuarded: true, "after both")
        }

        @Test("An abort stops a copy and undoes it")
        func abortWhileCopying() async throws {
            let cluster = try await TestCluster.make(rows: 3000)
            let executor = cluster.executor { $0.copyBytesPerSecondMax = 2000 }
            let order = cluster.order()
            let starting = Task { _ = try await executor.start(order, epoch: .initial) }
            for await progress in executor.progress where progress.step == .copy && progress.report.bytesCopied > 0 {
                break
            }
            #expect(try await executor.abort(cluster.move).state == .aborted)
            await #expect(throws: (any Error).self) { try await starting.value }
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("An abort waits for a copy that the target has all rows of and not committed yet")
        func abortWhileTheTargetCommits() async throws {
            let cluster = try await TestCluster.make(rows: 300)
            let endpoint = cluster.endpoints[TestCluster.contingent]!
            let slow = """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
                CREATE TRIGGER slow AFTER INSERT ON items EXECUTE FUNCTION slow();
                ALTER TABLE items ENABLE ALWAYS TRIGGER slow
                """
            let executor = cluster.executor { configuration in
                configuration.crashSwitch = { point in
                    if point == .before(.copy) { try psql(endpoint, slow) }
                }
            }
            let order = cluster.order()
            let starting = Task { _ = try await executor.start(order, epoch: .initial) }
            let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'COPY%'"
            while try await cluster.query(sleeping, on: TestCluster.contingent).scalar() != "1" {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await executor.abort(cluster.move).state == .aborted)
            await #expect(throws: (any Error).self) { try await starting.value }
            try await cluster.query("SELECT pg_sleep(1.5)", on: TestCluster.contingent)
            try await cluster.query("DROP FUNCTION slow CASCADE", on: TestCluster.contingent)
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("A stop leaves a copy where it is, at once, to a successor")
        func stopWhileCopying() async throws {
            let cluster = try await TestCluster.make(rows: 3000)
            let executor = cluster.executor { $0.copyBytesPerSecondMax = 2000 }
            let order = cluster.order()
            let starting = Task { _ = try await executor.start(order, epoch: .initial) }
            for await progress in executor.progress where progress.step == .copy && progress.report.bytesCopied > 0 {
                break
            }
            await executor.stop(letCutOversEndWithin: .seconds(1))
            await #expect(throws: (any Error).self) { try await starting.value }
            #expect(await cluster.journal.move(cluster.move)?.state == .streaming)
            let successor = cluster.executor(term: 2)
            #expect(try await successor.recover().map(\.record.state) == [.aborted])
            try await cluster.expectNoLeftovers(owner: TestCluster.home)
        }

        @Test("Requests that do not fit the state are refused, and two at once")
        func refusals() async throws {
            let cluster = try await TestCluster.make(rows: 100)
            let executor = cluster.executor()
            await #expect(throws: MoveError.unknownMove(cluster.move)) { _ = try await executor.cutOver(cluster.move) }
            _ = try await executor.start(cluster.order(), epoch: await cluster.journal.epoch)
            await #expect(throws: MemoryJournal.Refusal.unfinishedMove) {
                _ = try await executor.start(cluster.order("second"), epoch: .initial)
            }
            await #expect(throws: MoveError.refused(.notInProbation, .ready)) {
                _ = try await executor.revert(cluster.move)
            }
            await #expect(throws: MoveError.inUse(TestCluster.home)) {
                try await executor.uninstall(from: TestCluster.home)
            }
            _ = try await executor.cutOver(cluster.move)
            await #expect(throws: MoveError.refused(.decided, .probation)) {
                _ = try await executor.abort(cluster.move)
            }

            #expect(try await executor.finalize(cluster.move, grace: .seconds(900)).state == .retained)
            try await cluster.expectWritable(owner: TestCluster.contingent, isGuarded: true, "during the grace")
            #expect(try await cluster.segmentRows(on: TestCluster.home) > 0)
            await #expect(throws: MoveError.retained(until: Timestamp(milliseconds: 1_900_000))) {
                _ = try await executor.clean(cluster.move)
            }
            let later = cluster.executor(term: 2) { $0.now = { Timestamp(milliseconds: 1_900_000) } }
            #expect(try await later.recover().map(\.record.state) == [.retained])
            #expect(try await later.clean(cluster.move).state == .finished)
            try await cluster.expectNoLeftovers(owner: TestCluster.contingent)
            for instance in TestCluster.instances { try await later.uninstall(from: instance) }
            #expect(await cluster.journal.ledger.isEmpty)
        }
    }
}

/// A value that a test changes between calls of a hook.
final class Shared<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>
    init(_ value: Value) { storage = Mutex(value) }

    var value: Value {
        get { storage.withLock { $0 } }
        set { storage.withLock { $0 = newValue } }
    }
}

/// Runs a statement from where nothing can be awaited.
private func psql(_ endpoint: Endpoint, _ sql: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/lib/postgresql/15/bin/psql")
    process.arguments = [
        "-q", "-h", endpoint.host, "-p", "\(endpoint.port)", "-U", endpoint.user, "-d", endpoint.database, "-c", sql,
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
}
