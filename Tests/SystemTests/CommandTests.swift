// The commands that look, as people and as programs read them.
import Foundation
import PostgresClient
import Testing

@Suite struct CommandTests {
    @Test func everyLookIsTextAndJSON() async throws {
        try await withServedCluster { cluster, _ in
            for command in ["status", "segments", "forecast", "plan", "moves", "pool", "events", "explain"] {
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

    @Test func routeSaysWhereAndWhy() async throws {
        try await withServedCluster { cluster, _ in
            let known = try await cluster.foreshard("route", "SELECT v FROM kv WHERE k = 7")
            #expect(known.output.contains("segment kv-") && known.output.contains("on home-"), "\(known.all)")
            #expect(!known.output.contains("nobody listens"), "\(known.all)")
            let parameter = try await cluster.foreshard("route", "SELECT v FROM kv WHERE k = $1")
            #expect(parameter.output.contains("at execution") && parameter.output.contains("$1"), "\(parameter.all)")
            let refused = try await cluster.foreshard("route", "SELECT count(*) FROM kv")
            #expect(refused.output.contains("refused (0A000)") && refused.output.contains("hint:"), "\(refused.all)")
            let wrong = try await cluster.foreshard("route", "SELEC 1")
            #expect(wrong.status != 0)
            #expect(wrong.all.contains("syntax error"), "\(wrong.all)")
        }
    }
}
