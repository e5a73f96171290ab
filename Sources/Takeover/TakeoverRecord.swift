// A takeover as the catalog keeps it: written as an intention before the standby is promoted, with its outcome after.
import ClusterModel

/// Host and port: what a takeover changes of an instance. User, password and database stay those of the configuration.
package struct ServerAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    package let host: String
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init(_ endpoint: Endpoint) { self.init(host: endpoint.host, port: endpoint.port) }

    package var description: String { "\(host):\(port)" }

    /// The endpoint there, as the same user in the same database.
    package func endpoint(like other: Endpoint) -> Endpoint {
        Endpoint(
            host: host, port: port, database: other.database, user: other.user, password: other.password, tls: other.tls
        )
    }
}

package enum TakeoverState: String, Sendable, Codable, CaseIterable {
    /// Decided, and not known to be done.
    case intended
    /// The standby takes writes, and the instance is there.
    case completed
    /// Nothing was promoted: the instance stays where it was.
    case calledOff
}

package struct TakeoverRecord: Hashable, Sendable {
    /// Of this instance: 1, 2, ...
    package var number: Int
    package var instance: InstanceID
    package var state: TakeoverState
    package var old: ServerAddress
    package var new: ServerAddress
    /// The zone of the new server.
    package var zone: Zone
    package var detectedAt: Timestamp
    package var completedAt: Timestamp?
    /// The end of the primary's log when it last answered, and how long before the detection that was.
    package var primaryPosition: LSN?
    package var unseenMilliseconds: Int64?
    /// The end of the log that the standby had when it was promoted.
    package var standbyPosition: LSN?
    /// What the standby is known to lack; 0 when everything acknowledged was on it; nil when nothing is known.
    package var lossBytes: Int64?
    /// Everything that was acknowledged had been confirmed by the standby.
    package var wasSynchronous: Bool
    /// The timeline that the promotion began.
    package var timeline: Int64?
    package var reason: String
    /// The pool's member that takes over; nil when the standby is not the pool's.
    package var member: InstanceID?

    package init(
        number: Int, instance: InstanceID, state: TakeoverState = .intended, old: ServerAddress, new: ServerAddress,
        zone: Zone, detectedAt: Timestamp, completedAt: Timestamp? = nil, primaryPosition: LSN? = nil,
        unseenMilliseconds: Int64? = nil, standbyPosition: LSN? = nil, lossBytes: Int64? = nil,
        wasSynchronous: Bool, timeline: Int64? = nil, reason: String,
        member: InstanceID? = nil
    ) {
        self.number = number
        self.instance = instance
        self.state = state
        self.old = old
        self.new = new
        self.zone = zone
        self.detectedAt = detectedAt
        self.completedAt = completedAt
        self.primaryPosition = primaryPosition
        self.unseenMilliseconds = unseenMilliseconds
        self.standbyPosition = standbyPosition
        self.lossBytes = lossBytes
        self.wasSynchronous = wasSynchronous
        self.timeline = timeline
        self.reason = reason
        self.member = member
    }

    /// What the standby lacks of what the primary was last seen to have.
    package static func knownLoss(primary: LSN?, standby: LSN?, wasSynchronous: Bool) -> Int64? {
        if wasSynchronous { return 0 }
        guard let primary, let standby else { return nil }
        return Int64(clamping: primary.position > standby.position ? primary.position - standby.position : 0)
    }

    /// What was lost, for people.
    package var lossSentence: String {
        if wasSynchronous { return "nothing that was acknowledged is lost: the standby had confirmed it" }
        guard let lossBytes else { return "what is lost is not known: the primary was never seen alive" }
        let unseen = unseenMilliseconds.map { ", and what it wrote in the \($0) ms after that look" } ?? ""
        return "lost is \(lossBytes) bytes of log that the primary had when it last answered\(unseen)"
    }
}
