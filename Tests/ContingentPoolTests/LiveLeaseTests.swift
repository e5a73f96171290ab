// Leases on real PostgreSQL servers: what a lessee can and cannot do, and that nothing of it is left. The pool's clock
// stands until a test moves it, so no deadline comes by itself.
import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import Synchronization
import TestServers
import Testing

@testable import ContingentPool

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }
private let controller = PoolHolder.named("controller")
private let terms = InstanceTerms(zone: "b", capacity: Load(4), costPerHour: 1)

private func ask(_ endpoint: Endpoint, _ sql: String) async throws -> String? {
    try await withConnection(to: endpoint) { try await $0.query(sql).scalar() }
}

/// A pool that runs on servers of this machine that ask for passwords, with a directory of hooks.
private final class LentPool: Sendable {
    let cluster: LocalCluster
    let store: MemoryStore
    let time = ManualClock(at(0))
    let hooks: String
    let pool: ContingentPool
    let told: Told

    init(_ cluster: LocalCluster, store: MemoryStore = MemoryStore(), hooks: String) {
        self.cluster = cluster
        self.store = store
        self.hooks = hooks
        var configuration = PoolConfiguration()
        configuration.lending.max = 1
        configuration.lending.hookDirectory = hooks
        // Only the test decides when upkeep comes.
        configuration.upkeepInterval = .seconds(3600)
        let told = Told()
        pool = ContingentPool(
            configuration: configuration,
            providers: [LocalProvider(cluster: cluster, instancesMax: 2, terms: terms)], store: store,
            schema: { .empty }, clock: time.clock, notify: { told.append($0) })
        self.told = told
    }

    final class Told: Sendable {
        private let notices = Mutex<[PoolNotice]>([])
        func append(_ notice: PoolNotice) { notices.withLock { $0.append(notice) } }
        var all: String { notices.withLock { $0.map { "\($0)" }.joined(separator: "\n") } }
    }

    /// Runs the pool around `body`.
    func running(_ body: () async throws -> Void) async throws {
        try await pool.recover()
        let run = Task { await pool.run() }
        var failure: (any Error)?
        do {
            try await until { await self.pool.allMembers.contains { $0.state != .absent } }
            try await body()
        } catch { failure = error }
        run.cancel()
        await run.value
        if let failure { throw failure }
    }

    /// Waits; a test that waits for ever has found something.
    func until(_ holds: () async throws -> Bool) async throws {
        while try await !holds() { try await Task.sleep(for: .milliseconds(10)) }
    }

    func state(_ id: InstanceID) async -> PoolMemberState? { await pool.allMembers.first { $0.id == id }?.state }

    func untilTwoAreWarm() async throws {
        try await until { await self.pool.allMembers.filter { $0.state == .warm }.count == 2 }
    }

    /// Of the lessee: 100 s from now, 30 s of notice.
    func lend(hook: String? = nil) async throws -> LeaseGrant {
        try await pool.lend(
            nil,
            on: LeaseTerms(
                holder: "Ann", purpose: "analysis", pricePerHour: 0.4, term: .seconds(100), notice: .seconds(30),
                hook: hook))
    }
}

private func withLentPool(_ body: (LocalCluster, String) async throws -> Void) async throws {
    var settings = ServerSettings.forTests
    settings.authentication = .scram(password: "super")
    let hooks = FileManager.default.temporaryDirectory.path + "/foreshard-hooks-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: hooks, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: hooks) }
    try await withTemporaryCluster(settings) { try await body($0, hooks) }
}

/// A hook that writes down what it is told, and hangs when the lease is being revoked.
private func writeHook(_ name: String, in directory: String) throws {
    let script = """
        #!/bin/sh
        message=$(cat)
        echo "$message" >> '\(directory)/told'
        case "$message" in *'"event":"revoking"'*) echo $$ > '\(directory)/pid'; exec sleep 600;; esac
        """
    let path = "\(directory)/\(name)"
    try script.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
}

private func contents(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

@Suite(.serialized) struct LiveLeaseTests {
    @Test func aLesseeThatDoesNotLetGoIsCutOffAtTheDeadline() async throws {
        try await withLentPool { cluster, hooks in
            try writeHook("checkpoint", in: hooks)
            let lent = LentPool(cluster, hooks: hooks)
            try await lent.running {
                try await lent.untilTwoAreWarm()
                let grant = try await lent.lend(hook: "checkpoint")
                let member = grant.member
                let superuser = try #require(await lent.pool.instance(member)?.endpoint)
                #expect(
                    grant.connectionString.hasPrefix("postgresql://lease_\(member)_1:")
                        && grant.connectionString.hasSuffix("/lease_\(member)_1"))
                #expect(try await ask(grant.endpoint, "CREATE TABLE results AS SELECT 7 AS n") == nil)
                let kept = try await ask(grant.endpoint, "SELECT n FROM results")
                #expect(kept == "7")

                // Not without the password, nor into any other database, nor to make roles.
                let login = grant.endpoint
                for (database, password) in [
                    (login.database, "wrong"), (superuser.database, login.password ?? ""),
                    ("template1", login.password ?? ""),
                ] {
                    let other = Endpoint(
                        host: login.host, port: login.port, database: database, user: login.user, password: password)
                    await #expect(throws: ConnectionError.self, "\(database)") { try await ask(other, "SELECT 1") }
                }
                await #expect(throws: PostgresError.self) { try await ask(login, "CREATE ROLE friend") }

                let holder = try await PostgresConnection.connect(to: login)
                try await holder.query("BEGIN")
                try await holder.query("INSERT INTO results VALUES (8)")
                lent.time.set(at(10))
                #expect(try await lent.pool.recall(member, immediately: false) == at(40))
                // Told, and not done with it.
                try await lent.until { contents(hooks + "/pid").hasSuffix("\n") }
                #expect(contents(hooks + "/told").contains(#""event":"granted""#))
                #expect(contents(hooks + "/told").contains("\"deadline\":\"\(at(40))\""))
                #expect(!contents(hooks + "/told").contains(login.password ?? "?"))
                lent.time.set(at(39))
                await lent.pool.tendLeases()
                #expect(try await holder.query("SELECT count(*) FROM results").scalar() == "2")

                lent.time.set(at(40))
                await lent.pool.tendLeases()
                #expect(await lent.state(member)?.lease == nil)
                await #expect(throws: (any Error).self) { try await holder.query("COMMIT") }
                try await lent.untilTwoAreWarm()
                await #expect(throws: ConnectionError.self) { try await ask(login, "SELECT 1") }
                let again = try #require(await lent.pool.instance(member)?.endpoint)
                #expect(
                    try await ask(
                        again,
                        "SELECT count(*) FROM (SELECT rolname FROM pg_roles UNION ALL SELECT datname FROM pg_database) AS a "
                            + "(name) WHERE name LIKE 'lease%'") == "0")
                try await lent.until { contents(hooks + "/told").contains(#""event":"ended""#) }
                #expect(await lent.pool.readiness.values(.cuttingOff, by: "local").count == 1)
                let account = try await lent.pool.account()
                #expect(account.revocations == 1 && account.income == 0.4 * 40 / 3600)

                // The next lessee has another role, and the earlier one's password opens nothing.
                let next = try await lent.pool.lend(
                    member, on: LeaseTerms(holder: "Ben", purpose: "test", term: .seconds(50)))
                #expect(next.lease.epoch == LeaseEpoch(2))
                await #expect(throws: ConnectionError.self) { try await ask(login, "SELECT 1") }
                await #expect(throws: PoolError.self) { try await lent.pool.renew(member, LeaseEpoch(1)) }
                #expect(!lent.told.all.contains(login.password ?? "?"))
            }
            // The hook hung until the pool stopped.
            let pid = try #require(Int32(contents(hooks + "/pid").trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(kill(pid, 0) == -1 && errno == ESRCH)
            for name in try cluster.existingServers() {
                let log = contents(try cluster.server(name).logFile)
                #expect(!log.contains("SCRAM-SHA-256$"))
            }
        }
    }

    @Test func sessionsOfALessOrderlyHolderEndToo() async throws {
        try await withLentPool { cluster, hooks in
            let lent = LentPool(cluster, hooks: hooks)
            try await lent.running {
                try await lent.untilTwoAreWarm()
                let grant = try await lent.lend()
                let member = try #require(await lent.pool.allMembers.first { $0.id == grant.member })
                let superuser = try #require(member.endpoint)
                let access = LeaseAccess(to: superuser, lease: grant.lease, on: grant.member, connectionsMax: 20)
                let sleeper = try await PostgresConnection.connect(to: grant.endpoint)
                let sleeping = Task { try await sleeper.query("SELECT pg_sleep(600)") }
                let preparer = try await PostgresConnection.connect(to: grant.endpoint)
                try await preparer.query("CREATE TABLE t (); BEGIN; LOCK t; PREPARE TRANSACTION 'left'")
                // Without the wipe that follows, to see what cutting off does by itself.
                try await access.cutOff()
                await #expect(throws: (any Error).self) { try await sleeping.value }
                await #expect(throws: (any Error).self) { try await preparer.query("SELECT 1") }
                await #expect(throws: ConnectionError.self) { try await ask(grant.endpoint, "SELECT 1") }
                #expect(
                    try await ask(superuser, "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'lease%'") == "0"
                )
                // Again does no harm, and neither does a role that never was.
                try await access.cutOff()
                let other = Lease(epoch: LeaseEpoch(99), terms: grant.lease.terms, grantedAt: at(0))
                try await LeaseAccess(to: superuser, lease: other, on: grant.member, connectionsMax: 1).cutOff()
                _ = try await lent.pool.recall(grant.member, immediately: true)
                try await lent.untilTwoAreWarm()
            }
        }
    }

    /// It would let the lessee in as anybody.
    @Test func aServerThatAsksForNoPasswordIsNotLent() async throws {
        try await withTemporaryCluster { cluster in
            let lent = LentPool(cluster, hooks: "/nowhere")
            try await lent.running {
                try await lent.untilTwoAreWarm()
                let error = await #expect(throws: PoolError.self) { try await lent.lend() }
                #expect(error?.code == .lendingRefused && error?.message.contains("asks for no password") == true)
                try await lent.untilTwoAreWarm()
                #expect(try await lent.pool.account().leasesEnded == 0)
            }
        }
    }

    @Test func whatTheServiceNeedsIsReservedForItEmpty() async throws {
        try await withLentPool { cluster, hooks in
            let lent = LentPool(cluster, hooks: hooks)
            try await lent.running {
                try await lent.untilTwoAreWarm()
                let grant = try await lent.lend()
                _ = try await ask(grant.endpoint, "CREATE TABLE results ()")
                let (taken, deadline) = try await lent.pool.need(grant.member, for: controller)
                #expect(taken == grant.member && deadline == at(30))
                lent.time.set(at(30))
                await lent.pool.tendLeases()
                try await lent.until { await lent.state(grant.member) == .reserved(controller) }
                let instance = try #require(await lent.pool.instance(grant.member))
                #expect(
                    try await ask(instance.endpoint, "SELECT count(*) FROM pg_database WHERE datname LIKE 'lease%'")
                        == "0")
                await #expect(throws: ConnectionError.self) { try await ask(grant.endpoint, "SELECT 1") }
            }
        }
    }

    @Test func aLeaseOutlivesARestartAndARevocationGoesOn() async throws {
        try await withLentPool { cluster, hooks in
            let first = LentPool(cluster, hooks: hooks)
            let grants = Mutex<[LeaseGrant]>([])
            try await first.running {
                try await first.untilTwoAreWarm()
                let grant = try await first.lend()
                _ = try await ask(grant.endpoint, "CREATE TABLE results AS SELECT 7 AS n")
                _ = try await first.pool.recall(grant.member, immediately: false)
                grants.withLock { $0.append(grant) }
            }
            let grant = try #require(grants.withLock { $0.first })

            // Before the deadline: the lessee still has what it had.
            let handle = try await LocalCluster(directory: cluster.directory, settings: cluster.settings)
            let second = LentPool(handle, store: first.store, hooks: hooks)
            second.time.set(at(20))
            try await second.running {
                #expect(await second.state(grant.member)?.kind == .revoking)
                let kept = try await ask(grant.endpoint, "SELECT n FROM results")
                #expect(kept == "7")
            }

            // After it: the lease ends before anything else is done, and the member is of use again.
            let last = LentPool(
                try await LocalCluster(directory: cluster.directory, settings: cluster.settings), store: first.store,
                hooks: hooks)
            last.time.set(at(31))
            try await last.running {
                #expect(await last.state(grant.member)?.lease == nil)
                try await last.untilTwoAreWarm()
                await #expect(throws: ConnectionError.self) { try await ask(grant.endpoint, "SELECT 1") }
                #expect(try first.store.account().leasesEnded == 1)
            }
        }
    }

    @Test func onlyProgramsOfTheDirectoryAreHooks() async throws {
        try await withLentPool { _, hooks in
            try writeHook("good", in: hooks)
            try "no program".write(toFile: hooks + "/text", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: hooks + "/link", withDestinationPath: "/bin/sh")
            #expect(try LeaseHook.program("good", in: hooks).hasSuffix("/good"))
            #expect(try LeaseHook.program(hooks + "/good", in: hooks).hasSuffix("/good"))
            for path in ["text", "link", "missing", "../bin/sh", "/bin/sh", ".", ""] {
                #expect(throws: PoolError.self, "\(path)") { try LeaseHook.program(path, in: hooks) }
            }
            #expect(throws: PoolError.self) { try LeaseHook.program("good", in: nil) }
            // Hanging, it is killed when its time is over.
            let terms = LeaseTerms(holder: "Ann", purpose: "x", term: .seconds(100), hook: "good")
            let lease = Lease(epoch: LeaseEpoch(1), terms: terms, grantedAt: at(0))
            let member = PoolMember(id: "c", provider: "p", zone: "z", state: .leased(lease))
            let hook = try #require(LeaseHook(.revoking, lease, someRevocation, on: member, within: .milliseconds(200)))
            let error = await #expect(throws: LocalPostgresError.self) { try await hook.run(in: hooks) }
            #expect(error?.message.contains("was killed") == true)
        }
    }
}
