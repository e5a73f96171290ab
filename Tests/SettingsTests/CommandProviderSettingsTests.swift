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

private func command(_ settings: PoolSettings) throws -> CommandProviderSettings {
    guard case .command(let command) = settings.provider else { throw Absent() }
    return command
}

private struct Absent: Error {}

@Suite struct CommandProviderSettingsTests {
    @Test func aCommandIsEnough() throws {
        let pool = try read("{provider: command, command: [instances.sh]}")
        let settings = try command(pool)
        #expect(pool.warm == WarmFloor(1) && pool.fixedInstances.isEmpty)
        #expect(settings.command == ["instances.sh"] && settings.zones == ["default"] && !settings.isCheckedByCommand)
        #expect(settings.instancesMax == 2 && settings.capacity == Load(20) && settings.connectionsMax == 20)
        #expect(settings.costPerHour == 1 && settings.timeouts == CommandProviderSettings.Timeouts())
    }

    @Test func everySettingIsRead() throws {
        let settings = try command(
            read(
                """

                  provider: command
                  command: [/etc/foreshard/instances.sh, --project, "peak load", "$HOME", 7]
                  check: true
                  timeouts: {provision: 20m, start: 2m, stop: 10s, wipe: 30m, remove: 1h, check: 3s}
                  instances_max: 4
                  zones: [europe-west1-b, europe-west1-c]
                  capacity: 8
                  connections: 12
                  cost_per_hour: 0.42
                """))
        var timeouts = CommandProviderSettings.Timeouts()
        (timeouts.provision, timeouts.start, timeouts.stop) = (.seconds(1200), .seconds(120), .seconds(10))
        (timeouts.wipe, timeouts.remove, timeouts.check) = (.seconds(1800), .seconds(3600), .seconds(3))
        let expected = CommandProviderSettings(
            command: ["/etc/foreshard/instances.sh", "--project", "peak load", "$HOME", "7"], timeouts: timeouts,
            isCheckedByCommand: true, zones: ["europe-west1-b", "europe-west1-c"], instancesMax: 4, capacity: Load(8),
            connectionsMax: 12, costPerHour: 0.42)
        #expect(settings == expected)
        #expect(try command(read("{provider: command, command: [x], zone: b}")).zones == ["b"])
    }

    @Test(arguments: [
        ("{provider: command}", "pool: the setting `command` is missing"),
        (
            "{provider: command, command: instances.sh --project x}",
            "pool.command: must be a list of words such as [/etc/foreshard/instances.sh, --profile, peak]"
        ),
        ("{provider: command, command: []}", "pool.command: must name a program"),
        ("{provider: command, command: [[x]]}", "pool.command[0]: must be text"),
        ("{provider: command, command: [\"\"]}", "pool.command[0]: must not be empty"),
        ("{provider: command, command: [x, \"a\\0b\"]}", "pool.command[1]: must not contain a NUL character"),
        ("{provider: command, command: [x], zone: a, zones: [b]}", "pool: has both `zone` and `zones`"),
        ("{provider: command, command: [x], zones: b}", "pool.zones: must be a list"),
        ("{provider: command, command: [x], zones: []}", "pool.zones: must name at least one zone"),
        ("{provider: command, command: [x], zones: [a, b, a]}", "pool.zones[2]: names `a` twice"),
        ("{provider: command, command: [x], timeouts: 5m}", "pool.timeouts: must be a mapping"),
        (
            "{provider: command, command: [x], timeouts: {prvision: 5m}}",
            "pool.timeouts: unknown setting `prvision`: did you mean `provision`?"
        ),
        ("{provider: command, command: [x], timeouts: {start: soon}}", "pool.timeouts.start: must be a length of time"),
        ("{provider: command, command: [x], timeouts: {start: 0s}}", "pool.timeouts.start: must be a length of time"),
        ("{provider: command, command: [x], timeouts: {start: 10ms}}", "pool.timeouts.start: must be from 1s to 1d"),
        ("{provider: command, command: [x], timeouts: {wipe: 2d}}", "pool.timeouts.wipe: must be from 1s to 1d"),
        (
            "{provider: command, command: [x], timeouts: {check: 1s}}",
            "pool.timeouts.check: has no effect: set `check: true`"
        ),
        ("{provider: command, command: [x], check: maybe}", "pool.check: must be true or false"),
        ("{provider: command, command: [x], instances_max: 0}", "pool.instances_max: must be a whole number"),
        ("{provider: command, command: [x], locale: C}", "pool: unknown setting `locale`"),
        ("{provider: local, command: [x]}", "pool: unknown setting `command`"),
        ("{provider: commands}", "pool.provider: must be one of local, static, command"),
    ])
    func saysWhatIsWrongAndWhere(pool: String, message: String) {
        #expect {
            try read(pool)
        } throws: { error in
            guard let error = error as? ConfigurationError else { return false }
            return error.description.contains(message) && error.description.hasPrefix("f.yaml:")
        }
    }
}
