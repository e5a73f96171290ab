// Standbys that the pool makes: real deaths of a home, one after another, under writers, and restarts in between.
import ClusterModel
import Foundation
import PostgresClient
import Testing

@Suite(.serialized) struct PoolStandbyTests {
    private static let pool = "pool: {provider: local, warm: 1, instances_max: 4, zone: b}"
    private static let fast = "takeover: {mode: auto, after: 3s, probe_every: 200ms}"

    /// Lends a cluster whose first home has a standby of the pool.
    private func withPoolStandby(
        _ standby: String, pool: String = pool, _ takeover: String = fast, _ body: (TestCluster) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster.start(pool: pool, extra: takeover)
        do {
            let text = try String(contentsOfFile: cluster.config, encoding: .utf8)
            try text.replacing("{id: home-1,", with: "{id: home-1, zone: a, standby: \(standby),")
                .write(toFile: cluster.config, atomically: true, encoding: .utf8)
            try await body(cluster)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

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

    /// Waits until the first home has a standby that streams, and returns it.
    @discardableResult
    private func usable(
        _ cluster: TestCluster, _ program: ServingProgram, isSynchronous: Bool, takeovers: Int
    ) async throws -> StandbyStatus {
        try await program.waitUntil("the standby is usable after \(takeovers) takeovers") {
            let status = try await StandbyStatus.of(cluster)
            return status.isUsable && status.state == "streaming" && status.isSynchronous == isSynchronous
                && status.takeovers == takeovers
        }
        return try await StandbyStatus.of(cluster)
    }

    private func ask(_ address: String, _ sql: String, _ cluster: TestCluster) async throws -> QueryResult {
        let home = cluster.endpoints[0]
        let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
        let connection = try await PostgresConnection.connect(
            to: Endpoint(host: home.host, port: port, database: home.database, user: home.user, password: nil))
        let result: QueryResult
        do { result = try await connection.query(sql) } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        return result
    }

    private func processes(of member: String?, _ cluster: TestCluster) throws -> ServerProcesses {
        try ServerProcesses(in: cluster.directory + "/data/contingent/" + (try #require(member)))
    }

    private func check(_ ledger: TakeoverLedger, _ cluster: TestCluster, at address: String) async throws {
        let first = integers(try await ask(address, "SELECT k FROM kv", cluster))
        let second = integers(try await cluster.home(2, "SELECT k FROM kv"))
        let acknowledged = await ledger.acknowledged
        let lost = acknowledged.subtracting(first.union(second))
        #expect(lost.isEmpty, "lost: \(lost.sorted().prefix(20))")
        #expect(first.isDisjoint(with: second))
        #expect(first.union(second).isSubset(of: acknowledged.union(await ledger.uncertain)))
        print(
            "measured: \(acknowledged.count) acknowledged rows, \(lost.count) lost, errors \(await ledger.errors), longest "
                + "time without a write \(await ledger.longestPause)")
    }

    @Test func oneDeathAfterAnotherLosesNothingAcknowledged() async throws {
        try await withPoolStandby("{from: pool, synchronous: true}") { cluster in
            let ledger = TakeoverLedger()
            var accounts: [Int] = []
            try await serving(cluster) { program in
                accounts = try await accountsOfFirstHome(cluster)
                let first = try await usable(cluster, program, isSynchronous: true, takeovers: 0)
                let listed = try await cluster.foreshard("pool").output
                #expect(listed.contains("standby of home-1"), "\(listed)")
                let shown = try await cluster.foreshard("standbys").output
                #expect(shown.contains("\(first.member ?? "?") at 127.0.0.1"), "\(shown)")
                let order = try await cluster.foreshard("move", "kv.1", "--to", first.member ?? "")
                #expect(order.status != 0)

                try await whileWriting(ledger, accounts, cluster, program) {
                    var begin = ContinuousClock.now
                    try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
                    let second = try await usable(cluster, program, isSynchronous: true, takeovers: 1)
                    print("measured: from the death to a replacement that confirms \(ContinuousClock.now - begin)")
                    #expect(second.lossBytes == nil || second.lossBytes == 0)
                    #expect(second.address == first.standby && second.member != first.member)
                    let promoted = try await cluster.foreshard("pool").output
                    #expect(promoted.contains("is home-1"), "\(promoted)")

                    begin = ContinuousClock.now
                    try processes(of: first.member, cluster).signal(SIGKILL)
                    let third = try await usable(cluster, program, isSynchronous: true, takeovers: 2)
                    print("measured: from the second death to a replacement \(ContinuousClock.now - begin)")
                    #expect(third.address == second.standby)
                }
                let now = try await StandbyStatus.of(cluster)
                try await check(ledger, cluster, at: now.address)
                for (account, count) in await ledger.increments {
                    let value = try await ask(
                        now.address, "SELECT abalance FROM pgbench_accounts WHERE aid = \(account)", cluster
                    ).scalar().flatMap { Int($0) }
                    let unknown = await ledger.unknownIncrements[account] ?? 0
                    let balance = try #require(value)
                    #expect(
                        (count...(count + unknown)).contains(balance), "account \(account): \(balance), not \(count)")
                }
                let aside = first.member ?? ""
                #expect(try await cluster.foreshard("pool", "clear", now.member ?? "", "--yes").status != 0)
                #expect(try await cluster.foreshard("pool", "clear", aside, "--yes").status == 0)
                try await program.waitUntil("the first server is emptied") {
                    let row = try await cluster.foreshard("pool").output.split(separator: "\n")
                        .first { $0.hasPrefix(aside + " ") }
                    return row?.contains("idleCold") == true || row?.contains("warm") == true
                }
                let explained = try await cluster.foreshard("explain").output
                #expect(explained.contains("nothing that was acknowledged is lost"), "\(explained)")
                #expect(explained.contains("wait for its standby"), "\(explained)")
            }
            // Both the home's server and its standby are started again, and nobody's commits waited for what was stopped.
            try await serving(cluster) { program in
                let connection = try await PostgresConnection.connect(to: cluster.router)
                for account in accounts {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = -7 WHERE aid = $1", ["\(account)"])
                }
                await connection.close()
                let now = try await usable(cluster, program, isSynchronous: true, takeovers: 1)
                let written = try await ask(
                    now.address, "SELECT count(*) FROM pgbench_accounts WHERE abalance = -7", cluster)
                #expect(written.scalar() == "\(accounts.count)")
                try await check(ledger, cluster, at: now.address)
                #expect(program.output.contains("an instance is where its takeover left it"))
            }
        }
    }

    @Test(arguments: ["takeover-intended", "takeover-promoted"])
    func theNextStartEndsATakeover(point: String) async throws {
        try await withPoolStandby("pool") { cluster in
            let first = try await ServingProgram.start(
                config: cluster.config, environment: ["FORESHARD_CRASH_AT": point])
            let accounts: [Int]
            do {
                accounts = try await accountsOfFirstHome(cluster)
                try await usable(cluster, first, isSynchronous: false, takeovers: 0)
                try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
            } catch {
                await first.stop()
                throw error
            }
            #expect(await first.waitForDeath(), "\(point) was not reached: \(first.output)")
            await first.stop()
            try await serving(cluster) { program in
                let connection = try await PostgresConnection.connect(to: cluster.router)
                for account in accounts {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = 9 WHERE aid = $1", ["\(account)"])
                }
                await connection.close()
                let now = try await usable(cluster, program, isSynchronous: false, takeovers: 1)
                let written = try await ask(
                    now.address, "SELECT count(*) FROM pgbench_accounts WHERE abalance = 9", cluster)
                #expect(written.scalar() == "\(accounts.count)")
            }
        }
    }

    /// One that crashed is started again; one that cannot follow any more is made anew. Meanwhile commits do not wait for
    /// ever.
    @Test func aLostStandbyIsMadeAnew() async throws {
        try await withPoolStandby("{from: pool, synchronous: true}") { cluster in
            try await serving(cluster) { program in
                let accounts = try await accountsOfFirstHome(cluster)
                let before = try await usable(cluster, program, isSynchronous: true, takeovers: 0)
                let standby = try #require(before.standby)
                _ = try await ask(standby, "ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'", cluster)
                let directory = cluster.directory + "/data/contingent/" + (try #require(before.member))
                let configuration = directory + "/foreshard-copy.conf"
                let text = try String(contentsOfFile: configuration, encoding: .utf8)
                #expect(text.contains("primary_conninfo"))
                _ = try await ask(standby, "SELECT pg_reload_conf()", cluster)
                let connection = try await PostgresConnection.connect(to: cluster.router)
                for account in accounts {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = 5 WHERE aid = $1", ["\(account)"],
                        deadline: .seconds(60))
                }
                await connection.close()
                let explained = try await cluster.foreshard("explain").output
                #expect(explained.contains("is given up") || explained.contains("is lost"), "\(explained)")
                let after = try await usable(cluster, program, isSynchronous: true, takeovers: 0)
                let standbyNow = try #require(after.standby)
                let written = try await ask(
                    standbyNow, "SELECT count(*) FROM pgbench_accounts WHERE abalance = 5", cluster)
                #expect(written.scalar() == "\(accounts.count)")
            }
            let names = try await cluster.home(1, "SHOW synchronous_standby_names").scalar()
            #expect(names == "", "Foreshard is stopped, and with it the standby")
        }
    }

    /// Where another zone is required and there is none, the new server has no standby, and nobody else could start it.
    @Test func aHomesServerOfThePoolIsStartedAgainWhereNobodyCouldTakeOver() async throws {
        let pool = "pool: {provider: local, warm: 1, instances_max: 3, zone: b, anti_affinity: require}"
        try await withPoolStandby("pool", pool: pool) { cluster in
            try await serving(cluster) { program in
                let accounts = try await accountsOfFirstHome(cluster)
                let before = try await usable(cluster, program, isSynchronous: false, takeovers: 0)
                try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
                try await program.waitUntil("it is told that there is no place for another") {
                    let status = try await StandbyStatus.of(cluster)
                    return status.takeovers == 1 && status.reason?.contains("outside of zone b") == true
                }
                let order = try await cluster.foreshard("takeover", "home-1", "--yes")
                #expect(order.status != 0 && order.all.contains("no standby yet"), "\(order.all)")
                try processes(of: before.member, cluster).signal(SIGKILL)
                try await program.waitUntil("it is served again") {
                    do {
                        let connection = try await PostgresConnection.connect(to: cluster.router)
                        for account in accounts {
                            try await connection.execute(
                                "UPDATE pgbench_accounts SET abalance = 3 WHERE aid = $1", ["\(account)"])
                        }
                        await connection.close()
                        return true
                    } catch { return false }
                }
                let address = try await StandbyStatus.of(cluster).address
                let written = try await ask(
                    address, "SELECT count(*) FROM pgbench_accounts WHERE abalance = 3", cluster)
                #expect(written.scalar() == "\(accounts.count)")
            }
        }
    }

    /// Its servers die with it, and commits wait; the next start lets them go on before it writes anything itself.
    @Test func aKilledForeshardAndACrashedStandbyStopNothingForLong() async throws {
        try await withPoolStandby("{from: pool, synchronous: true}") { cluster in
            let first = try await ServingProgram.start(config: cluster.config)
            let accounts: [Int]
            do {
                accounts = try await accountsOfFirstHome(cluster)
                try await usable(cluster, first, isSynchronous: true, takeovers: 0)
            } catch {
                await first.stop()
                throw error
            }
            await first.kill()
            let names = try await cluster.home(1, "SHOW synchronous_standby_names").scalar()
            #expect(names?.contains("contingent-") == true)
            try await serving(cluster) { program in
                let connection = try await PostgresConnection.connect(to: cluster.router)
                for account in accounts {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = 1 WHERE aid = $1", ["\(account)"])
                }
                let before = try await usable(cluster, program, isSynchronous: true, takeovers: 0)
                try processes(of: before.member, cluster).signal(SIGKILL)
                for account in accounts {
                    try await connection.execute(
                        "UPDATE pgbench_accounts SET abalance = 2 WHERE aid = $1", ["\(account)"],
                        deadline: .seconds(60))
                }
                await connection.close()
                let after = try await usable(cluster, program, isSynchronous: true, takeovers: 0)
                let written = try await ask(
                    try #require(after.standby), "SELECT count(*) FROM pgbench_accounts WHERE abalance = 2", cluster)
                #expect(written.scalar() == "\(accounts.count)")
            }
        }
    }

    /// A living server of the pool is shut, followed to the end of its log, and stopped: it is Foreshard's own.
    @Test func aLivingServerOfThePoolIsTakenOverByOrderAndStopped() async throws {
        try await withPoolStandby("pool") { cluster in
            let ledger = TakeoverLedger()
            try await serving(cluster) { program in
                let accounts = try await accountsOfFirstHome(cluster)
                try await usable(cluster, program, isSynchronous: false, takeovers: 0)
                try ServerProcesses(of: cluster.homes[0]).signal(SIGKILL)
                let before = try await usable(cluster, program, isSynchronous: false, takeovers: 1)
                try await whileWriting(ledger, accounts, cluster, program) {
                    let order = try await cluster.foreshard("takeover", "home-1", "--yes")
                    #expect(order.status == 0 && order.output.contains("nothing"), "\(order.all)")
                }
                let after = try await usable(cluster, program, isSynchronous: false, takeovers: 2)
                #expect(after.address == before.standby)
                try await check(ledger, cluster, at: after.address)
                try await program.waitUntil("the old server is stopped") {
                    do {
                        _ = try await ask(before.address, "SELECT 1", cluster)
                        return false
                    } catch let error as ConnectionError { return error.code == .unreachable } catch { return false }
                }
            }
        }
    }
}
