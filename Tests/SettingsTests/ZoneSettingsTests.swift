import ClusterModel
import Settings
import Testing

private func read(_ pool: String) throws -> PoolSettings {
    let minimal = """
        application: {user: app}
        client_authentication: trust
        instances: [{id: home-1, port: 5432, database: shop, user: foreshard}]
        groups: [{id: shop, key_type: bigint, tables: {customers: id}}]

        """
    return try Configuration.read(minimal + "pool: \(pool)", file: "f.yaml").pool
}

@Suite struct ZoneSettingsTests {
    @Test func localInstancesMayBeInSeveralZones() throws {
        let pool = try read("{provider: local, zones: [b, c], instances_max: 3, warm: {b: 2, c: 1}}")
        guard case .local(let local) = pool.provider else { throw Absent() }
        #expect(local.zones == ["b", "c"])
        #expect(pool.provider.instancesByZone == ["b": 2, "c": 1])
        #expect(pool.warm == WarmFloor(zones: ["b": 2, "c": 1]) && pool.warm.total == 3)
        #expect(pool.keptWarm == 3)
        guard case .local(let plain) = try read("{provider: local}").provider else { throw Absent() }
        #expect(plain.zones == ["local"])
    }

    @Test func segmentsPreferAnotherZoneUnlessTold() throws {
        #expect(try read("{provider: local}").antiAffinity == .prefer)
        #expect(try read("{provider: local, anti_affinity: require}").antiAffinity == .require)
        #expect(try read("{provider: local, anti_affinity: off}").antiAffinity == .off)
    }

    private struct Absent: Error {}

    @Test func aNumberIsOfAnyZone() throws {
        let pool = try read("{provider: command, command: [x], zones: [b, c], warm: 2}")
        #expect(pool.warm == WarmFloor(2) && pool.warm.zones.isEmpty)
    }

    @Test func staticInstancesHaveTheirOwn() throws {
        let pool = try read(
            "{provider: static, warm: {b: 1}, instances: [{id: c1, zone: b, port: 1, database: d, user: u}]}")
        #expect(pool.warm == WarmFloor(zones: ["b": 1]))
    }

    @Test(arguments: [
        ("{provider: local, zone: a, zones: [b]}", "pool: has both `zone` and `zones`"),
        ("{provider: local, zones: [b, c], warm: {d: 1}}", "pool.warm.d: no instance of the pool is in zone `d`"),
        (
            "{provider: local, zones: [b, c], warm: {b: 2}}",
            "pool.warm.b: asks for 2 in zone `b`, where the pool can have 1"
        ),
        ("{provider: local, anti_affinity: never}", "pool.anti_affinity: must be one of prefer, require, off"),
        ("{provider: local, warm: {}}", "pool.warm: must be a number, or name zones"),
        ("{provider: local, warm: {local: -1}}", "pool.warm.local: must be a whole number"),
        ("{provider: local, warm: many}", "pool.warm: must be a whole number"),
        (
            "{provider: local, zones: [b, c], instances_max: 2, warm: {b: 1, c: 1}, lend: {max: 1, keep_warm: 1}}",
            "with 2 instances that stay warm there is none to lend"
        ),
    ])
    func mistakesAreToldWhereTheyAre(pool: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try read(pool) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(expected), "\(String(describing: error))")
    }
}
