// The drivers that applications use, each with a program that tries what it has.
import Testing

enum DriverPrograms {
    /// Runs all of them against the router, one after another.
    ///
    /// - Parameter sslmode: `disable` or `require`.
    static func run(on cluster: TestCluster, sslmode: String) async throws {
        let at = "127.0.0.1:\(cluster.port)/\(cluster.database)"
        try await python(
            "psycopg_session.py",
            "host=127.0.0.1 port=\(cluster.port) user=app dbname=\(cluster.database) sslmode=\(sslmode)")
        try await python("asyncpg_session.py", "postgresql://app@\(at)?sslmode=\(sslmode)")
        try await python("sqlalchemy_session.py", at, sslmode)
        let java = try await runProgram(
            "/usr/bin/java",
            [
                "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/postgresql.jar",
                Programs.drivers + "/JdbcSession.java", "jdbc:postgresql://\(at)?user=app&sslmode=\(sslmode)",
            ])
        #expect(java.status == 0, "JdbcSession.java: \(java.all)")
    }

    static func python(_ script: String, _ arguments: String...) async throws {
        let result = try await runProgram("/usr/bin/python3", [Programs.drivers + "/" + script] + arguments)
        #expect(result.status == 0, "\(script): \(result.all)")
    }
}
