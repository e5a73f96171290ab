// What people and programs are shown, as values with stable JSON names (snake case). Times are ISO 8601 texts.
import ClusterModel

package struct StatusView: Codable, Sendable {
    package var now: String
    package var mode: String
    package var policy: String
    package var epoch: Int64
    package var clients: Int
    package var statementsRefused: Int
    package var waitingAtGates: Int
    /// Since the start.
    package var distributedTransactions: DistributedTransactionsView
    /// When the forecast in use was issued; nil before the first.
    package var forecastIssuedAt: String?
    package var forecastMilliseconds: Double?
    /// True when the forecast is older than two of its intervals.
    package var isForecastStale: Bool
    package var anomalies: [AnomalyCountView]
    /// Why no segment moves now, and until when.
    package var freezes: [String]
    package var instances: [InstanceView]
    /// Of every home; empty where all is in one zone, and without a pool.
    package var contingencies: [ContingencyView]
    package var moves: [MoveView]
}

/// Transactions over several instances, by how they ended; those in doubt were settled later.
package struct DistributedTransactionsView: Codable, Sendable {
    package var committed: Int
    package var rolledBack: Int
    package var inDoubt: Int
}

package struct InstanceView: Codable, Sendable {
    package var id: String
    package var role: String
    package var zone: String
    package var state: String
    package var segments: Int
    package var load: Double
    package var capacity: Double
    package var p99Milliseconds: Double?
    package var connectionsInUse: Int
    package var statementsWaiting: Int
    /// The highest median of the forecast, and the highest probability of exceeding the threshold.
    package var predictedPeak: Double?
    package var predictedPeakAt: String?
    package var overloadProbability: Double?
}

package struct SegmentView: Codable, Sendable {
    package var segmentID: String
    package var group: String
    package var lower: Int64
    package var upper: Int64
    package var location: String
    package var home: String
    package var load: Double
    package var statements: Int
    package var p99Milliseconds: Double?
    package var predictedPeak: Double?
    package var predictedPeakAt: String?
}

package struct ForecastView: Codable, Sendable {
    package struct Step: Codable, Sendable {
        package var at: String
        package var load: Double
        /// Probability of exceeding the threshold; only for instances, which have one.
        package var confidence: Double?
        package var quantiles: [QuantileValue]
    }

    package var subject: String
    package var issuedAt: String
    package var threshold: Double?
    package var model: String?
    package var reason: String
    package var staleness: String
    package var anomaly: String?
    package var steps: [Step]
}

/// What was measured of a segment, or of the segments that an instance owns now.
package struct PastView: Codable, Sendable {
    package var subject: String
    package var start: String
    package var stepSeconds: Double
    /// Of each step from `start` on; null where nothing was measured.
    package var loads: [Double?]
}

package struct MoveView: Codable, Sendable {
    package var id: String
    package var segmentID: String
    package var source: String
    package var target: String
    package var state: String
    package var work: String?
    package var rowsCopied: Int
    package var bytesCopied: Int
    package var blockedMilliseconds: [Double]
    package var preparedMilliseconds: Double?
    package var failure: String?
}

package struct PoolMemberView: Codable, Sendable {
    package var id: String
    package var provider: String
    package var zone: String
    package var state: String
    package var reason: String?
    package var endpoint: String?
    package var lease: LeaseView?
}

package struct AuditView: Codable, Sendable {
    package var id: Int64
    package var at: String
    package var kind: String
    package var move: String?
    package var segment: String?
    package var instance: String?
    package var sentence: String
    /// The numbers behind it, as JSON text.
    package var details: String?
}

package struct EventView: Codable, Sendable {
    package var kind: String
    package var label: String
    package var start: String
    package var end: String
    package var segments: [String]?
    /// The factor on load that was declared, and how long before and after the event.
    package var uplift: Double?
    package var leadSeconds: Double?
    package var tailSeconds: Double?
}

package struct RouteView: Codable, Sendable {
    package struct Statement: Codable, Sendable {
        package var kind: String
        package var isWrite: Bool
        package var decision: String
        package var segment: String?
        package var instance: String?
        package var reason: String
        package var hint: String?
    }

    package var sql: String
    package var epoch: Int64
    /// True when no server was asked, and the configuration's first placement stood in for where the segments are.
    package var isFirstPlacement: Bool
    package var statements: [Statement]
}

package struct PlanView: Codable, Sendable {
    package struct Action: Codable, Sendable {
        /// Names it in `foreshard approve`.
        package var id: String
        package var what: String
        package var segmentID: String?
        package var destination: String?
        package var priority: Double?
        /// `immediate`, `afterApproval` or `none`: what the mode allows.
        package var authority: String
        package var because: String
    }

    package var at: String
    package var policy: String
    package var mode: String
    /// The share of capacity above which instances counted as overloaded: more than configured when all are hot.
    package var overloadThreshold: Double
    package var actions: [Action]
    /// What was wanted and is not done now, and why.
    package var notes: [String]
}

/// The answer to an order.
package struct OrderView: Codable, Sendable {
    package var move: String?
    package var message: String

    package init(move: String?, message: String) {
        self.move = move
        self.message = message
    }
}
