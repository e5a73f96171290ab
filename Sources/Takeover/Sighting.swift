// What one look at an instance and its standby saw. Values only: who looked, and how, is the control plane's business.
import ClusterModel

/// What the instance itself did when it was asked.
package enum PrimarySight: Hashable, Sendable {
    /// It answered the probe.
    case answered(PrimaryState)
    /// It answered with an error: too many connections, starting up, shutting down. An answer of any kind is life.
    case refused(String)
    /// No answer of any kind, and why.
    case silent(String)

    package var isAlive: Bool { if case .silent = self { false } else { true } }
}

package struct PrimaryState: Hashable, Sendable {
    /// The end of its write-ahead log.
    package var position: LSN
    /// The same for a primary and its standbys.
    package var system: String
    /// True when it is a standby itself.
    package var isInRecovery: Bool
    /// Whether what it acknowledges is on the standby already.
    package var confirmsByStandby: Bool

    package init(position: LSN, system: String, isInRecovery: Bool = false, confirmsByStandby: Bool) {
        self.position = position
        self.system = system
        self.isInRecovery = isInRecovery
        self.confirmsByStandby = confirmsByStandby
    }
}

package enum StandbySight: Hashable, Sendable {
    case unreachable(String)
    case seen(StandbyState)
}

package struct StandbyState: Hashable, Sendable {
    package var isInRecovery: Bool
    package var system: String
    /// Its WAL receiver has a connection to the primary.
    package var isStreaming: Bool
    /// How long ago the primary last sent it anything; nil when it does not stream.
    package var lastMessageAge: Duration?
    /// After this silence the receiver asks the primary for a sign of life (half of `wal_receiver_timeout`); nil: never.
    package var asksAfter: Duration?
    /// What it has on its disk; nil when nothing was received or replayed yet.
    package var received: LSN?
    package var replayed: LSN?

    package init(
        isInRecovery: Bool = true, system: String, isStreaming: Bool, lastMessageAge: Duration? = nil,
        asksAfter: Duration? = nil, received: LSN? = nil, replayed: LSN? = nil
    ) {
        self.isInRecovery = isInRecovery
        self.system = system
        self.isStreaming = isStreaming
        self.lastMessageAge = lastMessageAge
        self.asksAfter = asksAfter
        self.received = received
        self.replayed = replayed
    }

    /// The end of the log that it has.
    package var position: LSN? { [received, replayed].compactMap { $0 }.max() }

    /// The standby hears nothing of the primary: it has no connection, or had no answer to its own question over it. On an
    /// idle primary silence alone says nothing, because a primary that has nothing to send sends nothing until asked.
    package var hearsNothing: Bool {
        guard isStreaming else { return true }
        guard let age = lastMessageAge, let asksAfter else { return false }
        return age > asksAfter + Self.answerWithin
    }

    /// How long a primary may take to answer the receiver's question.
    private static let answerWithin = Duration.seconds(5)
}

/// All that was seen of one instance in one round.
package struct Sighting: Hashable, Sendable {
    /// Since some fixed moment, on a clock that never goes back.
    package var at: Duration
    package var primary: PrimarySight
    /// Answers came over the router's own connections since the last round.
    package var routerHeardIt: Bool
    package var standby: StandbySight

    package init(at: Duration, primary: PrimarySight, routerHeardIt: Bool, standby: StandbySight) {
        self.at = at
        self.primary = primary
        self.routerHeardIt = routerHeardIt
        self.standby = standby
    }
}
