// Whether, what and on which terms the pool lends. Pure.
//
// Invariant: lending never leaves the service with fewer warm members than `keepWarm`, nor a zone with none or with fewer
// than its floor.
import ClusterModel

/// The limits of lending.
package struct LendingRules: Hashable, Sendable {
    /// Members that may be lent at the same time; 0: nothing is lent.
    package var max = 0
    /// Warm members that stay with the service.
    package var keepWarm = 1
    /// Warm members that stay with the service in these zones; in every other zone the last one does.
    package var keepWarmInZones: [Zone: Int] = [:]
    package var noticeMax = Duration.seconds(300)
    /// From a grant or a renewal to the expiry.
    package var termMax = Duration.seconds(86_400)
    /// Sessions that a holder may have at once.
    package var connectionsMax = 20
    /// The directory whose programs may be hooks; nil: there are no hooks.
    package var hookDirectory: String?
    /// How long a hook may run. That of a revocation may run until the deadline, if that is later.
    package var hookTimeout = Duration.seconds(10)

    package init() {}

    package static let nameLengthMax = 64
    package static let purposeLengthMax = 200
    private static let priceMax = 1e9

    /// Throws unless the terms are within the limits.
    package func check(_ terms: LeaseTerms) throws(PoolError) {
        try check("a holder's name", terms.holder, lengthMax: Self.nameLengthMax)
        try check("a purpose", terms.purpose, lengthMax: Self.purposeLengthMax)
        guard terms.pricePerHour >= 0, terms.pricePerHour <= Self.priceMax else {
            throw PoolError(.badTerms, "the price must be from 0 to \(Self.priceMax) per hour.")
        }
        guard terms.notice >= .zero, terms.notice <= noticeMax else {
            throw PoolError(
                .badTerms, "the notice must be from 0s to \(noticeMax.inSeconds) s (pool.lend.notice_max).")
        }
        try check(term: terms.term)
        guard terms.notice < terms.term else {
            throw PoolError(.badTerms, "the notice must be shorter than the lease.")
        }
        if let heartbeat = terms.heartbeat, heartbeat <= .zero || heartbeat > termMax {
            throw PoolError(.badTerms, "the heartbeat must be more than 0s and at most \(termMax.inSeconds) s.")
        }
    }

    package func check(term: Duration) throws(PoolError) {
        guard term > .zero, term <= termMax else {
            throw PoolError(
                .badTerms, "a lease must be longer than 0s and at most \(termMax.inSeconds) s (pool.lend.term_max).")
        }
    }

    private func check(_ what: String, _ text: String, lengthMax: Int) throws(PoolError) {
        guard !text.isEmpty, text.count <= lengthMax, !text.unicodeScalars.contains(where: \.isControl) else {
            throw PoolError(.badTerms, "\(what) must have 1 to \(lengthMax) characters, and no control characters.")
        }
    }

    package func checkIsOn() throws(PoolError) {
        guard max > 0 else {
            throw PoolError(.lendingRefused, "lending is off: set pool.lend.max in the configuration.")
        }
    }

    /// The member to lend: the one asked for, or one of the zone that has most to spare.
    ///
    /// - Throws: `PoolError`, with what is missing.
    package func choose(_ wanted: InstanceID?, of members: [PoolMember]) throws(PoolError) -> InstanceID {
        try checkIsOn()
        let lent = members.count { $0.state.lease != nil }
        guard lent < max else {
            throw PoolError(.lendingRefused, "\(lent) instances are lent already, and pool.lend.max is \(max).")
        }
        let warm = members.filter { $0.state == .warm }
        if let wanted, !warm.contains(where: { $0.id == wanted }) {
            let state = members.first { $0.id == wanted }?.state.kind.rawValue
            throw PoolError(
                state == nil ? .unknownMember : .lendingRefused,
                state.map { "\(wanted) cannot be lent: it is \($0), not warm." } ?? "there is no pool member \(wanted)."
            )
        }
        guard warm.count > keepWarm else {
            throw PoolError(
                .lendingRefused,
                "nothing can be lent: \(warm.count) instances are warm, and the service keeps \(keepWarm) "
                    + "(pool.lend.keep_warm). Wait until another is warm, or raise pool.instances_max.")
        }
        let zones = Dictionary(grouping: warm, by: \.zone)
        if let wanted {
            guard let (zone, members) = zones.first(where: { $0.value.contains { $0.id == wanted } }),
                members.count > kept(in: zone)
            else { throw PoolError(.lendingRefused, "\(wanted) cannot be lent: \(reasonToKeep(wanted, among: warm)).") }
            return wanted
        }
        let spare = zones.map { (zone: $0.key, members: $0.value, count: $0.value.count - kept(in: $0.key)) }
            .filter { $0.count > 0 }
        let richest = spare.max { ($0.count, $1.zone.text) < ($1.count, $0.zone.text) }
        guard let found = richest?.members.map(\.id).min() else {
            throw PoolError(
                .lendingRefused,
                "nothing can be lent: no zone has more warm instances than stay there, its last one or what `pool.warm` "
                    + "says for it.")
        }
        return found
    }

    private func kept(in zone: Zone) -> Int { Swift.max(1, keepWarmInZones[zone] ?? 1) }

    private func reasonToKeep(_ member: InstanceID, among warm: [PoolMember]) -> String {
        guard let zone = warm.first(where: { $0.id == member })?.zone, kept(in: zone) > 1 else {
            return "it is the last warm instance of its zone"
        }
        return "\(kept(in: zone)) warm instances stay in zone \(zone) (pool.warm)"
    }

    /// What upkeep keeps warm, so that there is one to lend while another may be lent.
    package func floor(over floor: WarmFloor, lent: Int) -> WarmFloor {
        guard max > lent else { return floor }
        return floor.raised(to: Swift.max(keepWarm, floor.zones.values.reduce(0, +), 1) + 1)
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { properties.generalCategory == .control }
}
