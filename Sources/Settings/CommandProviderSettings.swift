import ClusterModel

/// A command of the user that makes and removes instances; docs/POOL.md is its contract.
package struct CommandProviderSettings: Hashable, Sendable {
    /// How long the command may take for each operation.
    package struct Timeouts: Hashable, Sendable {
        package var provision = Duration.seconds(900)
        package var start = Duration.seconds(300)
        package var stop = Duration.seconds(60)
        package var wipe = Duration.seconds(900)
        package var remove = Duration.seconds(900)
        package var check = Duration.seconds(10)

        package init() {}
    }

    /// The program and its first arguments, as it is executed: no shell reads them. Never empty.
    package var command: [String]
    package var timeouts: Timeouts
    /// Whether the command is asked for `check` too.
    package var isCheckedByCommand: Bool
    /// Instances are spread over them round robin. Never empty.
    package var zones: [Zone]
    package var instancesMax: Int
    package var capacity: Load
    package var connectionsMax: Int
    package var costPerHour: Double

    package init(
        command: [String], timeouts: Timeouts, isCheckedByCommand: Bool, zones: [Zone], instancesMax: Int,
        capacity: Load, connectionsMax: Int, costPerHour: Double
    ) {
        self.command = command
        self.timeouts = timeouts
        self.isCheckedByCommand = isCheckedByCommand
        self.zones = zones
        self.instancesMax = instancesMax
        self.capacity = capacity
        self.connectionsMax = connectionsMax
        self.costPerHour = costPerHour
    }
}
