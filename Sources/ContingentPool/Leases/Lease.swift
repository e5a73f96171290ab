// A lease as a value: what was agreed with whoever has a member, and until when.
//
// Invariant: an epoch is given out once for each member. Everything that a holder may do names it, so whoever had the
// member before can do nothing to the lease of whoever has it now.
import ClusterModel

/// Counts the leases of one member; a later lease has a greater one.
package struct LeaseEpoch: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    /// Before the first lease.
    package static let none = LeaseEpoch(0)

    package var next: LeaseEpoch { LeaseEpoch(number + 1) }
    package var description: String { "\(number)" }
    package static func < (a: LeaseEpoch, b: LeaseEpoch) -> Bool { a.number < b.number }

    package init(from decoder: any Decoder) throws { number = try decoder.singleValueContainer().decode(Int64.self) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

/// What a holder asks for.
package struct LeaseTerms: Hashable, Sendable, Codable {
    /// Who has the member: a person, a team, a tenant.
    package var holder: String
    /// What for, in words.
    package var purpose: String
    /// In the user's currency.
    package var pricePerHour: Double
    /// From the grant to the expiry.
    package var term: Duration
    /// From a revocation to the hard end; zero ends a lease at once.
    package var notice: Duration
    /// The lease ends when the holder has not renewed for this long; nil: only its expiry ends it.
    package var heartbeat: Duration?
    /// The path of a program that is told when the lease is granted, about to be revoked, and ended.
    package var hook: String?

    package init(
        holder: String, purpose: String, pricePerHour: Double = 0, term: Duration, notice: Duration = .zero,
        heartbeat: Duration? = nil, hook: String? = nil
    ) {
        self.holder = holder
        self.purpose = purpose
        self.pricePerHour = pricePerHour
        self.term = term
        self.notice = notice
        self.heartbeat = heartbeat
        self.hook = hook
    }
}

/// A member lent to a holder.
package struct Lease: Hashable, Sendable, Codable {
    package let epoch: LeaseEpoch
    package let terms: LeaseTerms
    package let grantedAt: Timestamp
    package private(set) var expiresAt: Timestamp
    /// The last sign of life of the holder.
    package private(set) var renewedAt: Timestamp

    package init(epoch: LeaseEpoch, terms: LeaseTerms, grantedAt: Timestamp) {
        self.epoch = epoch
        self.terms = terms
        self.grantedAt = grantedAt
        expiresAt = grantedAt + terms.term
        renewedAt = grantedAt
    }

    /// The holder lives. A renewal never makes a lease shorter.
    mutating func renew(at now: Timestamp, until end: Timestamp?) {
        renewedAt = max(renewedAt, now)
        expiresAt = max(expiresAt, end ?? expiresAt)
    }

    /// The hard end, if it is revoked at that time.
    package func deadline(revokedAt moment: Timestamp) -> Timestamp { min(moment + terms.notice, expiresAt) }

    /// When the holder is told that the lease is about to expire.
    package var noticeAt: Timestamp { max(grantedAt, expiresAt - terms.notice) }

    /// The latest time for the holder's next renewal; nil without a heartbeat.
    ///
    /// - Parameter start: since when the pool has listened: nobody can renew with a pool that does not run.
    package func heartbeatDue(listeningSince start: Timestamp) -> Timestamp? {
        terms.heartbeat.map { max(renewedAt, start) + $0 }
    }

    /// The name of its database role and of its database. PostgreSQL cuts names off after 63 bytes.
    package func roleName(on member: InstanceID) -> String {
        String(decoding: "lease_\(member.text)".utf8.prefix(43), as: UTF8.self) + "_\(epoch)"
    }

    /// What the holder owes for it until then.
    package func price(until end: Timestamp) -> Double {
        max(0, (end - grantedAt).inSeconds) / 3600 * terms.pricePerHour
    }
}

extension Lease: CustomStringConvertible {
    package var description: String { "lease \(epoch) of \(terms.holder) (\(terms.purpose))" }
}
