import ClusterModel
import NIOCore
import Routing
import SQLAnalysis
import Testing
import WireProtocol

@testable import Proxy

@Suite struct QuerySessionTests {
    private var session = QuerySession(limits: .init(), settings: .none)
    private var around = QuerySession.Surroundings(
        analyzer: StatementAnalyzer(schema: ShardedSchema(groups: [TestCluster.group]), cacheBytesMax: 1 << 20),
        names: StatementNames(countMax: 100))

    private mutating func query(_ sql: String) throws(BatchFailure) -> BatchPlan {
        try session.batchReceived(ClientBatch(frames: [frame(.query(sql))], end: .query), &around)
    }

    private mutating func extended(
        _ messages: [FrontendMessage], _ end: ClientBatch.End = .sync
    ) throws(BatchFailure) -> BatchPlan {
        try session.batchReceived(ClientBatch(frames: messages.map(frame), end: end), &around)
    }

    private func frame(_ message: FrontendMessage) -> Frame {
        var bytes = ByteBuffer()
        message.write(into: &bytes)
        return Frame(type: bytes.getInteger(at: 0) ?? 0, bytes: bytes)
    }

    private func run(_ sql: String, name: String = "") -> [FrontendMessage] {
        [
            .parse(.init(statement: name, sql: sql, parameterTypes: [])),
            .bind(.init(portal: "", statement: name, parameterFormats: [], parameters: [], resultFormats: [])),
            .execute(portal: "", rowsMax: 0),
        ]
    }

    /// A plan as one letter per step: what is answered, sent, parsed or made sure of.
    private func shape(_ plan: BatchPlan) -> String {
        plan.steps.map { step in
            switch step {
            case .answer: "a"
            case .send: "s"
            case .parse: "p"
            case .ensure: "e"
            }
        }.joined()
    }

    @Test mutating func aKeyedQueryIsSentAsItIs() throws {
        let plan = try query("select v from kv where k = 1")
        #expect(shape(plan) == "s")
        #expect(plan.routes.count == 1)
        #expect(plan.needsInstance && plan.executes && plan.isSimple)
    }

    @Test mutating func anEmptyTransactionNeverReachesAnInstance() throws {
        #expect(try query("begin").needsInstance == false)
        #expect(session.transaction.phase == .deferred(["begin"]))
        #expect(try query("set local statement_timeout = 5").needsInstance == false)
        #expect(try query("rollback").needsInstance == false)
        #expect(session.transaction.phase == .none)
        #expect(try query("commit").needsInstance == false)
    }

    @Test mutating func aBeginInABatchIsDeferredAndTheRestIsSent() throws {
        let plan = try extended(run("begin") + run("select v from kv where k = 1"))
        #expect(shape(plan) == "aaapess")
        #expect(plan.end == .ready)
        #expect(session.transaction.phase == .deferred(["begin"]))
    }

    @Test mutating func aCommitAfterStatementsOfItsBatchIsSent() throws {
        _ = try extended(run("begin"))
        let plan = try extended(run("select v from kv where k = 1") + run("commit"))
        #expect(shape(plan) == "pessaess")
    }

    @Test mutating func anUnsentBatchOfADeferredTransactionEndsWithTheRoutersStatus() throws {
        _ = try query("begin")
        let parse = FrontendMessage.parse(.init(statement: "a", sql: "select v from kv where k = $1", parameterTypes: []))
        #expect(try extended([parse]).end == .readyFromRouter)
        #expect(try extended([.describe(.statement, name: "a")], .flush).end == .flushWithSync)
        #expect(session.transaction.phase == .deferred(["begin"]))
    }

    @Test mutating func preparedNamesAreTheSessions() throws {
        let parse = FrontendMessage.parse(.init(statement: "a", sql: "select v from kv where k = $1", parameterTypes: [20]))
        #expect(try shape(extended([parse])) == "p")
        #expect(throws: BatchFailure.self) { try extended([parse]) }
        #expect(try shape(extended([.close(.statement, name: "a")])) == "a")
        #expect(try shape(extended([parse])) == "p")
        #expect(try shape(query("deallocate a")) == "a")
        #expect(throws: BatchFailure(.invalidStatementName, "prepared statement \"a\" does not exist")) {
            try extended([.describe(.statement, name: "a")])
        }
    }

    @Test mutating func afterARefusalOnlyTheEndIsAccepted() throws {
        _ = try query("begin")
        #expect(throws: BatchFailure.self) { try query("select * from kv") }
        #expect(session.refused() == false)
        #expect(session.transaction.status == .failed)
        #expect(throws: BatchFailure.self) { try query("select 1") }
        #expect(try query("commit").needsInstance == false)
        #expect(session.transaction.status == .idle)
    }

    @Test mutating func settingsAreTheSessionsWhenTheirTransactionCommits() throws {
        let set = try query("set datestyle = 'German'")
        session.answered(set, status: .idle, hadError: false, committed: false)
        #expect(session.settings.statements == ["set datestyle = 'German'"])

        _ = try query("begin")
        _ = try query("set timezone = 'UTC'")
        let commit = try query("commit")
        #expect(commit.needsInstance)
        session.transaction.phase = .open
        session.answered(commit, status: .idle, hadError: false, committed: true)
        #expect(session.settings.statements.count == 2)

        let reset = try query("reset all")
        session.answered(reset, status: .idle, hadError: false, committed: false)
        let (settings, startup) = (session.settings, session.startupSettings)
        #expect(settings == startup)
    }

    @Test mutating func aTransactionStaysOnOneInstance() throws {
        let table = try TestCluster.table()
        let first = try query("select v from kv where k = 1")
        let home = try Destination.resolve(first, table, held: nil, transaction: Transaction())
        let foreign = TestCluster.instances.map(\.id).first { $0 != home.instance }
        #expect(throws: BatchFailure.self) {
            try Destination.resolve(first, table, held: foreign, transaction: session.transaction)
        }
        session.transaction.phase = .failed
        let failed = try Destination.resolve(first, table, held: foreign, transaction: session.transaction)
        #expect(failed == Destination(instance: foreign))
    }

    @Test mutating func aMoveDuringATransactionIsASerializationFailure() throws {
        let before = try TestCluster.table()
        let plan = try query("select v from kv where k = 1")
        let old = try Destination.resolve(plan, before, held: nil, transaction: Transaction())
        let other = TestCluster.instances.map(\.id).first { $0 != old.instance } ?? "none"
        let after = before.relocating(old.segments[0], to: other)
        session.transaction.firstTable = before
        do throws(BatchFailure) {
            _ = try Destination.resolve(plan, after, held: old.instance, transaction: session.transaction)
            Issue.record("a moved segment was not noticed")
        } catch {
            #expect(error.message.sqlState == .serializationFailure)
        }
    }

    @Test func malformedMessagesFailTheBatch() {
        for type in "PBDEC" {
            for length in 0..<12 {
                var session = session
                var around = around
                var bytes = ByteBuffer(bytes: [type.asciiValue ?? 0, 0, 0, 0, UInt8(4 + length)])
                bytes.writeRepeatingByte(0x41, count: length)
                let batch = ClientBatch(frames: [Frame(type: type.asciiValue ?? 0, bytes: bytes)], end: .sync)
                #expect(throws: BatchFailure.self) { try session.batchReceived(batch, &around) }
            }
        }
    }
}
