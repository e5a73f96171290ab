// Real clients through the built router.
import Foundation
import PostgresClient
import Testing

@Suite struct ClientTests {
    @Test func psqlPgbenchAndDriversWork() async throws {
        try await withServedCluster { cluster, _ in
            let psql = try await runProgram(
                Programs.postgres("psql"),
                [
                    "-h", "127.0.0.1", "-p", "\(cluster.port)", "-U", "app", "-d", cluster.database, "-v",
                    "ON_ERROR_STOP=1",
                    "-Atc", "INSERT INTO kv (k, v) VALUES (100, 'psql')", "-c", "SELECT v FROM kv WHERE k = 100",
                    "-c", "DELETE FROM kv WHERE k = 100",
                ])
            #expect(psql.status == 0, "\(psql.all)")
            #expect(psql.output.contains("psql"))
            try await pgbench(cluster)
            try await DriverPrograms.run(on: cluster, sslmode: "disable")
        }
    }

    private func pgbench(_ cluster: TestCluster) async throws {
        let script = cluster.directory + "/select.sql"
        try """
        \\set aid random(1, 10000)
        INSERT INTO pgbench_accounts (aid, abalance) VALUES (:aid, 0) ON CONFLICT (aid) DO UPDATE SET abalance = pgbench_accounts.abalance + 1;
        SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
        """.write(toFile: script, atomically: true, encoding: .utf8)
        for mode in ["simple", "extended", "prepared"] {
            let result = try await runProgram(
                Programs.postgres("pgbench"),
                [
                    "-h", "127.0.0.1", "-p", "\(cluster.port)", "-U", "app", "-n", "-M", mode, "-c", "8", "-t", "50",
                    "-f", script, cluster.database,
                ])
            #expect(result.status == 0, "\(mode): \(result.all)")
            #expect(result.output.contains("number of transactions actually processed: 400/400"), "\(result.output)")
        }
    }

    @Test func passwordsAreProvenBySCRAM() async throws {
        let users = "client_authentication: scram-sha-256\nusers: [{name: app, password: pencil}]"
        try await withServedCluster(users: users) { cluster, _ in
            for (password, isRight) in [("pencil", true), ("crayon", false)] {
                let result = try await runProgram(
                    Programs.postgres("psql"),
                    [
                        "-h", "127.0.0.1", "-p", "\(cluster.port)", "-U", "app", "-d", cluster.database, "-Atc",
                        "SELECT 1",
                    ],
                    environment: ["PGPASSWORD": password])
                #expect((result.status == 0) == isRight, "\(result.all)")
                if !isRight {
                    #expect(result.errors.contains("password authentication failed for user \"app\""), "\(result.all)")
                }
            }
        }
    }

    @Test func aFullQueueAndAFullHouseAreErrors() async throws {
        try await withServedCluster(extra: "router: {clients_max: 12, queue_max: 1}") { cluster, _ in
            let target = cluster.router
            let filler = try await PostgresConnection.connect(to: target)
            try await filler.query("INSERT INTO kv (k, v) VALUES (7, '')")
            await filler.close()
            // The home has eight connections: of ten clients that sleep at it, eight run, one waits, one is refused.
            let states = await withTaskGroup(of: String.self) { group in
                for _ in 1...10 {
                    group.addTask {
                        do {
                            let connection = try await PostgresConnection.connect(to: target)
                            try await connection.query("SELECT pg_sleep(2) FROM kv WHERE k = 7")
                            await connection.close()
                            return "done"
                        } catch {
                            return (error as? PostgresError)?.sqlState ?? "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(states == ["done": 9, "53300": 1], "\(states)")

            var connections: [PostgresConnection] = []
            let error = await #expect(throws: ConnectionError.self) {
                for _ in 1...13 { connections.append(try await PostgresConnection.connect(to: target)) }
            }
            #expect(error?.description.contains("53300: sorry, too many clients already") == true)
            for connection in connections { await connection.close() }
        }
    }

    /// Twenty clients of one segment fill the home's connections and its queue; one client of another segment is served
    /// each time, and it is the hot segment whose sessions are refused.
    @Test func aHotSegmentDoesNotStarveAnother() async throws {
        try await withServedCluster(extra: "router: {queue_max: 4}") { cluster, _ in
            let target = cluster.router
            var keys: [String: Int] = [:]
            for key in 1...100 {
                guard keys.count < 2 else { break }
                let route = try await cluster.foreshard("route", "SELECT v FROM kv WHERE k = \(key)").output
                let words = route.split(separator: " ")
                guard route.contains(" on home-1"), words.count > 2 else { continue }
                keys[String(words[2]), default: key] = key
            }
            let (hot, cold) = (try #require(keys.values.min()), try #require(keys.values.max()))
            let filler = try await PostgresConnection.connect(to: target)
            for key in [hot, cold] { try await filler.query("INSERT INTO kv (k, v) VALUES (\(key), '')") }
            await filler.close()

            let refused = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...20 {
                    group.addTask {
                        let connection = try await PostgresConnection.connect(to: target)
                        var refused = 0
                        while !Task.isCancelled {
                            do {
                                try await connection.query("SELECT pg_sleep(0.02) FROM kv WHERE k = \(hot)")
                            } catch let error as PostgresError where error.sqlState == "53300" {
                                refused += 1
                            }
                        }
                        await connection.close()
                        return refused
                    }
                }
                let connection = try await PostgresConnection.connect(to: target)
                for _ in 1...50 {
                    #expect(try await connection.query("SELECT 1 FROM kv WHERE k = \(cold)").scalar() == "1")
                }
                await connection.close()
                group.cancelAll()
                return try await group.reduce(0, +)
            }
            #expect(refused > 0, "the queue was never full")
        }
    }

    @Test func whatCannotBeRoutedIsRefusedWithAHint() async throws {
        try await withServedCluster { cluster, _ in
            let connection = try await PostgresConnection.connect(to: cluster.router)
            await #expect {
                try await connection.query("DELETE FROM kv")
            } throws: { error in
                guard let error = error as? PostgresError else { return false }
                return error.sqlState == "0A000" && error.hint?.isEmpty == false
            }
            #expect(try await connection.query("SELECT 1 + 1").scalar() == "2")
            await connection.close()
        }
    }

    @Test func malformedBytesEndOneConnectionOnly() async throws {
        try await withServedCluster { cluster, program in
            for bytes in [
                [UInt8](repeating: 0xFF, count: 64), [0, 0, 0, 8, 0, 2, 0, 0], [0, 0, 0, 4],
                Array("GET / HTTP/1.1\r\n\r\n".utf8),
            ] {
                try await send(bytes, to: cluster.port)
            }
            #expect(program.isRunning)
            let connection = try await PostgresConnection.connect(to: cluster.router)
            #expect(try await connection.query("SELECT 1").scalar() == "1")
            await connection.close()
        }
    }

    private func send(_ bytes: [UInt8], to port: Int) async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(status == 0)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        try await Task.sleep(for: .milliseconds(50))
    }
}
