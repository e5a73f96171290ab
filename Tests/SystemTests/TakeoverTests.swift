// Deaths of a home, real ones, under writers; and what looks like a death and is none.
import ClusterModel
import Foundation
import PostgresClient
import Testing

@Suite(.serialized) struct TakeoverTests {
    private static let fast = "takeover: {mode: auto, after: 3s, probe_every: 200ms}"

    /// Lends a cluster whose first home has a standby.
    private func withStandby(
        isSynchronous: Bool, _ takeover: String = fast, _ body: (TestCluster, StandbyServer) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster.start(extra: takeover)
        do {
            let standby = try await StandbyServer.make(of: cluster, isSynchronous: isSynchronous)
            do { try await body(cluster, standby) } catch {
                await standby.stop()
                throw error
            }
            await standby.stop()
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// Lends a running program.
    private func serving(
        _ cluster: TestCluster, environment: [String: String] = [:], _ body: (ServingProgram) async throws -> Void
    ) async throws {
        let program = try await ServingProgram.start(config: cluster.config, environment: environment)
        do { try await body(program) } catch {
            await program.stop()
            throw error
        }
        await program.stop()
    }

    private func usable(_ cluster: TestCluster, _ program: ServingProgram, isSynchronous: Bool) async throws {
        try await program.waitUntil("the standby is usable") {
            let status = try await StandbyStatus.of(cluster)
            return status.isUsable && status.state == "streaming" && status.isSynchronous == isSynchronous
        }
    }

    /// What was acknowledged is there, once, and nothing else is.
    private func check(_ ledger: TakeoverLedger, _ cluster: TestCluster, _ standby: StandbyServer) async throws {
        let first = integers(try await standby.query("SELECT k FROM kv"))
        let second = integers(try await cluster.home(2, "SELECT k FROM kv"))
        let acknowledged = await ledger.acknowledged
        let uncertain = await ledger.uncertain
        #expect(first.isDisjoint(with: second))
        let lost = acknowledged.subtracting(first.union(second))
        #expect(lost.isEmpty, "lost: \(lost.sorted().prefix(20))")
        #expect(first.union(second).isSubset(of: acknowledged.union(uncertain)))
        for (account, count) in await ledger.increments {
            let value = try await standby.query("SELECT abalance FROM pgbench_accounts WHERE aid = \(account)").scalar()
            let balance = value.flatMap { Int($0) } ?? -1
            let unknown = await ledger.unknownIncrements[account] ?? 0
            #expect((count...(count + unknown)).contains(balance), "account \(account): \(balance), not \(count)")
        }
        print(
            "measured: \(acknowledged.count) acknowledged rows, \(lost.count) lost, errors \(await ledger.errors), longest "
                + "time without a write \(await ledger.longestPause)")
    }

    @Test func aDeadHomeIsTakenOverAndNothingAcknowledgedIsLost() async throws {
        try await withStandby(isSynchronous: true) { cluster, standby in
            let ledger = TakeoverLedger()
            try await serving(cluster) { program in
                let accounts = try await accountsOfFirstHome(cluster)
                try await usable(cluster, program, isSynchronous: true)
                try await whileWriting(ledger, accounts, cluster, program) {
                    let begin = ContinuousClock.now
                    try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
                    try await program.waitUntil("it is taken over") { program.output.contains("a standby takes over") }
                    print("measured: from the death to the decision \(ContinuousClock.now - begin)")
                    try await program.waitUntil("the takeover is done") {
                        try await StandbyStatus.of(cluster).takeovers == 1
                    }
                    print("measured: from the death to the outcome \(ContinuousClock.now - begin)")
                }
                try await check(ledger, cluster, standby)
                let explained = try await cluster.foreshard("explain").output
                #expect(explained.contains("nothing that was acknowledged is lost"), "\(explained)")
                #expect(explained.contains("without a standby now"), "\(explained)")
                #expect(try await StandbyStatus.of(cluster).lossBytes == 0)

                _ = try await cluster.homes[0].start()
                try await program.waitUntil("the old primary is shut") {
                    try await cluster.foreshard("explain").output.contains("came back and was shut")
                }
                await #expect(throws: (any Error).self) { _ = try await cluster.home(1, "SELECT 1") }
                let connection = try await PostgresConnection.connect(to: cluster.router)
                for account in accounts {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = -7 WHERE aid = $1", ["\(account)"])
                }
                await connection.close()
            }
            // The configuration still names the old server.
            try await serving(cluster) { program in
                #expect(program.output.contains("an instance is where its takeover left it"), "\(program.output)")
                let connection = try await PostgresConnection.connect(to: cluster.router)
                let value = try await connection.query(
                    "SELECT sum(abalance) FROM pgbench_accounts WHERE aid = \(await ledger.increments.keys.first ?? 0)")
                #expect(value.scalar() == "-7")
                await connection.close()
            }
            // Nothing was written there after its death.
            var other = cluster.endpoints[0]
            other = Endpoint(
                host: other.host, port: other.port, database: "template1", user: other.user, password: nil)
            let connection = try await PostgresConnection.connect(
                to: other, settings: ["synchronous_commit": "local"])
            try await connection.query("ALTER DATABASE \"\(cluster.database)\" WITH ALLOW_CONNECTIONS true")
            await connection.close()
            #expect(
                try await cluster.home(1, "SELECT count(*) FROM pgbench_accounts WHERE abalance = -7").scalar() == "0")
        }
    }

    @Test func anAsynchronousStandbyLosesWhatTheRecordSays() async throws {
        try await withStandby(isSynchronous: false) { cluster, standby in
            try await serving(cluster) { program in
                let accounts = try await accountsOfFirstHome(cluster)
                try await usable(cluster, program, isSynchronous: false)
                _ = try await standby.query("ALTER SYSTEM SET primary_conninfo = ''")
                _ = try await standby.query("SELECT pg_reload_conf()")
                try await program.waitUntil("it does not stream") {
                    try await StandbyStatus.of(cluster).state == "not streaming"
                }
                for account in accounts {
                    _ = try await cluster.home(1, "UPDATE pgbench_accounts SET abalance = 5 WHERE aid = \(account)")
                }
                let end = try #require(
                    try await cluster.home(1, "SELECT pg_current_wal_lsn()").scalar().flatMap { LSN($0) })
                let received = try #require(
                    try await standby.query(
                        "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
                    ).scalar().flatMap { LSN($0) })
                let real = Int64(end.position - received.position)
                #expect(real > 0)
                try await program.waitUntil("the loss is seen") {
                    (try await StandbyStatus.of(cluster).lagBytes ?? 0) >= real
                }
                try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
                try await program.waitUntil("the takeover is done") {
                    try await StandbyStatus.of(cluster).takeovers == 1
                }
                let recorded = try #require(try await StandbyStatus.of(cluster).lossBytes)
                print("measured: lost \(real) bytes of log, recorded \(recorded)")
                #expect(recorded >= real)
                #expect(
                    try await standby.query("SELECT count(*) FROM pgbench_accounts WHERE abalance = 5").scalar() == "0")
            }
        }
    }

    @Test func whatOnlyLooksLikeADeathIsNone() async throws {
        try await withStandby(isSynchronous: true) { cluster, standby in
            try await serving(cluster) { program in
                _ = try await accountsOfFirstHome(cluster)
                try await usable(cluster, program, isSynchronous: true)
                // For less than the time.
                let everything = try ServerProcesses(of: cluster.homes[0])
                everything.signal(SIGSTOP)
                try? await Task.sleep(for: .milliseconds(1500))
                everything.signal(SIGCONT)
                try await program.waitUntil("it answers") { try await StandbyStatus.of(cluster).verdict == "alive" }

                // For long, while its standby hears it.
                let ears = try ServerProcesses(of: cluster.homes[0], titles: ["[local]", "127.0.0.1", " app "])
                let sender = try #require(
                    try await cluster.home(1, "SELECT pid FROM pg_stat_replication").scalar().flatMap { pid_t($0) })
                for pid in ears.all where pid != sender { kill(pid, SIGSTOP) }
                try await program.waitUntil("we are cut off") {
                    try await StandbyStatus.of(cluster).verdict == "cut_off"
                }
                try? await Task.sleep(for: .seconds(5))
                #expect(try await StandbyStatus.of(cluster).verdict == "cut_off")
                for pid in ears.all { kill(pid, SIGCONT) }
                try await program.waitUntil("it answers") { try await StandbyStatus.of(cluster).verdict == "alive" }

                // For long, with nobody to ask.
                await standby.stop()
                let all = try ServerProcesses(of: cluster.homes[0])
                all.signal(SIGSTOP)
                try await program.waitUntil("nobody knows") { try await StandbyStatus.of(cluster).verdict == "blind" }
                try? await Task.sleep(for: .seconds(5))
                #expect(try await StandbyStatus.of(cluster).verdict == "blind")
                let order = try await cluster.foreshard("takeover", "home-1", "--yes")
                #expect(order.status != 0 && order.all.contains("does not answer"), "\(order.all)")
                all.signal(SIGCONT)
                try await program.waitUntil("it answers") { try await StandbyStatus.of(cluster).verdict == "alive" }
                #expect(try await StandbyStatus.of(cluster).takeovers == 0)
                #expect(!program.output.contains("a standby takes over"))
            }
        }
    }

    @Test(arguments: ["takeover-intended", "takeover-promoted"])
    func theNextStartEndsATakeover(point: String) async throws {
        try await withStandby(isSynchronous: true) { cluster, standby in
            let first = try await ServingProgram.start(
                config: cluster.config, environment: ["FORESHARD_CRASH_AT": point])
            let found: [Int]
            do {
                found = try await accountsOfFirstHome(cluster)
                try await usable(cluster, first, isSynchronous: true)
                try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
            } catch {
                await first.stop()
                throw error
            }
            #expect(await first.waitForDeath(), "\(point) was not reached: \(first.output)")
            await first.stop()
            try await serving(cluster) { program in
                let connection = try await PostgresConnection.connect(to: cluster.router)
                for account in found {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = 9 WHERE aid = $1", ["\(account)"])
                }
                await connection.close()
                #expect(
                    try await standby.query("SELECT count(*) FROM pgbench_accounts WHERE abalance = 9").scalar()
                        == "\(found.count)")
                #expect(try await StandbyStatus.of(cluster).lossBytes == 0)
            }
        }
    }

    /// An order of a person, in the middle of a move's probation.
    @Test func aLivingHomeIsTakenOverByOrderAndItsMovesEnd() async throws {
        let settings = "takeover: {mode: recommend, probe_every: 200ms}\nmoves: {cleanup_grace: 1ms}"
        try await withStandby(isSynchronous: false, settings) { cluster, standby in
            let ledger = TakeoverLedger()
            try await serving(cluster) { program in
                let accounts = try await accountsOfFirstHome(cluster)
                try await usable(cluster, program, isSynchronous: false)
                let segments = try await cluster.foreshard("segments").output
                let row = try #require(segments.split(separator: "\n").first { $0.contains(" home-1 ") })
                let segment = String(row.split(separator: " ")[0])
                let move = try await cluster.foreshard("move", segment, "--to", "home-2")
                #expect(move.status == 0, "\(move.all)")
                try await program.waitUntil("the move is in probation") {
                    try await cluster.foreshard("moves").output.contains("probation")
                }
                let kept = integers(
                    try await cluster.home(
                        1, "SELECT aid FROM pgbench_accounts WHERE aid IN (SELECT aid FROM pgbench_accounts)"))
                try await whileWriting(ledger, accounts.filter(kept.contains), cluster, program) {
                    let order = try await cluster.foreshard("takeover", "home-1", "--yes")
                    #expect(order.status == 0 && order.output.contains("nothing"), "\(order.all)")
                }
                let served = try await PostgresConnection.connect(to: cluster.router)
                for key in await ledger.acknowledged {
                    let found = try await served.execute("SELECT v FROM kv WHERE k = $1", ["\(key)"]).scalar()
                    #expect(found == "x", "key \(key)")
                }
                await served.close()
                try await program.waitUntil("the move has ended") {
                    try await cluster.foreshard("moves").output.contains("no moves")
                }
                let explained = try await cluster.foreshard("explain").output
                #expect(explained.contains("there is no way back any more"), "\(explained)")
                print(
                    "measured: errors \(await ledger.errors), longest time without a write \(await ledger.longestPause)"
                )
            }
        }
    }
}
