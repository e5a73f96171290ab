import ClusterModel
import Foundation
import Glibc
import TestServers
import Testing

@testable import LocalPostgres

/// What `psql` prints for one statement.
func psql(_ cluster: LocalCluster, _ endpoint: Endpoint, _ sql: String) async throws -> String {
    let output = try await Command(
        [
            cluster.installation.program("psql"), "-XAtq", "-h", endpoint.host, "-p", "\(endpoint.port)",
            "-U", endpoint.user, "-d", endpoint.database, "-c", sql,
        ],
        environment: ["PGPASSWORD": endpoint.password ?? ""]
    ).run()
    return output.trimmingCharacters(in: .newlines)
}

@Suite(.serialized) struct LocalServerTests {
    @Test func startsStopsAndKeepsItsDataAndPort() async throws {
        try await withTemporaryCluster { cluster in
            try await cluster.prepareTemplate()
            let server = try cluster.server("home-1")
            let begin = ContinuousClock.now
            try await server.provision()
            let copied = ContinuousClock.now
            let first = try await server.start()
            print("measured: copy \(copied - begin), start to ready \(ContinuousClock.now - copied)")
            #expect(try await psql(cluster, first, "CREATE TABLE t AS SELECT 7 AS n; SHOW wal_level") == "logical")
            try await server.stop()
            #expect(!server.isRunning)
            let second = try await server.start()
            #expect(second == first)
            #expect(try await server.start() == second)
            #expect(try await psql(cluster, second, "SELECT n FROM t") == "7")
            try await server.wipe()
            #expect(!server.exists && !server.isRunning)
        }
    }

    @Test func serversMadeAtTheSameTimeShareOneTemplate() async throws {
        try await withTemporaryCluster { cluster in
            try await withThrowingTaskGroup { group in
                for name in ["one", "two", "three"] {
                    group.addTask { try await cluster.server(name).provision() }
                }
                try await group.waitForAll()
            }
            #expect(try cluster.existingServers() == ["one", "three", "two"])
            let endpoint = try await cluster.server("three").start()
            #expect(try await psql(cluster, endpoint, "SELECT 1") == "1")
        }
    }

    @Test func scramAsksForThePassword() async throws {
        var settings = ServerSettings.forTests
        settings.authentication = .scram(password: "se'cret word")
        try await withTemporaryCluster(settings) { cluster in
            let server = try cluster.server("s")
            try await server.provision()
            let endpoint = try await server.start()
            #expect(try await psql(cluster, endpoint, "SELECT 1") == "1")
            let wrong = Endpoint(
                host: endpoint.host,
                port: endpoint.port,
                database: "postgres",
                user: "foreshard",
                password: "x"
            )
            await #expect(throws: LocalPostgresError.self) { try await psql(cluster, wrong, "SELECT 1") }
            let files = try FileManager.default.contentsOfDirectory(atPath: cluster.directory).sorted()
            #expect(files == ["s", "s.log", "template.C.UTF-8"], "no password file is left")
        }
    }

    @Test func databasesHaveTheLocaleAskedFor() async throws {
        var settings = ServerSettings.forTests
        settings.locale = "C"
        settings.database = "shop"
        try await withTemporaryCluster(settings) { cluster in
            let server = try cluster.server("s")
            try await server.provision()
            let endpoint = try await server.start()
            let locale = "SELECT datcollate || ' ' || datctype FROM pg_database WHERE datname = 'shop'"
            #expect(try await psql(cluster, endpoint, locale) == "C C")
        }
        settings.locale = "xx_XX.UTF-8"
        try await withTemporaryCluster(settings) { cluster in
            let error = await #expect(throws: LocalPostgresError.self) { try await cluster.server("s").provision() }
            #expect(error?.description.contains("xx_XX.UTF-8") == true, "\(String(describing: error))")
        }
    }

    @Test func theDatabaseIsMadeWithTheTemplate() async throws {
        var settings = ServerSettings.forTests
        settings.database = "my \"shop\""
        try await withTemporaryCluster(settings) { cluster in
            let server = try cluster.server("s")
            try await server.provision()
            let endpoint = try await server.start()
            #expect(try await psql(cluster, endpoint, "SELECT current_database()") == settings.database)
        }
    }

    @Test func aTakenPortIsReplaced() async throws {
        try await withTemporaryCluster { cluster in
            let (one, two) = (try cluster.server("one"), try cluster.server("two"))
            try await one.provision()
            let first = try await one.start()
            try await two.provision()
            // The second server's record names the first one's port.
            try cluster.account.write("port = '\(first.port)'\n", to: "\(two.dataDirectory)/foreshard.conf")
            #expect(try await two.start().port != first.port)
        }
    }

    @Test func aServerThatCannotStartSaysWhy() async throws {
        var settings = ServerSettings.forTests
        settings.additional = ["shared_preload_libraries": "no_such_library"]
        try await withTemporaryCluster(settings) { cluster in
            let server = try cluster.server("broken")
            await #expect(throws: LocalPostgresError.self) { try await server.start() }
            try await server.provision()
            let error = await #expect(throws: LocalPostgresError.self) { try await server.start() }
            #expect(error?.code == .notReady)
            #expect(error?.message.contains("no_such_library") == true)
        }
    }

    @Test func connectedClientsDoNotHinderStopping() async throws {
        try await withTemporaryCluster { cluster in
            let server = try cluster.server("busy")
            try await server.provision()
            let endpoint = try await server.start()
            let sleeper = Task { try await psql(cluster, endpoint, "SELECT pg_sleep(600)") }
            let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(600)'"
            while try await psql(cluster, endpoint, sleeping) != "1" {}
            try await server.stop()
            #expect(!server.isRunning)
            await #expect(throws: LocalPostgresError.self) { try await sleeper.value }
        }
    }

    @Test func aServerOfAnEarlierProcessIsFoundAndStopped() async throws {
        try await withTemporaryCluster { cluster in
            let server = try cluster.server("left")
            try await server.provision()
            _ = try await server.start()
            // A second handle stands for the next process: it did not start the server.
            let successor = try await LocalCluster(directory: cluster.directory, settings: .forTests).server("left")
            #expect(successor.isRunning)
            let endpoint = try await successor.start()
            #expect(try await psql(cluster, endpoint, "SELECT 1") == "1")
            try await successor.stop()
            #expect(!server.isRunning)
        }
    }

    @Test func aRecycledPidIsNeitherAServerNorSignalled() async throws {
        try await withTemporaryCluster { cluster in
            let server = try cluster.server("stale")
            try await server.provision()
            // The test process itself plays the one that got the pid.
            try cluster.account.write("\(getpid())\n", to: "\(server.dataDirectory)/postmaster.pid")
            #expect(!server.isRunning)
            try await server.stop()
        }
    }

    @Test func halfMadeDirectoriesAreRemovedAtTheNextStart() async throws {
        try await withTemporaryCluster { cluster in
            let half = cluster.path("c-1") + ".making"
            try FileManager.default.createDirectory(atPath: half + "/base", withIntermediateDirectories: true)
            let again = try await LocalCluster(directory: cluster.directory, settings: .forTests)
            #expect(!FileManager.default.fileExists(atPath: half))
            #expect(try again.existingServers() == [])
        }
    }

    @Test func refusesNamesThatAreNotPlain() async throws {
        try await withTemporaryCluster { cluster in
            for name in ["", "template.C.UTF-8", "a/b", "..", "a b", "ä"] {
                #expect(throws: LocalPostgresError.self) { try cluster.server(name) }
            }
        }
    }
}

@Suite(.serialized) struct ParentDeathTests {
    @Test func aServerEndsWithTheProcessThatStartedIt() async throws {
        try await withTemporaryCluster { cluster in
            setenv("FORESHARD_TEST_CLUSTER", cluster.directory, 1)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                let directory = try #require(ProcessInfo.processInfo.environment["FORESHARD_TEST_CLUSTER"])
                let server = try await LocalCluster(directory: directory, settings: .forTests).server("orphan")
                try await server.provision()
                _ = try await server.start()
                kill(getpid(), SIGKILL)
            }
            let log = try cluster.server("orphan").logFile
            // Ends by itself: nothing here stops it.
            while try cluster.server("orphan").isRunning { await Task.yield() }
            #expect(try String(contentsOfFile: log, encoding: .utf8).contains("received fast shutdown request"))
        }
    }
}
