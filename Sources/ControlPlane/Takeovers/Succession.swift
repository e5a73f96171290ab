// Steps 3 to 5 of a takeover, for the service and for the start after a crash alike.
import Catalog
import ClusterModel
import Logging
import PostgresClient
import Takeover

/// Nothing was promoted; the instance stays where it is.
struct CalledOff: Error {
    let record: TakeoverRecord
    let sentence: String
}

struct Succession {
    let record: TakeoverRecord
    let home: Instance
    let parts: TakeoverService.Parts

    private var old: Endpoint { record.old.endpoint(like: home.endpoint) }
    private var new: Endpoint { record.new.endpoint(like: home.endpoint) }
    /// Of the last look: whoever is dead does not answer for longer than this either.
    private static let lastLookWithin = Duration.seconds(1)

    /// - Parameter mayShut: a living primary is shut, not left: a person ordered it.
    /// - Returns: the record as it was concluded.
    /// - Throws: `CalledOff`; any other error leaves the takeover to be repeated.
    func perform(mayShut: Bool) async throws -> TakeoverRecord {
        var end: LSN?
        if try await StandbyControl.isInRecovery(new) { end = try await leaveOld(mayShut: mayShut) }
        let promotion: StandbyControl.Promotion
        do {
            promotion = try await StandbyControl.promote(new, atLeast: end)
        } catch {
            guard end != nil, (try? await StandbyControl.isInRecovery(new)) == true else { throw error }
            try await StandbyControl.reopen(old)
            throw calledOff("the standby did not follow to the end: \(error)")
        }
        parts.crashSwitch(.promoted)
        return try await conclude(promotion, end: end)
    }

    /// Returns the end of its log when it lived and was shut.
    private func leaveOld(mayShut: Bool) async throws -> LSN? {
        switch await StandbyControl.look(at: old, within: Self.lastLookWithin) {
        case .silent, .shut: return nil
        case .open where mayShut:
            do {
                guard let end = try await StandbyControl.shut(old) else {
                    throw ClusterError("it does not tell the end of its log")
                }
                return end
            } catch {
                try? await StandbyControl.reopen(old)
                throw calledOff("the primary lives and could not be shut: \(error)")
            }
        case .open, .follows: throw calledOff("the primary answers again")
        case .unclear(let reason): throw calledOff("the primary answers: \(reason)")
        }
    }

    private func calledOff(_ reason: String) -> CalledOff {
        var outcome = record
        outcome.state = .calledOff
        outcome.completedAt = parts.clock.now()
        return CalledOff(
            record: outcome, sentence: "the takeover of \(record.instance) was called off: \(reason)")
    }

    private func conclude(_ promotion: StandbyControl.Promotion, end: LSN?) async throws -> TakeoverRecord {
        var outcome = record
        outcome.state = .completed
        outcome.completedAt = parts.clock.now()
        outcome.timeline = promotion.timeline
        outcome.standbyPosition = promotion.position
        if let end {
            outcome.primaryPosition = end
            outcome.unseenMilliseconds = 0
            outcome.wasSynchronous = promotion.position.map { $0 >= end } ?? false
        }
        outcome.lossBytes = TakeoverRecord.knownLoss(
            primary: outcome.primaryPosition, standby: promotion.position, wasSynchronous: outcome.wasSynchronous)
        let positions =
            "the primary was last seen at \(outcome.primaryPosition.map { "\($0)" } ?? "no known position"), the standby "
            + "went on from \(promotion.position.map { "\($0)" } ?? "no known position") on timeline \(promotion.timeline)"
        let asynchronous =
            promotion.becameAsynchronous
            ? "; synchronous_standby_names was emptied there, because it has no standby to wait for" : ""
        let sentence =
            "\(record.instance) is on \(record.new), after \(record.old): \(positions); \(outcome.lossSentence)"
            + asynchronous
        let name = record.member.map { "\($0)" } ?? "\(record.new)"
        try await parts.pool.tookOver(record.instance, by: record.member, named: name) { [parts, outcome] members in
            try parts.catalog.conclude(outcome, sentence: sentence, members: members)
        }
        parts.logger.notice(
            "a standby took over",
            metadata: ["instance.id": "\(record.instance)", "takeover.loss": "\(outcome.lossSentence)"])
        return outcome
    }
}
