// Zones, as people and Prometheus see them: instances of this machine said to be in two zones, the floor of each, and the
// alarm of homes that nothing stands by for.
import Foundation
import Testing

@Suite struct ContingencyAlarmTests {
    @Test func homesWithoutAContingencyInAnotherZoneAreTold() async throws {
        // The homes are in the zone `default`; so is contingent-1.
        let pool = "pool: {provider: local, zones: [default, c], instances_max: 2, warm: {c: 1}}"
        let quick = "forecast: {every: 1s}\ncontroller: {reactive_every: 200ms}"
        try await withServedCluster(pool: pool, extra: quick) { cluster, program in
            try await program.waitUntil("the instance of zone c is warm, and no other made") {
                let rows = try await cluster.foreshard("pool").output.split(separator: "\n")
                return rows.contains { $0.contains("contingent-2") && $0.contains(" c ") && $0.contains("warm") }
                    && !rows.contains { $0.contains("contingent-1") }
            }
            let table = try await cluster.foreshard("pool").output
            #expect(table.contains("IN OTHER ZONES") && !table.contains("ALARM"), "\(table)")
            #expect(try await !cluster.foreshard("status").output.contains("alarm:"))
            #expect(try await metric("home-1", cluster) == "0.0")

            let order = try await cluster.foreshard("move", "kv-0", "--to", "contingent-2")
            #expect(order.status == 0, "\(order.all)")
            let alarm = "alarm: home-1 (zone default) has no contingency in another zone: contingent-2 is"
            try await program.waitUntil("the alarm is raised") {
                try await cluster.foreshard("status").output.contains(alarm)
            }
            #expect(try await metric("home-1", cluster) == "1.0")
            #expect(try await cluster.foreshard("pool").output.contains("ALARM, no contingency: contingent-2 is"))
            try await program.waitUntil("the alarm is in the audit") {
                try await cluster.foreshard("explain").output.contains("home-1 (zone default) has no contingency")
            }
        }
    }

    private func metric(_ home: String, _ cluster: TestCluster) async throws -> String? {
        let address = "http://127.0.0.1:\(cluster.adminPort)/metrics"
        let text = try await runProgram("/usr/bin/curl", ["-sf", address]).output
        let prefix = "foreshard_home_without_contingency{instance=\"\(home)\"} "
        return text.split(separator: "\n").first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
}
