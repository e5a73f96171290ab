// Which lease goes when the service needs a member. Pure.
import ClusterModel

/// A lent member, as far as it matters to whoever has to take one back.
package struct RevocationCandidate: Hashable, Sendable {
    package let member: InstanceID
    package let pricePerHour: Double
    /// From now to the hard end.
    package let noticeLeft: Duration
    /// From the hard end until the member is emptied and warm again (95th percentile).
    package let warmUp: Duration

    package init(member: InstanceID, pricePerHour: Double, noticeLeft: Duration, warmUp: Duration) {
        self.member = member
        self.pricePerHour = pricePerHour
        self.noticeLeft = noticeLeft
        self.warmUp = warmUp
    }

    /// How soon the service could have it.
    package var readyWithin: Duration { noticeLeft + warmUp }

    /// Price x notice left x warm-up still needed.
    package var cost: Double { pricePerHour * noticeLeft.inSeconds * warmUp.inSeconds }
}

package enum RevocationChoice {
    /// The cheapest of those that are ready in time; when none is, the one that is ready first. Equals are told apart by
    /// what they pay, then by how soon they are ready, then by name, so that the choice is always the same.
    ///
    /// - Parameter patience: until when a member is needed, from now; nil: any will do.
    package static func cheapest(
        of candidates: [RevocationCandidate], within patience: Duration? = nil
    ) -> RevocationCandidate? {
        let inTime = candidates.filter { candidate in patience.map { candidate.readyWithin <= $0 } ?? true }
        if let found = inTime.min(by: { ($0.cost, $0.pricePerHour, $0) < ($1.cost, $1.pricePerHour, $1) }) {
            return found
        }
        return candidates.min { ($0, $0.cost) < ($1, $1.cost) }
    }
}

extension RevocationCandidate: Comparable {
    /// By how soon they are ready, then by name.
    package static func < (a: RevocationCandidate, b: RevocationCandidate) -> Bool {
        (a.readyWithin, a.member) < (b.readyWithin, b.member)
    }
}
