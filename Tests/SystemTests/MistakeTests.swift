// What a user can get wrong, and what the built program says.
import Foundation
import Testing

@Suite struct MistakeTests {
    private func serve(_ text: String) async throws -> ProgramOutput {
        let file = FileManager.default.temporaryDirectory.path + "/foreshard-\(UUID().uuidString).yaml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        return try await runProgram(Programs.foreshard, ["serve", "--config", file])
    }

    private func configuration(port: Int = 1, user: String = "foreshard", extra: String = "") -> String {
        """
        data_directory: \(FileManager.default.temporaryDirectory.path)/foreshard-mistake-\(UUID().uuidString)
        application: {user: app}
        client_authentication: trust
        instances: [{id: home-1, port: \(port), database: postgres, user: \(user)}]
        groups: [{id: kv, key_type: bigint, tables: {kv: k}}]
        \(extra)
        """
    }

    @Test func aConfigurationThatIsNotThere() async throws {
        let result = try await runProgram(Programs.foreshard, ["serve", "--config", "/nonexistent.yaml"])
        #expect(result.status != 0)
        #expect(result.all.contains("cannot read /nonexistent.yaml: write one with `foreshard init`"))
    }

    @Test func anUnknownSetting() async throws {
        let result = try await serve(configuration(extra: "controler: {}"))
        #expect(result.status != 0)
        #expect(result.all.contains("unknown setting `controler`: did you mean `controller`?"))
    }

    @Test func anInstanceThatDoesNotAnswer() async throws {
        let result = try await serve(configuration(port: TestCluster.freePort()))
        #expect(result.status != 0)
        #expect(result.all.contains("instance home-1:"), "\(result.all)")
        #expect(result.all.contains("cannot connect"), "\(result.all)")
    }

    @Test func aRoleThatDoesNotExistAndATableWithoutIdentity() async throws {
        let cluster = try await TestCluster.start(
            schema:
                "CREATE ROLE app LOGIN; CREATE TABLE kv (k bigint, v text); CREATE TABLE pgbench_accounts (aid bigint PRIMARY KEY)"
        )
        let refused = try await serve(configuration(port: cluster.endpoints[0].port, user: "nobody_here"))
        #expect(refused.status != 0)
        #expect(refused.all.contains("28000"), "\(refused.all)")

        let check = try await cluster.foreshard("init")
        #expect(check.status == 1)
        #expect(check.output.contains("kv"), "\(check.all)")
        #expect(check.output.contains("mend:"), "\(check.all)")
        await cluster.stop()
    }

    /// Routed by the wrong hash, rows would be looked for where they are not.
    @Test func shardKeysOfOtherTypes() async throws {
        let cluster = try await TestCluster.start(
            schema:
                "CREATE ROLE app LOGIN; CREATE TABLE kv (k varchar(10) PRIMARY KEY); CREATE TABLE pgbench_accounts (id bigint)"
        )
        let result = try await cluster.foreshard("serve")
        await cluster.stop()
        #expect(result.status != 0)
        for home in [1, 2] {
            #expect(
                result.all.contains(
                    "instance home-\(home): public.kv has a key of type character varying(10), the group's is bigint; "
                        + "mend it by: ALTER TABLE \"public\".\"kv\" ALTER COLUMN \"k\" TYPE bigint, or `key_type: varchar`"
                ), "\(result.all)")
            #expect(
                result.all.contains("instance home-\(home): public.pgbench_accounts has no column aid, its shard key"),
                "\(result.all)")
        }
    }

    @Test func aServerThatIsNotRunning() async throws {
        let cluster = try await TestCluster.start()
        let result = try await cluster.foreshard("status")
        #expect(result.status != 0)
        #expect(result.all.contains("has `foreshard serve` been started"), "\(result.all)")
        let route = try await cluster.foreshard("route", "SELECT v FROM kv WHERE k = 7")
        #expect(route.status == 0 && route.output.contains("segment kv-"), "\(route.all)")
        #expect(route.output.contains("nobody listens; by the first placement of"), "\(route.all)")
        let json = try await cluster.foreshard("route", "SELECT 1", "--json")
        let view = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(view?["is_first_placement"] as? Bool == true, "\(json.all)")
        await cluster.stop()
    }

    @Test func aPasswordThatIsNotInTheEnvironment() async throws {
        let users = "users: [{name: app, password_env: FORESHARD_TEST_NO_SUCH_PASSWORD}]"
        let cluster = try await TestCluster.start(users: users)
        let serve = try await cluster.foreshard("serve")
        #expect(serve.all.contains("the environment has no variable FORESHARD_TEST_NO_SUCH_PASSWORD"), "\(serve.all)")
        let look = try await cluster.foreshard("status")
        #expect(look.all.contains("has `foreshard serve` been started"), "\(look.all)")
        await cluster.stop()
    }

    @Test func segmentsOfADamagedCatalogThatOverlap() async throws {
        let cluster = try await TestCluster.start()
        try await ServingProgram.start(config: cluster.config).stop()
        let damage = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as catalog:
                catalog.execute("UPDATE segments SET upper = upper + 10 WHERE id = 'kv-1'")
            """
        let change = try await runProgram(
            "/usr/bin/python3", ["-c", damage, cluster.directory + "/data/catalog.sqlite"])
        #expect(change.status == 0, "\(change.all)")
        let serve = try await cluster.foreshard("serve")
        #expect(serve.status != 0)
        #expect(serve.all.contains("kv-1") && serve.all.contains("kv-2"), "\(serve.all)")
        #expect(serve.all.contains("overlap"), "\(serve.all)")
        await cluster.stop()
    }

    @Test func aServerOfThePoolThatDoesNotAnswer() async throws {
        let spare = "{id: spare-1, port: \(TestCluster.freePort()), database: postgres, user: foreshard}"
        let cluster = try await TestCluster.start(pool: "pool: {provider: static, instances: [\(spare)]}")
        let check = try await cluster.foreshard("init")
        #expect(check.status == 1)
        #expect(check.output.contains("spare-1:"), "\(check.all)")
        await cluster.stop()
    }

    @Test func aDayThatTheTraceCannotShow() async throws {
        for day in ["1998-06-14", "1998-07-02", "2026-06-30"] {
            let result = try await runProgram(Programs.foreshard, ["demo", "--day", day])
            #expect(result.status != 0)
            #expect(result.all.contains("Possible: 1998-06-15 to 1998-07-01"), "\(result.all)")
        }
    }

    @Test func aReportThatCannotBeWritten() async throws {
        let result = try await runProgram(Programs.foreshard, ["demo", "--report", "/nonexistent/report.json"])
        #expect(result.status != 0)
        #expect(result.all.contains("cannot write the report to /nonexistent/report.json"), "\(result.all)")
    }

    @Test func ordersThatDoNotFit() async throws {
        try await withServedCluster { cluster, _ in
            let unknown = try await cluster.foreshard("move", "kv-9", "--to", "home-1")
            #expect(unknown.status != 0)
            #expect(unknown.all.contains("there is no segment kv-9"), "\(unknown.all)")
            let nowhere = try await cluster.foreshard("move", "kv-0", "--to", "mars")
            #expect(nowhere.all.contains("there is no instance mars. Known: home-1, home-2"), "\(nowhere.all)")
            let nothing = try await cluster.foreshard("revert", "m99")
            #expect(nothing.all.contains("move m99 is not under way"), "\(nothing.all)")
        }
    }
}
