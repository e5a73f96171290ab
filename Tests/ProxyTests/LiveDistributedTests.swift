import ClusterModel
import NIOCore
import Routing
import Testing
import WireProtocol

@testable import Proxy

/// Transactions over several instances: what clients see, what is committed, and what is left behind.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LiveDistributedTests {
    private static func move(_ amount: Int, _ from: Int64, _ to: Int64) -> [String] {
        [
            "update accounts set balance = balance - \(amount) where id = \(from)",
            "update accounts set balance = balance + \(amount) where id = \(to)",
        ]
    }

    @Test func aBlockIsCommittedOnAllInstancesOrNone() async throws {
        let (a, b, c) = (
            try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"),
            try DistributedFixture.key(on: "three")
        )
        try await DistributedFixture.with { bank in
            var answers = try await bank.run(["begin"] + Self.move(10, a, b) + Self.move(20, b, c))
            #expect(answers.map(\.tags) == [["BEGIN"], ["UPDATE 1"], ["UPDATE 1"], ["UPDATE 1"], ["UPDATE 1"]])
            #expect(answers.allSatisfy { $0.status == .inTransaction })
            // It sees what it wrote, on each instance; nobody else does.
            #expect(try await bank.run("select balance from accounts where id = \(b)").rows == ["90"])
            #expect(try await bank.run("select balance from accounts where id = \(a)").rows == ["90"])
            #expect(try await bank.balance(b, on: "two") == "100")
            #expect(
                try await bank.run("commit")
                    == DistributedFixture.Answer([.commandComplete("COMMIT"), .readyForQuery(.idle)]))
            #expect(try await bank.balance(a, on: "one") == "90")
            #expect(try await bank.balance(b, on: "two") == "90")
            #expect(try await bank.balance(c, on: "three") == "120")
            #expect(bank.log.decisions.map { Set($0.value) } == [["one", "two", "three"]])

            answers = try await bank.run(["begin"] + Self.move(10, a, b) + ["rollback"])
            #expect(answers.last?.tags == ["ROLLBACK"])
            #expect(answers.last?.status == .idle)
            try await eventually { await bank.isAtRest }
            #expect(try await bank.balance(a, on: "one") == "90")
            #expect(try await bank.balance(b, on: "two") == "90")
            #expect(bank.log.decisions.count == 1)
            #expect(try await bank.prepared() == [])
            let counters = await bank.router.status()?.counters
            #expect(counters?.distributedCommits == 1)
        }
    }

    @Test func withoutALogASecondInstanceIsRefused() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with(nil) { bank in
            let answers = try await bank.run(["begin"] + Self.move(10, a, b) + ["commit"])
            #expect(answers.map(\.errors) == [[], [], [.featureNotSupported], []])
            #expect(answers.last?.tags == ["ROLLBACK"])
            #expect(try await bank.balance(a, on: "one") == "100")
        }
    }

    @Test func anErrorFailsTheBlockOnAllInstances() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            var answers = try await bank.run(["begin"] + Self.move(200, b, a) + ["commit"])
            #expect(answers.map(\.errors) == [[], [SQLState("23514")], [.inFailedTransaction], []])
            answers = try await bank.run(
                ["begin", "update accounts set balance = 8 where id = \(a)"] + Self.move(200, b, a)
                    + ["select 1", "commit"])
            #expect(
                answers.map(\.errors) == [
                    [], [], [SQLState("23514")], [.inFailedTransaction], [.inFailedTransaction], [],
                ])
            #expect(answers.map(\.status) == [.inTransaction, .inTransaction, .failed, .failed, .failed, .idle])
            #expect(answers.last?.tags == ["ROLLBACK"])
            try await eventually { await bank.isAtRest }
            #expect(try await bank.balance(a, on: "one") == "100")
        }
    }

    /// A deferred constraint fails when its instance prepares: the client gets that error from COMMIT.
    @Test func whatFailsAtTheCommitIsRolledBackEverywhere() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            let answers = try await bank.run(
                [
                    "begin", "update accounts set balance = 8 where id = \(a)",
                    "update accounts set balance = 7 where id = \(b)", "commit", "select 1",
                ])
            #expect(answers.map(\.errors) == [[], [], [], [SQLState("23000")], []])
            #expect(answers[3].status == .idle)
            #expect(try await bank.balance(a, on: "one") == "100")
            #expect(try await bank.balance(b, on: "two") == "100")
            #expect(try await bank.prepared() == [])
            #expect(bank.log.decisions.isEmpty)
            #expect(await bank.router.status()?.counters.distributedRollbacks == 1)
        }
    }

    @Test func savepointsAndSettingsAreThoseOfAllInstances() async throws {
        let (a, b, c) = (
            try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"),
            try DistributedFixture.key(on: "three")
        )
        try await DistributedFixture.with { bank in
            var answers = try await bank.run([
                "begin", "update accounts set balance = 10 where id = \(a)", "set local application_name = 'mine'",
                "savepoint s", "update accounts set balance = 20 where id = \(b)",
                "update accounts set balance = 12 where id = \(a)",
                "select current_setting('application_name') from accounts where id = \(b)",
                // Undoes the second change of a, and all of b.
                "rollback to s", "update accounts set balance = 30 where id = \(c)",
                "select current_setting('application_name') from accounts where id = \(c)",
                "savepoint t", "update accounts set balance = -1 where id = \(b)", "select 1",
                "rollback to savepoint t",
                "select balance from accounts where id = \(b)", "release s", "commit",
            ])
            let failed = answers.indices.filter { !answers[$0].errors.isEmpty }
            #expect(failed == [11, 12])
            #expect(answers[6].rows == ["mine"])
            #expect(answers[9].rows == ["mine"])
            #expect(answers[14].rows == ["100"])
            #expect(answers.last?.tags == ["COMMIT"])
            #expect(try await bank.balance(a, on: "one") == "10")
            #expect(try await bank.balance(b, on: "two") == "100")
            #expect(try await bank.balance(c, on: "three") == "30")
            // What was set for the session is kept by a commit, on whichever instance comes next.
            answers = try await bank.run(
                ["begin", "set application_name = 'later'"] + Self.move(10, c, b) + ["commit"])
            #expect(answers.allSatisfy { $0.errors.isEmpty })
            for key in [a, b, c] {
                let name = try await bank.run(
                    "select current_setting('application_name') from accounts where id = \(key)")
                #expect(name.rows == ["later"])
            }
        }
    }

    /// Drivers send many executions before one Sync: outside of a block they are one transaction.
    @Test func aPipelineIsOneTransaction() async throws {
        let keys = try (0..<3).flatMap { n in
            try DistributedFixture.databases.map { try DistributedFixture.key(n, on: $0) }
        }
        try await DistributedFixture.with { bank in
            func pipeline(_ values: [(Int64, Int)], _ prelude: [FrontendMessage] = []) async throws
                -> DistributedFixture.Answer
            {
                var bytes = ByteBuffer()
                for message in prelude { message.write(into: &bytes) }
                FrontendMessage.parse(
                    .init(
                        statement: "", sql: "update accounts set balance = $2 where id = $1 returning balance",
                        parameterTypes: [20, 20])
                ).write(into: &bytes)
                for (key, value) in values {
                    FrontendMessage.bind(
                        .init(
                            portal: "", statement: "", parameterFormats: [],
                            parameters: [ByteBuffer(string: "\(key)"), ByteBuffer(string: "\(value)")],
                            resultFormats: [])
                    ).write(into: &bytes)
                    FrontendMessage.execute(portal: "", rowsMax: 0).write(into: &bytes)
                }
                FrontendMessage.sync.write(into: &bytes)
                try await bank.client.send(bytes)
                return DistributedFixture.Answer(await bank.client.answer())
            }
            var answer = try await pipeline(keys.enumerated().map { ($0.element, $0.offset * 2) })
            #expect(answer.rows == keys.indices.map { "\($0 * 2)" })
            #expect(answer.errors == [])
            #expect(answer.status == .idle)
            #expect(try await bank.balance(keys[5], on: "three") == "10")
            // The fourth fails: none is done.
            answer = try await pipeline(keys.enumerated().map { ($0.element, $0.offset == 3 ? -1 : 50) })
            #expect(answer.rows == ["50", "50", "50"])
            #expect(answer.errors == [SQLState("23514")])
            #expect(answer.status == .idle)
            try await eventually { await bank.isAtRest }
            #expect(try await bank.balance(keys[0], on: "one") == "0")
            // The last fails at the commit.
            answer = try await pipeline(keys.enumerated().map { ($0.element, $0.offset == 8 ? 51 : 50) })
            #expect(answer.errors == [SQLState("23000")])
            #expect(answer.status == .idle)
            #expect(try await bank.balance(keys[0], on: "one") == "0")
            // In a block it ends with the block.
            #expect(try await bank.run("begin").tags == ["BEGIN"])
            answer = try await pipeline(keys.map { ($0, 60) })
            #expect(answer.status == .inTransaction)
            #expect(answer.rows == keys.map { _ in "60" })
            #expect(try await bank.balance(keys[0], on: "one") == "0")
            #expect(try await bank.run("commit").tags == ["COMMIT"])
            for (key, instance) in zip(keys, DistributedFixture.databases + DistributedFixture.databases) {
                #expect(try await bank.balance(key, on: instance) == "60")
            }
            #expect(try await bank.prepared() == [])
        }
    }

    @Test func whatTiesATransactionToOneInstanceIsToldAndRefused() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            let two = Self.move(10, a, b)
            var answers = try await bank.run(["begin; " + two[0], two[1], "rollback"])
            #expect(answers.map(\.errors) == [[], [.featureNotSupported], []])
            answers = try await bank.run(["begin", two.joined(separator: "; "), "rollback"])
            #expect(answers.map(\.errors) == [[], [.featureNotSupported], []])
            answers = try await bank.run(["begin"] + two + ["select 1; commit", "rollback"])
            #expect(answers.map(\.errors) == [[], [], [], [.featureNotSupported], []])
            try await eventually { await bank.isAtRest }
            #expect(try await bank.balance(a, on: "one") == "100")
        }
    }

    /// A client may ask for answers by Flush and go on: the transaction ends with its Sync.
    @Test func aPipelineWithFlushEndsWithItsSync() async throws {
        let keys = try DistributedFixture.databases.map { try DistributedFixture.key(on: $0) }
        try await DistributedFixture.with { bank in
            func update(_ key: Int64, _ value: Int) -> [FrontendMessage] {
                [
                    .parse(
                        .init(
                            statement: "", sql: "update accounts set balance = $2 where id = $1",
                            parameterTypes: [20, 20])),
                    .bind(
                        .init(
                            portal: "", statement: "", parameterFormats: [],
                            parameters: [ByteBuffer(string: "\(key)"), ByteBuffer(string: "\(value)")],
                            resultFormats: [])),
                    .execute(portal: "", rowsMax: 0),
                ]
            }
            func send(_ messages: [FrontendMessage], until last: (BackendMessage) -> Bool) async throws
                -> DistributedFixture.Answer
            {
                var bytes = ByteBuffer()
                for message in messages { message.write(into: &bytes) }
                try await bank.client.send(bytes)
                var answer: [BackendMessage] = []
                while let message = await bank.client.next() {
                    answer.append(message)
                    if last(message) { break }
                }
                return DistributedFixture.Answer(answer)
            }
            let isReady: (BackendMessage) -> Bool = { if case .readyForQuery = $0 { true } else { false } }
            var completions = 0
            let isSecond: (BackendMessage) -> Bool = {
                if case .commandComplete = $0 { completions += 1 }
                return completions == 2
            }
            for isBlock in [false, true] {
                if isBlock { _ = try await bank.run("begin") }
                let value = isBlock ? 20 : 10
                completions = 0
                var answer = try await send(update(keys[0], value) + update(keys[1], value) + [.flush], until: isSecond)
                #expect(answer.tags == ["UPDATE 1", "UPDATE 1"])
                #expect(try await bank.balance(keys[0], on: "one") == (isBlock ? "12" : "100"))
                answer = try await send(update(keys[2], value) + update(keys[0], value + 2) + [.sync], until: isReady)
                #expect(answer.tags == ["UPDATE 1", "UPDATE 1"])
                #expect(answer.status == (isBlock ? .inTransaction : .idle))
                if isBlock { #expect(try await bank.run("commit").tags == ["COMMIT"]) }
                #expect(try await bank.balance(keys[0], on: "one") == "\(value + 2)")
                #expect(try await bank.balance(keys[1], on: "two") == "\(value)")
                #expect(try await bank.balance(keys[2], on: "three") == "\(value)")
            }
            // Only the Sync is left; and an error after a Flush undoes what came before it.
            completions = 0
            _ = try await send(update(keys[0], 40) + update(keys[1], 40) + [.flush], until: isSecond)
            #expect(try await send([.sync], until: isReady).status == .idle)
            #expect(try await bank.balance(keys[1], on: "two") == "40")
            completions = 0
            _ = try await send(update(keys[0], 50) + update(keys[1], 50) + [.flush], until: isSecond)
            let failed = try await send(update(keys[2], -1) + update(keys[0], 60) + [.sync], until: isReady)
            #expect(failed.errors == [SQLState("23514")])
            #expect(failed.status == .idle)
            try await eventually { await bank.isAtRest }
            #expect(try await bank.balance(keys[0], on: "one") == "40")
            #expect(try await bank.prepared() == [])
        }
    }

    /// Each holds at one instance what the other wants: no server sees it.
    @Test func aDeadlockOverTwoInstancesEnds() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        var configuration = ProxyConfiguration()
        configuration.deadlines.distributedLock = .milliseconds(400)
        try await DistributedFixture.with(configuration: configuration) { bank in
            let other = try await RawClient.connect(to: bank.router.localAddress, user: "app", database: "one")
            _ = await other.answer()
            func set(_ key: Int64) -> String { "update accounts set balance = 2 where id = \(key)" }
            _ = try await bank.run(["begin", set(a)])
            for sql in ["begin", set(b)] {
                try await other.send(.query(sql))
                _ = await other.answer()
            }
            try await bank.client.send(.query(set(b)))
            try await other.send(.query(set(a)))
            let answers = [
                DistributedFixture.Answer(await bank.client.answer()), DistributedFixture.Answer(await other.answer()),
            ]
            #expect(answers.contains { $0.errors == [SQLState("55P03")] })
            // Those who set their own limit keep it.
            _ = try await bank.run("rollback")
            let own = try await bank.run([
                "begin", "set local lock_timeout = '7s'",
                "select current_setting('lock_timeout') from accounts where id = \(a)",
                "select current_setting('lock_timeout') from accounts where id = \(b)", "rollback",
            ])
            #expect(own[2].rows == ["7s"])
            #expect(own[3].rows == ["7s"])
        }
    }

    // MARK: Losses

    @Test func aLostBranchTakesTheTransactionWithIt() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            for lost in ["one", "two"] {
                for last in ["commit", "select balance from accounts where id = \(a)", "savepoint s"] {
                    _ = try await bank.run(["begin"] + Self.move(10, a, b))
                    let ended = try await bank.at(
                        "three",
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = '\(lost)' and state = 'idle in transaction'
                        """)
                    #expect(ended.rows == ["t"])
                    try await eventually {
                        try await bank.at(
                            "three",
                            "select count(*) from pg_stat_activity where datname = '\(lost)' and state = 'idle in transaction'"
                        ).rows == ["0"]
                    }
                    var answer = try await bank.run(last)
                    if answer.errors.isEmpty && answer.status != .idle { answer = try await bank.run("commit") }
                    #expect(answer.tags != ["COMMIT"], "\(lost) \(last)")
                    if answer.status != .idle { #expect(try await bank.run("rollback").tags == ["ROLLBACK"]) }
                    try await eventually { await bank.isAtRest }
                    #expect(try await bank.balance(a, on: "one") == "100")
                    #expect(try await bank.balance(b, on: "two") == "100")
                }
            }
            #expect(try await bank.prepared() == [])
        }
    }

    /// Decided or not cannot be told: the branches stay prepared for whoever can read the log.
    @Test func aDecisionThatCannotBeWrittenLeavesTheBranchesPrepared() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            bank.log.answer = .fails
            let answers = try await bank.run(["begin"] + Self.move(10, a, b) + ["commit", "select 1"])
            #expect(answers.map(\.errors) == [[], [], [], [SQLState("40003")], []])
            #expect(answers[3].status == .idle)
            #expect(try await bank.prepared() == ["foreshard:test:1.1:0", "foreshard:test:1.1:1"])
            #expect(await bank.router.commitsUnderWay() == [])
            #expect(await bank.isAtRest)
            for (n, id) in ["one", "two"].enumerated() {
                _ = try await bank.at(InstanceID(id), "rollback prepared 'foreshard:test:1.1:\(n)'")
            }
        }
    }

    /// The client leaves while its commit is decided on: what is decided is done.
    @Test func aCommitEndsWithoutItsClient() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            bank.log.answer = .never
            _ = try await bank.run(["begin"] + Self.move(10, a, b))
            try await bank.client.send(.query("commit"))
            try await eventually { try await bank.prepared().count == 2 }
            try await bank.client.close()
            try await eventually { await bank.router.status()?.clients == 0 }
            #expect(await bank.router.commitsUnderWay().count == 1)
            bank.log.answer = .written
            try await eventually { await bank.isAtRest }
            #expect(await bank.router.commitsUnderWay() == [])
            #expect(try await bank.balance(a, on: "one") == "90")
            #expect(try await bank.balance(b, on: "two") == "110")
            for segment in DistributedFixture.segments {
                try await bank.router.close(segment.id, drainWithin: .seconds(5))
            }
        }
    }

    /// An instance is lost between the phases: the client hears of its commit, and the branch waits for the resolver.
    @Test func anInstanceThatIsLostAfterTheDecisionIsInDoubt() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            bank.log.answer = .never
            _ = try await bank.run(["begin"] + Self.move(10, a, b))
            try await bank.client.send(.query("commit"))
            try await eventually { try await bank.prepared().count == 2 }
            let ended = try await bank.at(
                "three",
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'two' and query like 'PREPARE%'"
            )
            #expect(ended.rows == ["t"])
            try await eventually {
                await bank.router.status()?.pools.first { $0.instance == "two" }?.leased == 0
            }
            bank.log.answer = .written
            let answer = DistributedFixture.Answer(await bank.client.answer())
            #expect(answer.tags == ["COMMIT"])
            #expect(answer.warnings == 1)
            #expect(try await bank.balance(a, on: "one") == "90")
            #expect(try await bank.balance(b, on: "two") == "100")
            #expect(try await bank.prepared().count == 1)
            #expect(await bank.router.status()?.counters.distributedInDoubt == 1)
            for name in try await bank.prepared() { _ = try await bank.at("two", "commit prepared '\(name)'") }
            #expect(try await bank.balance(b, on: "two") == "110")
        }
    }

    /// A segment does not change its instance under a commit.
    @Test func gatesWaitForTheWholeTransaction() async throws {
        let (a, b) = (try DistributedFixture.key(on: "one"), try DistributedFixture.key(on: "two"))
        try await DistributedFixture.with { bank in
            let table = try DistributedFixture.table()
            let segment = table.segment(of: "bank", at: ShardKey.integer(b).position)
            bank.log.answer = .never
            _ = try await bank.run(["begin"] + Self.move(10, a, b))
            try await bank.client.send(.query("commit"))
            try await eventually { try await bank.prepared().count == 2 }
            await #expect(throws: ProxyError.self) {
                try await bank.router.close(segment.id, drainWithin: .milliseconds(100))
            }
            bank.log.answer = .written
            try await bank.router.close(segment.id, drainWithin: .seconds(10))
            await bank.router.open(segment.id)
            #expect(DistributedFixture.Answer(await bank.client.answer()).tags == ["COMMIT"])
        }
    }
}
