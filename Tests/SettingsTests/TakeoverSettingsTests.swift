import ClusterModel
import Testing

@testable import Settings

@Suite struct TakeoverSettingsTests {
    private func read(_ instance: String, _ section: String = "", pool: String = "") throws -> Configuration {
        try Configuration.read(
            """
            client_authentication: trust
            application: {user: app}
            instances:
              - {id: home-1, port: 5432, database: app, user: postgres\(instance)}
            groups:
              - {id: kv, key_type: bigint, tables: {kv: k}}
            \(pool)
            \(section)
            """, file: "f.yaml")
    }

    @Test func nothingIsAStandbyUnlessSomebodySaysSo() throws {
        let configuration = try read("")
        #expect(configuration.instances.first?.standby == nil)
        #expect(configuration.takeover == TakeoverSettings())
        #expect(configuration.takeover.mode == .recommend)
    }

    @Test func readsAStandbyAndHowToTakeOver() throws {
        let configuration = try read(
            ", standby: {host: h, port: 7, zone: b}",
            "takeover: {mode: auto, after: 5s, probe_every: 500ms, loss_bytes_max: 0}")
        #expect(configuration.instances.first?.standby == StandbySettings(host: "h", port: 7, zone: "b"))
        #expect(configuration.takeover.mode == .auto)
        #expect(configuration.takeover.after == .seconds(5))
        #expect(configuration.takeover.probeEvery == .milliseconds(500))
        #expect(configuration.takeover.lossBytesMax == 0)
    }

    @Test func refusesWhatCannotBe() {
        #expect(throws: ConfigurationError.self) { try read(", standby: {port: 5432}") }
        #expect(throws: ConfigurationError.self) { try read(", standby: {host: h}") }
        #expect(throws: ConfigurationError.self) { try read(", standby: {port: 7, user: x}") }
        #expect(throws: ConfigurationError.self) { try read("", "takeover: {after: 2s, probe_every: 1s}") }
        #expect(throws: ConfigurationError.self) { try read("", "takeover: {mode: always}") }
        #expect(throws: ConfigurationError.self) {
            try read(
                "",
                pool: """
                    pool:
                      provider: static
                      instances: [{id: c1, port: 9, database: app, user: postgres, standby: {port: 8}}]
                    """)
        }
    }
}
