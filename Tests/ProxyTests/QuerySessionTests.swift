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
        names: StatementNames(countMax: 100, bytesMax: 1 << 20))

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
        let parse = FrontendMessage.parse(
            .init(statement: "a", sql: "select v from kv where k = $1", parameterTypes: []))
        #expect(try extended([parse]).end == .readyFromRouter)
        #expect(try extended([.describe(.statement, name: "a")], .flush).end == .flushWithSync)
        #expect(session.transaction.phase == .deferred(["begin"]))
    }

    @Test mutating func preparedNamesAreTheSessions() throws {
        let parse = FrontendMessage.parse(
            .init(statement: "a", sql: "select v from kv where k = $1", parameterTypes: [20]))
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
        #expect(throws: BatchFailure.self) { try query("delete from kv") }
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

    @Test mutating func aSettingThatIsFlushedIsKeptAtTheSyncThatCommits() throws {
        for hadError in [false, true] {
            let before = session.settings
            let set = try extended(run("set app.a = '\(hadError)'"), .flush)
            #expect(set.end == .flush)
            session.flushed(set, hadError: false)
            if hadError { session.flushed(try extended(run("select 1"), .flush), hadError: true) }
            let sync = try extended([])
            #expect(sync.end == .ready && sync.needsInstance)
            session.answered(sync, status: .idle, hadError: false, committed: false)
            #expect((session.settings == before) == hadError)
        }
    }

    @Test mutating func aBeginAfterAFlushGoesToTheInstance() throws {
        session.flushed(try extended(run("insert into kv (k) values (1)"), .flush), hadError: false)
        let begin = try extended(run("begin") + run("set app.a = '1'"))
        #expect(shape(begin) == "aessaess")
        #expect(session.answered(begin, status: .inTransaction, hadError: false, committed: false) == false)
        #expect(session.transaction.phase == .open)
        let rollback = try query("rollback")
        session.answered(rollback, status: .idle, hadError: false, committed: false)
        #expect(session.settings.count == 0)
    }

    @Test mutating func aQueryThatTheRouterAnswersEndsWhatIsHeldForSync() throws {
        session.flushed(try extended(run("insert into kv (k) values (1)"), .flush), hadError: false)
        let plan = try query("deallocate all")
        #expect(plan.needsInstance && plan.end == .ready && !plan.isSimple)
    }

    @Test(arguments: [TransactionPhase.deferred(["begin"]), .open, .failed])
    mutating func discardAllIsRefusedInABlock(phase: TransactionPhase) throws {
        session.transaction.phase = phase
        #expect(sqlState { try $0.query("discard all") } == .activeTransaction)
        session.transaction.phase = .none
        #expect(sqlState { try $0.extended($0.run("select 1") + $0.run("discard all")) } == .activeTransaction)
        #expect(try query("discard all").needsInstance == false)
    }

    /// The SQLSTATE that the batch fails with.
    private mutating func sqlState(_ batch: (inout Self) throws -> BatchPlan) -> SQLState? {
        do {
            _ = try batch(&self)
            return nil
        } catch {
            return (error as? BatchFailure)?.message.sqlState
        }
    }

    @Test mutating func nothingIsSetAfterASavepoint() throws {
        session.transaction.phase = .open
        _ = try query("set app.a = '1'")
        _ = try query("savepoint s")
        #expect(sqlState { try $0.query("set app.a = '2'") } == .featureNotSupported)
        #expect(try query("set local app.a = '2'").settings == nil)
        session.transactionEnded()
        #expect(try query("set app.a = '2'").settings?.count == 1)
        session.transaction.phase = .open
        #expect(sqlState { try $0.extended($0.run("set app.a = '1'") + $0.run("savepoint s")) } == .featureNotSupported)
    }

    @Test mutating func theLastSetOfANameCounts() throws {
        for sql in ["set app.a = '1'", "set app.b = '1'", "set App.A = '2'", "reset app.b"] {
            let plan = try query(sql)
            let isCertain = session.answered(plan, status: .idle, hadError: false, committed: false)
            #expect(isCertain == !sql.hasPrefix("reset"))
        }
        #expect(session.settings.statements == ["set App.A = '2'", "reset app.b"])
        let other = SessionSettings(startup: [("a", "\u{e9}")])
        #expect(other != SessionSettings(startup: [("a", "e\u{301}")]))
        #expect(other == SessionSettings(startup: [("a", "1"), ("A", "2"), ("a", "\u{e9}")]))
    }

    @Test mutating func settingsHaveALimit() throws {
        for number in 1...64 {
            session.answered(try query("set app.a\(number) = '1'"), status: .idle, hadError: false, committed: false)
        }
        #expect(sqlState { try $0.query("set app.more = '1'") } == .configurationLimitExceeded)
        #expect(try query("set app.a1 = '2'").settings?.count == 64)
        let long = String(repeating: "x", count: 64 << 10)
        #expect(sqlState { try $0.query("set app.a1 = '\(long)'") } == .configurationLimitExceeded)
        #expect(try query("begin").needsInstance == false)
        #expect(sqlState { try $0.query("set app.more = '1'") } == .configurationLimitExceeded)
    }

    @Test mutating func aParseThatWasNeverAnsweredHasNotHappened() throws {
        func parse(_ sql: String) -> FrontendMessage { .parse(.init(statement: "a", sql: sql, parameterTypes: [])) }
        _ = try extended([parse("select 1")])
        session.statements.undoChanges()
        #expect(session.statements["a"] == nil)
        _ = try extended([parse("select 1")])
        #expect(sqlState { try $0.extended([.close(.statement, name: "a"), parse("select 2"), parse("x")]) } != nil)
        session.statements.undoChanges()
        #expect(session.statements["a"]?.sql == "select 1")
    }

    @Test mutating func aPortalOfAControlStatementIsExecutedInItsStateOnly() throws {
        _ = try query("begin")
        let bind = FrontendMessage.bind(
            .init(portal: "p", statement: "", parameterFormats: [], parameters: [], resultFormats: []))
        let parse = FrontendMessage.parse(.init(statement: "", sql: "savepoint s", parameterTypes: []))
        _ = try extended([parse, bind], .flush)
        session.transaction.phase = .open
        #expect(sqlState { try $0.extended([.execute(portal: "p", rowsMax: 0)]) } == .featureNotSupported)
    }

    @Test func statementNamesAreExactAndBounded() throws {
        var names = StatementNames(countMax: 100, bytesMax: 64 << 10)
        let analysis = AnalyzedStatement(
            kind: .select, target: .anywhere, isWrite: false, insertsRows: false, tables: [], parameterCount: 0)
        func name(_ sql: String) -> String {
            names.statement(sql: sql, parameterTypes: [], analysis: analysis).globalName
        }
        #expect(name("select '\u{e9}'") == "fs_1")
        #expect(name("select 'e\u{301}'") == "fs_2")
        #expect(name("select '\u{e9}'") == "fs_1")
        for number in 1...200 {
            _ = name("select \(number)" + String(repeating: " ", count: 1000))
            #expect(names.bytes <= 64 << 10)
        }
        let long = "select" + String(repeating: " ", count: 64 << 10)
        #expect(name(long) != name(long))
        names.forgetAll()
        #expect(name("select '\u{e9}'") == "fs_205")
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

    @Test mutating func whatIsNotUTF8IsToldAsPostgreSQLDoes() {
        var bytes = ByteBuffer()
        FrontendMessage.query("select 'x'").write(into: &bytes)
        bytes.setInteger(UInt8(0xFF), at: 5 + 8)
        let query = Frame(type: UInt8(ascii: "Q"), bytes: bytes)
        #expect {
            _ = try session.batchReceived(ClientBatch(frames: [query], end: .query), &around)
        } throws: {
            ($0 as? BatchFailure)?.message.sqlState.code == "22021"
        }
    }

    /// e with an accent as one character, and as two: one name to Swift, two to PostgreSQL.
    @Test mutating func namesAreTheirBytes() throws {
        let (composed, decomposed) = ("\u{e9}", "e\u{301}")
        try #require(composed == decomposed)
        _ = try extended(run("select v from kv where k = 1", name: composed))
        _ = try extended(run("select v from kv where k = 2", name: decomposed))
        #expect(session.statements[composed]?.sql.contains("k = 1") == true)
        #expect(session.statements[decomposed]?.sql.contains("k = 2") == true)
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
