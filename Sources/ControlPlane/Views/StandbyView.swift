/// An instance with its standby, or with the takeover that left it without one.
package struct StandbyView: Codable, Sendable {
    package var instance: String
    /// Where the instance is now.
    package var address: String
    package var standby: String?
    /// The pool's member that is the standby, or is becoming it.
    package var member: String?
    package var mode: String
    /// Of the standby: `streaming`, `not streaming`, `unreachable`, `unusable`, `takes over`, `being made`,
    /// `none`.
    package var state = "not looked at yet"
    package var isUsable = false
    /// What is believed of the instance.
    package var verdict: String
    package var reason: String?
    package var lagBytes: Int64?
    package var lagSeconds: Double?
    /// Whether everything that is acknowledged is on the standby.
    package var isSynchronous: Bool?
    package var lossBytes: Int64?
    package var takeovers: Int
}
