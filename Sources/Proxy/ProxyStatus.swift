// What the router says of itself at one moment: gauges now, counters since the start.
import ClusterModel

package struct ProxyStatus: Sendable, Codable, Equatable {
    package struct Pool: Sendable, Codable, Equatable {
        package let instance: InstanceID
        package let leased: Int
        package let idle: Int
        package let connecting: Int
        package let waiting: Int
        /// Reads from its connections since the pool was made: a sign of life.
        package let answers: Int
    }

    package struct Counters: Sendable, Codable, Equatable {
        package var clientsAccepted = 0
        package var clientsRefused = 0
        package var loginsFailed = 0
        package var batches = 0
        package var statementsRefused = 0
        package var queueOverflows = 0
        package var queueTimeouts = 0
        package var gateOverflows = 0
        package var gateTimeouts = 0
        package var cancelsForwarded = 0
        package var cancelsLocal = 0
        package var cancelsUnknown = 0
        package var settingsApplied = 0
        /// Reads of several segments on several instances.
        package var scatteredReads = 0
        package var scatteredReadsFailed = 0
        /// Transactions over several instances, by how they ended; those in doubt are settled later.
        package var distributedCommits = 0
        package var distributedRollbacks = 0
        package var distributedInDoubt = 0
        package var disconnects: [DisconnectReason: Int] = [:]

        package init() {}
    }

    package let epoch: Epoch
    package let clients: Int
    package let waitingAtGates: Int
    package let pools: [Pool]
    package let counters: Counters
}
