// Physical standbys of the provider `local`, of real homes: they stream, take over, and keep what they are over restarts.
import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import TestServers
import Testing

@testable import ContingentPool

private let terms = InstanceTerms(zone: "b", capacity: Load(4), costPerHour: 1)

private func ask(_ endpoint: Endpoint, _ sql: String) async throws -> String? {
    try await withConnection(to: endpoint) { try await $0.query(sql).scalar() }
}

/// Waits, ten seconds at most, until the answer is what is wanted.
private func wait(_ endpoint: Endpoint, _ sql: String, for wanted: String) async throws {
    var answer: String?
    for _ in 0..<200 {
        answer = try? await ask(endpoint, sql)
        if answer == wanted { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("\(sql): \(answer ?? "nothing"), not \(wanted)")
}

/// Lends a home with a user, password and settings of its own, and a provider of other servers.
private func withHome(
    _ authentication: Authentication = .trust, _ body: (LocalServer, Endpoint, LocalProvider) async throws -> Void
) async throws {
    var settings = ServerSettings.forTests
    settings.authentication = authentication
    settings.additional = ["max_connections": "140", "work_mem": "5MB", "search_path": "it's, \"public\""]
    try await withTemporaryCluster(settings) { homes in
        let home = try homes.server("home-1")
        try await home.provision()
        let endpoint = try await home.start()
        _ = try await ask(endpoint, "CREATE TABLE public.t AS SELECT 7 AS n")
        // What a primary that was a standby itself, and was changed by hand, has left.
        for setting in [
            "primary_conninfo = 'host=nowhere'", "archive_command = 'false'", "port = 1", "deadlock_timeout = '3s'",
        ] {
            _ = try await ask(endpoint, "ALTER SYSTEM SET \(setting)")
        }
        var others = ServerSettings.forTests
        others.authentication = .scram(password: "the pool's")
        try await withTemporaryCluster(others) { cluster in
            try await body(home, endpoint, LocalProvider(cluster: cluster, instancesMax: 2, terms: terms))
        }
    }
}

@Suite(.serialized) struct LiveStandbyTests {
    @Test(arguments: [Authentication.trust, .scram(password: "it's \\ a:secret")])
    func aCopyStreamsAndTakesOver(authentication: Authentication) async throws {
        try await withHome(authentication) { home, primary, provider in
            // Whatever it was before.
            try await provider.provision("contingent-1")
            _ = try await provider.start("contingent-1")
            let begin = ContinuousClock.now
            try await provider.seed("contingent-1", as: StandbyOrder(primary: primary, name: "contingent-1"))
            let copied = ContinuousClock.now
            let standby = try await provider.start("contingent-1").asUser(of: primary)
            print("measured: base backup \(copied - begin), start \(ContinuousClock.now - copied)")
            #expect(standby.port != primary.port)
            try await provider.checkStandby("contingent-1", at: standby)
            await #expect(throws: PoolError.self) { try await provider.check("contingent-1", at: standby) }

            _ = try await ask(primary, "INSERT INTO public.t VALUES (8)")
            try await wait(standby, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM public.t", for: "7 8")
            try await wait(
                primary, "SELECT application_name || ' ' || state FROM pg_stat_replication",
                for: "contingent-1 streaming")
            let settings = try await ask(
                standby,
                """
                SELECT concat_ws(' ', current_setting('max_connections'), current_setting('work_mem'),
                    current_setting('search_path'), current_setting('archive_command'),
                    current_setting('deadlock_timeout'), current_setting('wal_receiver_timeout'))
                """)
            #expect(settings == "140 5MB it's, \"public\" (disabled) 3s 6s")
            if authentication.password != nil {
                let stranger = Endpoint(
                    host: standby.host, port: standby.port, database: standby.database, user: standby.user,
                    password: "x")
                await #expect(throws: ConnectionError.self) { try await ask(stranger, "SELECT 1") }
            }

            try await provider.stop("contingent-1")
            _ = try await ask(primary, "INSERT INTO public.t VALUES (9)")
            #expect(try await provider.start("contingent-1").port == standby.port)
            try await wait(standby, "SELECT count(*) FROM public.t", for: "3")

            try await home.stop()
            #expect(try await ask(standby, "SELECT pg_promote(true, 30)") == "t")
            _ = try await ask(standby, "INSERT INTO public.t VALUES (10)")
            try await provider.check("contingent-1", at: standby)
            _ = try await ask(standby, "ALTER SYSTEM SET work_mem = '6MB'")
            try await provider.stop("contingent-1")
            #expect(try await provider.start("contingent-1").port == standby.port)
            #expect(try await ask(standby, "SELECT count(*) || current_setting('work_mem') FROM public.t") == "46MB")

            // The next standby is a copy of what was a copy itself.
            try await provider.seed("contingent-2", as: StandbyOrder(primary: standby, name: "contingent-2"))
            let next = try await provider.start("contingent-2").asUser(of: primary)
            #expect(next.port != standby.port)
            _ = try await ask(standby, "INSERT INTO public.t VALUES (11)")
            try await wait(next, "SELECT count(*) FROM public.t", for: "5")

            try await provider.wipe("contingent-2")
            let empty = try await provider.start("contingent-2")
            #expect(empty.user == ServerSettings.superuser)
            #expect(try await ask(empty, "SELECT count(*) FROM pg_class WHERE relname = 't'") == "0")
        }
    }

    @Test func whatCannotBeCopiedIsRefused() async throws {
        try await withHome { _, primary, provider in
            let directory = FileManager.default.temporaryDirectory.path + "/foreshard-space-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let account = try ServerAccount.choose()
            try #require(chown(directory, account.uid, account.gid) == 0)
            _ = try await ask(primary, "CREATE TABLESPACE elsewhere LOCATION '\(directory)'")
            let order = StandbyOrder(primary: primary, name: "contingent-1")
            let error = await #expect(throws: PoolError.self) { try await provider.seed("contingent-1", as: order) }
            #expect(error?.code == .standbyRefused && error?.message.contains("tablespaces") == true)
            _ = try await ask(primary, "DROP TABLESPACE elsewhere")

            let nobody = Endpoint(host: "127.0.0.1", port: 1, database: "postgres", user: "u", password: nil)
            await #expect(throws: (any Error).self) {
                try await provider.seed("contingent-1", as: StandbyOrder(primary: nobody, name: "x"))
            }
        }
    }
}
