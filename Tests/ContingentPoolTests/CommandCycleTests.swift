// The provider `command` with PostgreSQL: what a command says is held against what the database shows.
import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import TestServers
import Testing

@testable import ContingentPool

private func ask(_ endpoint: Endpoint, _ sql: String) async throws -> String? {
    try await withConnection(to: endpoint) { try await $0.query(sql).scalar() }
}

private func answer(_ server: Endpoint, database: String) -> String {
    #"{"host": "\#(server.host)", "port": \#(server.port), "database": "\#(database)", "user": "\#(server.user)"}"#
}

/// Lends a cloud with a server of its own.
private func withCloud(
    _ body: (CommandScript, CommandProvider.Configuration, PostgresInstallation, Endpoint) async throws -> Void
) async throws {
    try await withDirectory { directory in
        try await withTemporaryCluster { cluster in
            let server = try cluster.server("cloud")
            try await server.provision()
            let endpoint = try await server.start()
            let script = try CommandScript.cloud(endpoint, cluster.installation, in: directory)
            try await body(script, CommandProvider.Configuration(script.command), cluster.installation, endpoint)
        }
    }
}

private func pool(
    _ configuration: CommandProvider.Configuration, _ stored: [PoolMember] = [], schema: InstanceSchema = .empty
) -> ContingentPool {
    ContingentPool(
        configuration: PoolConfiguration(), providers: [CommandProvider(configuration)],
        store: MemoryStore(stored), schema: { schema })
}

@Suite(.serialized) struct CommandCycleTests {
    @Test func aMemberIsMadeLentEmptiedAndGivenUp() async throws {
        try await withCloud { script, configuration, installation, home in
            _ = try await ask(home, "CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE customers (id bigint, mood mood)")
            let pool = pool(configuration, schema: try await .capture(from: home, installation: installation))
            try await pool.recover()
            await pool.upkeep()
            #expect(await pool.allMembers.map(\.state) == [.warm])
            for move in ["m1", "m2"] {
                let lent = try await pool.lease("contingent-1", for: .move(MoveID(move)))
                #expect(lent.zone == "a" && lent.capacity == Load(4) && lent.costPerHour == 2)
                #expect(try await ask(lent.endpoint, "SELECT count(*) FROM customers") == "0")
                _ = try await ask(lent.endpoint, "INSERT INTO customers VALUES (1, 'calm')")
                try await pool.giveBack("contingent-1")
                await pool.upkeep()
                #expect(await pool.allMembers.map(\.state) == [.warm])
            }
            await pool.checkHealth()
            #expect(!script.operations().contains("check contingent-1"), "the connection says enough")
            try await pool.retire("contingent-1")
            #expect(try await ask(home, "SELECT count(*) FROM pg_database WHERE datname = 'contingent-1'") == "0")
            #expect(
                script.operations().map { $0.prefix { $0 != " " } } == [
                    "provision", "start", "start", "wipe", "start", "start", "wipe", "start", "start", "remove",
                ])
        }
    }

    @Test func aCrashInTheMiddleIsCleanedUp() async throws {
        try await withCloud { script, configuration, _, server in
            let provider = CommandProvider(configuration)
            try Data().write(to: URL(fileURLWithPath: script.directory + "/crash"))
            await #expect(throws: PoolError.self) { try await provider.provision("contingent-1") }
            #expect(try await ask(server, "SELECT count(*) FROM pg_db_role_setting") == "1")
            // Its database is there; what our own process knew is lost.
            let stored = PoolMember(id: "contingent-1", provider: "command", zone: "a", state: .provisioning)
            let pool = pool(configuration, [stored])
            try await pool.recover()
            await pool.upkeep()
            #expect(await pool.allMembers.map(\.state) == [.warm])
            #expect(try await ask(server, "SELECT count(*) FROM pg_db_role_setting") == "0")
        }
    }

    @Test func everyOperationMayBeRepeated() async throws {
        try await withCloud { _, configuration, _, _ in
            let provider = CommandProvider(configuration)
            for _ in 0..<2 { try await provider.remove("contingent-1") }
            for _ in 0..<2 { try await provider.provision("contingent-1") }
            for _ in 0..<2 { try await provider.stop("contingent-1") }
            let endpoint = try await provider.start("contingent-1")
            #expect(try await provider.start("contingent-1") == endpoint)
            for _ in 0..<2 { try await provider.wipe("contingent-1") }
            for _ in 0..<2 { try await provider.remove("contingent-1") }
        }
    }

    @Test func aCommandThatOnlySaysItEmptiedIsNotBelieved() async throws {
        let contents = [
            ("CREATE TABLE precious ()", "relation precious"), ("CREATE TYPE mood AS ENUM ()", "type mood"),
            ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function f()"),
            ("CREATE SCHEMA s", "schema s"), ("CREATE PUBLICATION p", "publication p"),
            ("CREATE COLLATION c FROM \"C\"", "collation c"), ("SELECT lo_create(4711)", "large object 4711"),
            ("SELECT pg_create_logical_replication_slot('left_over', 'pgoutput')", "replication slot left_over"),
        ]
        try await withCloud { script, _, _, server in
            // Does nothing but tell where `kept` is.
            let start = "[ $operation != start ] || echo '\(answer(server, database: "kept"))'"
            let lazy = try CommandScript(start, in: script.directory + "/lazy")
            let provider = CommandProvider(CommandProvider.Configuration(lazy.command))
            let kept = Endpoint(
                host: server.host, port: server.port, database: "kept", user: server.user, password: nil)
            for (sql, what) in contents {
                _ = try await ask(server, "CREATE DATABASE kept")
                try await provider.wipe("contingent-1")
                _ = try await ask(kept, sql)
                for operation in [provider.wipe, provider.provision] {
                    let error = await #expect(throws: PoolError.self) { try await operation("contingent-1") }
                    #expect(error?.code == .notEmpty && error?.message.contains(what) == true, "\(error as Any)")
                }
                _ = try await ask(
                    server,
                    "SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots")
                _ = try await ask(server, "DROP DATABASE kept WITH (FORCE)")
            }
        }
    }

    @Test func aMemberIsSetAsideWhenItsCommandFailsAndComesBackWhenCleared() async throws {
        try await withCloud { script, configuration, _, _ in
            try Data().write(to: URL(fileURLWithPath: script.directory + "/crash"))
            let pool = pool(configuration)
            try await pool.recover()
            await pool.upkeep()
            let states = await pool.allMembers.map(\.state.kind)
            #expect(states == [.quarantined] || states == [.quarantined, .warm])
            try await pool.clear("contingent-1")
            await pool.upkeep()
            #expect(await pool.allMembers.allSatisfy { [.warm, .idleCold].contains($0.state.kind) })
        }
    }

    @Test func aCheckOfTheCommandsOwnCountsToo() async throws {
        try await withCloud { script, configuration, _, server in
            var asking = configuration
            asking.isCheckedByCommand = true
            let provider = CommandProvider(asking)
            try await provider.provision("contingent-1")
            let endpoint = try await provider.start("contingent-1")
            try await provider.check("contingent-1", at: endpoint)
            #expect(script.operations().last == "check contingent-1")
            asking.command = ["/bin/false"]
            let error = await #expect(throws: PoolError.self) {
                try await CommandProvider(asking).check("contingent-1", at: endpoint)
            }
            #expect(error?.code == .command)
            try await provider.remove("contingent-1")
            await #expect(throws: (any Error).self) {
                try await CommandProvider(configuration).check("contingent-1", at: endpoint)
            }
        }
    }
}
