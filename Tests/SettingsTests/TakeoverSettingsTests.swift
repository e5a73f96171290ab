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

    private let local = "pool: {provider: local, warm: 1, instances_max: 2, zone: b}"

    @Test func thePoolMakesAStandbyWhereItIsAsked() throws {
        let plain = try read(", standby: pool", pool: local).instances[0]
        #expect(plain.poolStandby == PoolStandbySettings(isSynchronous: false) && plain.standby == nil)
        let strict = try read(", standby: {from: pool, synchronous: true}", pool: local).instances[0]
        #expect(strict.poolStandby == PoolStandbySettings(isSynchronous: true) && strict.standby == nil)
        #expect(try read(", standby: {port: 7}", pool: local).instances[0].poolStandby == nil)
    }

    private func complaint(_ instance: String, _ section: String = "", pool: String) -> String {
        do {
            _ = try read(instance, section, pool: pool)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func refusesStandbysThatThePoolCannotMake() {
        let pooled = ", standby: pool"
        #expect(complaint(", standby: pool, tls: require", pool: local).contains("contradicts its `tls`"))
        #expect(complaint(", standby: pool, tls: prefer", pool: local).isEmpty)
        #expect(complaint(pooled, pool: "").contains("needs `pool.provider: local`"))
        let fixed = "pool: {provider: static, instances: [{id: c1, port: 9, database: app, user: postgres}]}"
        #expect(complaint(pooled, pool: fixed).contains("needs `pool.provider: local`"))
        let command = "pool: {provider: command, command: [/bin/true], instances_max: 4, zone: b}"
        #expect(complaint(pooled, pool: command).contains("no other provider makes standbys"))
        #expect(complaint(pooled, "takeover: {mode: off}", pool: local).contains("contradicts `takeover.mode: off`"))
        let small = "pool: {provider: local, warm: 2, instances_max: 2, zone: b}"
        #expect(complaint(pooled, pool: small).contains("must be at least 3"))
        let near = "pool: {provider: local, warm: 1, instances_max: 2, zone: default, anti_affinity: require}"
        #expect(complaint(pooled, pool: near).contains("outside of zone default"))
        #expect(complaint(", standby: pond", pool: local).contains("pool"))
        #expect(complaint(", standby: {from: pool, port: 7}", pool: local).contains("unknown setting `port`"))
    }
}
