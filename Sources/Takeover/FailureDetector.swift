// Decides whether an instance is dead, from what was seen of it and of its standby. Pure: time comes in as a value.
//
// Invariant: `dead` is said only when no sign of life came for `after` without interruption: no answer to a probe, none
// over the router's connections, none to the standby; and when the standby itself was asked just now and says so. Who looks
// may be the one that is cut off, so whatever was not seen counts as life: the silence begins anew after a gap in looking.
import ClusterModel

package struct FailureDetector: Sendable {
    package struct Configuration: Hashable, Sendable {
        /// How long nothing may be heard of an instance.
        package var after: Duration
        /// Time between two rounds above which nobody was looking.
        package var gapMax: Duration

        package init(after: Duration, gapMax: Duration) {
            self.after = after
            self.gapMax = gapMax
        }
    }

    /// Rounds without life that are looked at before a death is believed, however long they took.
    package static let roundsMin = 3

    private let configuration: Configuration
    private var silence: Silence?
    private var lastRound: Duration?
    /// Of the last answer to a probe.
    package private(set) var lastAnswer: (at: Duration, state: PrimaryState)?

    private struct Silence: Sendable {
        let since: Duration
        var rounds: Int
    }

    package init(_ configuration: Configuration) { self.configuration = configuration }

    /// A round of looking ended.
    package mutating func looked(_ sighting: Sighting) -> Verdict {
        let wasLooking = lastRound.map { sighting.at - $0 <= configuration.gapMax } ?? false
        lastRound = sighting.at
        if case .answered(let state) = sighting.primary { lastAnswer = (sighting.at, state) }
        if let life = sign(in: sighting) {
            silence = nil
            return life
        }
        if wasLooking, let silence {
            self.silence = Silence(since: silence.since, rounds: silence.rounds + 1)
        } else {
            silence = Silence(since: sighting.at, rounds: 1)
        }
        return verdict(of: sighting)
    }

    /// Nil when there is no sign of life.
    private func sign(in sighting: Sighting) -> Verdict? {
        switch sighting.primary {
        case .answered: return .alive
        case .refused(let reason): return .busy("it answers, but takes no probe: \(reason)")
        case .silent(let reason):
            if sighting.routerHeardIt {
                return .busy("it does not answer the probe (\(reason)), but answers over the router's connections")
            }
            guard case .seen(let standby) = sighting.standby, !standby.hearsNothing else { return nil }
            let age = standby.lastMessageAge.map { ", last message \(seconds($0)) ago" } ?? ""
            return .cutOff(
                "it does not answer us (\(reason)), but its standby still streams from it\(age): the network between us "
                    + "and it is broken, no takeover")
        }
    }

    private func verdict(of sighting: Sighting) -> Verdict {
        guard let silence, case .silent(let reason) = sighting.primary else { return .alive }
        let span = sighting.at - silence.since
        let facts = "no answer to \(silence.rounds) probes and none over the router's connections for \(seconds(span))"
        switch sighting.standby {
        case .unreachable(let why):
            return .blind(
                "\(facts) (\(reason)), and its standby cannot be asked (\(why)): we may be the one cut off, no takeover"
            )
        case .seen(let standby):
            if let problem = standby.problem(comparedTo: lastAnswer?.state) {
                return .blind("\(facts) (\(reason)), but its standby cannot take over: \(problem)")
            }
            guard span >= configuration.after, silence.rounds >= Self.roundsMin else {
                return .suspected("\(facts) (\(reason)); a takeover comes after \(seconds(configuration.after))")
            }
            let heard =
                standby.isStreaming
                ? "its standby has heard nothing for \(standby.lastMessageAge.map(seconds) ?? "long")"
                : "its standby has no connection to it"
            return .dead("\(facts), limit \(seconds(configuration.after)) (\(reason)); \(heard)")
        }
    }
}

/// What is believed of an instance. Every text is a reason with its numbers.
package enum Verdict: Hashable, Sendable {
    case alive
    /// Alive, though it does not answer the probe as it should.
    case busy(String)
    /// Silent, but not for long enough.
    case suspected(String)
    /// The standby hears it and we do not.
    case cutOff(String)
    /// Silent, and nobody is there to confirm or to take over.
    case blind(String)
    case dead(String)

    package var name: String {
        switch self {
        case .alive: "alive"
        case .busy: "busy"
        case .suspected: "suspected"
        case .cutOff: "cut_off"
        case .blind: "blind"
        case .dead: "dead"
        }
    }

    package var reason: String? {
        switch self {
        case .alive: nil
        case .busy(let reason), .suspected(let reason), .cutOff(let reason), .blind(let reason), .dead(let reason):
            reason
        }
    }

    /// Somebody should look, whatever the mode.
    package var isAlarm: Bool {
        switch self {
        case .alive, .busy, .suspected: false
        case .cutOff, .blind, .dead: true
        }
    }
}

extension StandbyState {
    /// Why it could not be promoted in place of that primary; nil when it could.
    ///
    /// - Parameter primary: as it was last seen; nil when it never was.
    package func problem(comparedTo primary: PrimaryState?) -> String? {
        if !isInRecovery { return "it is no standby: it takes writes of its own" }
        if let primary, primary.system != system {
            return "it is of another system (\(system)) than the instance (\(primary.system))"
        }
        if position == nil { return "it has received nothing yet" }
        return nil
    }
}

/// `12.3 s`.
package func seconds(_ span: Duration) -> String {
    let tenths = Int((span.inSeconds * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10)) s"
}
