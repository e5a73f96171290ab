// Decides whether a standby is lost, so that another has to be made in its place. Pure: time comes in as a value.
//
// Invariant: a standby is lost only while its instance answers, and has done so in every round of the time for which the
// standby was of no use. Where the instance does not answer, the standby may be all that is left of it.
import ClusterModel

package struct StandbyWatch: Sendable {
    package enum Finding: Hashable, Sendable {
        /// It follows.
        case well
        /// Nothing can be said now.
        case unknown
        /// It is of no use, but not for long enough.
        case ailing(String)
        case lost(String)
    }

    /// How long a standby may be of no use.
    private let patience: Duration
    private var ailingSince: Duration?

    package init(patience: Duration) { self.patience = patience }

    /// A round of looking ended.
    package mutating func looked(_ sighting: Sighting) -> Finding {
        guard case .answered(let primary) = sighting.primary else {
            ailingSince = nil
            return .unknown
        }
        guard let complaint = Self.complaint(of: sighting.standby, primary) else {
            ailingSince = nil
            return .well
        }
        let since = ailingSince ?? sighting.at
        ailingSince = since
        let span = sighting.at - since
        return span >= patience ? .lost("\(complaint), for \(seconds(span))") : .ailing(complaint)
    }

    /// It is being started: what is seen of it says nothing.
    package mutating func paused() { ailingSince = nil }

    private static func complaint(of sight: StandbySight, _ primary: PrimaryState) -> String? {
        switch sight {
        case .unreachable(let reason): "it does not answer (\(reason))"
        case .seen(let standby):
            standby.problem(comparedTo: primary) ?? (standby.isStreaming ? nil : "it does not stream")
        }
    }
}
