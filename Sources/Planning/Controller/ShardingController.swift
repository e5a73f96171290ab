// The adaptive sharding controller: forecasts and placement in, orders and reasons out.
// Invariant: the same snapshots in the same order give the same plans; nothing here reads a clock or makes a random choice.

import ClusterModel

package struct ShardingController: Hashable, Sendable, Codable {
    package var configuration: PlanningConfiguration
    package private(set) var memory: ControllerMemory

    package init(configuration: PlanningConfiguration, memory: ControllerMemory = ControllerMemory()) {
        self.configuration = configuration
        self.memory = memory
    }

    /// Plans for one moment. Call it once for each turn of the control loop: patience counts calls.
    package mutating func plan(_ snapshot: ClusterSnapshot) -> Plan {
        memory.observe(snapshot, configuration: configuration)
        var draft = PlanDraft(snapshot, configuration: configuration, memory: memory)
        draft.run()
        memory = draft.memory
        memory.ordered(by: draft.plan)
        return draft.plan
    }
}
