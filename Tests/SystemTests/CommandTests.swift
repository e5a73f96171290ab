// The commands that look, as people and as programs read them.
import ClusterModel
import Foundation
import PostgresClient
import Testing

@Suite struct CommandTests {
    @Test func everyLookIsTextAndJSON() async throws {
        try await withServedCluster { cluster, _ in
            let looks = [
                "status", "segments", "forecast", "plan", "moves", "pool", "events", "explain", "anomalies",
            ]
            for command in looks {
                let text = try await cluster.foreshard(command)
                #expect(text.status == 0, "\(command): \(text.all)")
                #expect(!text.output.isEmpty, "\(command)")
                let json = try await cluster.foreshard(command, "--json")
                #expect(json.status == 0, "\(command): \(json.all)")
                #expect(throws: Never.self, "\(command): \(json.output)") {
                    try JSONSerialization.jsonObject(with: Data(json.output.utf8), options: .fragmentsAllowed)
                }
            }
        }
    }

    @Test func anomaliesAreThoseOfTheAudit() async throws {
        let cluster = try await TestCluster.start()
        try await ServingProgram.start(config: cluster.config).stop()
        // Told an hour and three days ago, as the server writes it.
        let audit = """
            import json, sqlite3, sys, time
            with sqlite3.connect(sys.argv[1]) as catalog:
                for segment, hours, kind in [("kv-1", 1, "spike"), ("kv-2", 72, "level shift")]:
                    at = int(time.time() * 1000) - hours * 3600000
                    note = {"kind": kind, "since": at - 300000, "at": at, "expected": 2.0, "seen": 6.0, "score": 9.5}
                    catalog.execute("INSERT INTO audit (at, kind, segment, sentence, details) "
                                    "VALUES (?, 'anomaly', ?, ?, ?)", (at, segment, kind, json.dumps(note)))
            """
        let write = try await runProgram("/usr/bin/python3", ["-c", audit, cluster.directory + "/data/catalog.sqlite"])
        #expect(write.status == 0, "\(write.all)")
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let span = "start: \(now - .seconds(4 * 86_400)), end: \(now - .seconds(86_400))"
        try cluster.configure("events: [{kind: sale, label: Summer, \(span), segments: [kv-2]}]")
        let program = try await ServingProgram.start(config: cluster.config)

        let day = try await cluster.foreshard("anomalies").output
        #expect(day.contains("kv-1") && day.contains("spike") && day.contains("200 % above the expected 2.0"), "\(day)")
        #expect(!day.contains("kv-2"), "\(day)")
        let week = try await cluster.foreshard("anomalies", "--since", "7d").output
        #expect(week.contains("0 last now, 2 over in the last 7d"), "\(week)")
        #expect(week.contains("level shift") && week.contains("Summer"), "\(week)")
        let none = try await cluster.foreshard("anomalies", "kv-2").output
        #expect(none.contains("nothing out of the ordinary in the last 24h"), "\(none)")
        let json = try await cluster.foreshard("anomalies", "kv-1", "--json").output
        let views = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
        #expect(views?.count == 1 && views?.first?["segment_id"] as? String == "kv-1", "\(json)")
        #expect(views?.first?["is_open"] as? Bool == false && views?.first?["score"] as? Double == 9.5, "\(json)")
        let unknown = try await cluster.foreshard("anomalies", "mars")
        #expect(unknown.status != 0 && unknown.all.contains("there is no segment or instance mars"), "\(unknown.all)")
        let mixed = try await cluster.foreshard("anomalies", "--trace", "x.csv", "--since", "2h")
        #expect(mixed.status != 0 && mixed.all.contains("does not go with --trace"), "\(mixed.all)")
        await program.stop()
        await cluster.stop()
    }

    @Test func prometheusFindsAnomalies() async throws {
        try await withServedCluster { cluster, _ in
            let address = "http://127.0.0.1:\(cluster.adminPort)/metrics"
            let metrics = try await runProgram("/usr/bin/curl", ["-sf", address])
            #expect(metrics.output.contains("# TYPE foreshard_anomalies_total counter"), "\(metrics.all)")
            for kind in ["spike", "level_shift", "changed_variance", "missing_data"] {
                #expect(metrics.output.contains("foreshard_anomalies_total{kind=\"\(kind)\"} 0.0"), "\(metrics.all)")
                #expect(metrics.output.contains("foreshard_anomalies_open{kind=\"\(kind)\"} 0.0"), "\(metrics.all)")
            }
        }
    }

    @Test func routeSaysWhereAndWhy() async throws {
        try await withServedCluster { cluster, _ in
            let known = try await cluster.foreshard("route", "SELECT v FROM kv WHERE k = 7")
            #expect(known.output.contains("segment kv-") && known.output.contains("on home-"), "\(known.all)")
            #expect(!known.output.contains("nobody listens"), "\(known.all)")
            let parameter = try await cluster.foreshard("route", "SELECT v FROM kv WHERE k = $1")
            #expect(parameter.output.contains("at execution") && parameter.output.contains("$1"), "\(parameter.all)")
            let several = try await cluster.foreshard("route", "SELECT count(*) FROM kv")
            #expect(several.output.contains("several: it reads"), "\(several.all)")
            let refused = try await cluster.foreshard("route", "SELECT count(*) OVER () FROM kv")
            #expect(refused.output.contains("refused (0A000)") && refused.output.contains("hint:"), "\(refused.all)")
            let wrong = try await cluster.foreshard("route", "SELEC 1")
            #expect(wrong.status != 0)
            #expect(wrong.all.contains("syntax error"), "\(wrong.all)")
        }
    }
}
