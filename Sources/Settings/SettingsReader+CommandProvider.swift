// The settings of `pool` with `provider: command`.
import ClusterModel

extension SettingsReader {
    /// A command that takes longer keeps its instance from everybody; it is more likely stuck.
    private static let timeoutRange = Duration.seconds(1)...Duration.seconds(86_400)

    func commandProvider(_ node: SettingsNode) throws(ConfigurationError) -> CommandProviderSettings {
        let connections = try node.child("connections")?.integer(in: 1...10_000) ?? 20
        let isCheckedByCommand = try node.child("check")?.flag() ?? false
        return CommandProviderSettings(
            command: try words(node.required("command")),
            timeouts: try timeouts(node, isCheckedByCommand: isCheckedByCommand),
            isCheckedByCommand: isCheckedByCommand,
            zones: try zones(node, orElse: "default"),
            instancesMax: try node.child("instances_max")?.integer(in: 1...100) ?? 2,
            capacity: Load(try node.child("capacity")?.number(in: 0.01...1e6) ?? Double(connections)),
            connectionsMax: connections,
            costPerHour: try node.child("cost_per_hour")?.number(in: 0...1e9) ?? 1
        )
    }

    /// What is executed, word by word.
    private func words(_ list: SettingsNode) throws(ConfigurationError) -> [String] {
        guard list.node.sequence != nil else {
            throw list.error(
                "must be a list of words such as [/etc/foreshard/instances.sh, --profile, peak]: no shell reads it")
        }
        var words: [String] = []
        for item in try list.items() {
            let word = try item.string()
            guard !word.contains("\0") else { throw item.error("must not contain a NUL character") }
            words.append(word)
        }
        guard !words.isEmpty else { throw list.error("must name a program: its path, or its name in PATH") }
        return words
    }

    private func timeouts(
        _ node: SettingsNode, isCheckedByCommand: Bool
    ) throws(ConfigurationError) -> CommandProviderSettings.Timeouts {
        var timeouts = CommandProviderSettings.Timeouts()
        guard let node = try node.child("timeouts") else { return timeouts }
        if let value = try node.child("provision") { timeouts.provision = try timeout(value) }
        if let value = try node.child("start") { timeouts.start = try timeout(value) }
        if let value = try node.child("stop") { timeouts.stop = try timeout(value) }
        if let value = try node.child("wipe") { timeouts.wipe = try timeout(value) }
        if let value = try node.child("remove") { timeouts.remove = try timeout(value) }
        if let value = try node.child("check") {
            guard isCheckedByCommand else {
                throw value.error("has no effect: set `check: true` beside `command`, or leave it out")
            }
            timeouts.check = try timeout(value)
        }
        try node.finish()
        return timeouts
    }

    private func timeout(_ node: SettingsNode) throws(ConfigurationError) -> Duration {
        let timeout = try node.duration()
        guard Self.timeoutRange.contains(timeout) else { throw node.error("must be from 1s to 1d") }
        return timeout
    }
}
