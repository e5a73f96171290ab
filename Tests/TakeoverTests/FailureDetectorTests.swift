import ClusterModel
import Testing

@testable import Takeover

private let configuration = FailureDetector.Configuration(after: .seconds(10), gapMax: .seconds(5))
private let living = PrimaryState(position: LSN(1000), system: "7", confirmsByStandby: true)
private let follower = StandbyState(
    system: "7", isStreaming: true, lastMessageAge: .seconds(1), asksAfter: .seconds(30), received: LSN(1000),
    replayed: LSN(1000))
private let orphan = StandbyState(system: "7", isStreaming: false, received: LSN(1000), replayed: LSN(1000))

private func sighting(
    _ at: Int, primary: PrimarySight = .silent("refused"), router: Bool = false, standby: StandbySight = .seen(orphan)
) -> Sighting {
    Sighting(at: .seconds(at), primary: primary, routerHeardIt: router, standby: standby)
}

/// The names of the verdicts on a series of rounds, one a second.
private func verdicts(_ rounds: [Sighting]) -> [String] {
    var detector = FailureDetector(configuration)
    return rounds.map { detector.looked($0).name }
}

@Suite struct FailureDetectorTests {
    @Test func aDeathIsSaidAfterTheTimeAndNotBefore() {
        let found = verdicts((0...12).map { sighting($0) })
        #expect(found == Array(repeating: "suspected", count: 10) + ["dead", "dead", "dead"])
    }

    @Test func theReasonHasItsNumbers() {
        var detector = FailureDetector(configuration)
        for second in 0..<10 { _ = detector.looked(sighting(second)) }
        let verdict = detector.looked(sighting(10))
        #expect(
            verdict
                == .dead(
                    "no answer to 11 probes and none over the router's connections for 10.0 s, limit 10.0 s (refused); "
                        + "its standby has no connection to it"))
    }

    @Test(arguments: [
        sighting(9, primary: .answered(living)), sighting(9, primary: .refused("53300: too many connections")),
        sighting(9, primary: .refused("57P03: the database system is starting up")), sighting(9, router: true),
        sighting(9, standby: .seen(follower)),
    ])
    func oneSignOfLifeBeginsTheTimeAnew(sign: Sighting) {
        var rounds = (0...20).map { sighting($0) }
        rounds[9] = sign
        let found = verdicts(rounds)
        #expect(found.firstIndex(of: "dead") == 20)
    }

    @Test func aStandbyThatStillStreamsIsAnAlarmAndNoDeath() {
        let found = verdicts((0...60).map { sighting($0, standby: .seen(follower)) })
        #expect(Set(found) == ["cut_off"])
    }

    @Test func anUnreachableStandbyIsAnAlarmAndNoDeath() {
        let found = verdicts((0...60).map { sighting($0, standby: .unreachable("no route")) })
        #expect(Set(found) == ["blind"])
    }

    /// An idle primary sends nothing until it is asked.
    @Test func silenceOverAStreamIsDeathOnlyWhenTheQuestionWasNotAnswered() {
        func silent(_ second: Int, asksAfter: Duration?) -> Sighting {
            var state = follower
            state.lastMessageAge = .seconds(second)
            state.asksAfter = asksAfter
            return sighting(second, standby: .seen(state))
        }
        #expect(verdicts((0...60).map { silent($0, asksAfter: .seconds(30)) }).firstIndex(of: "dead") == 46)
        #expect(!verdicts((0...600).map { silent($0, asksAfter: nil) }).contains("dead"))
    }

    @Test(arguments: [
        StandbyState(isInRecovery: false, system: "7", isStreaming: false, received: LSN(1)),
        StandbyState(system: "8", isStreaming: false, received: LSN(1)),
        StandbyState(system: "7", isStreaming: false),
    ])
    func aStandbyThatCannotTakeOverDoesNot(standby: StandbyState) {
        let rounds = [sighting(0, primary: .answered(living))] + (1...60).map { sighting($0, standby: .seen(standby)) }
        #expect(!verdicts(rounds).contains("dead"))
    }

    /// We were stopped for a while: nobody looked, so nobody was silent.
    @Test func aGapInLookingBeginsTheTimeAnew() {
        let found = verdicts([sighting(0), sighting(1), sighting(100), sighting(101), sighting(102)])
        #expect(!found.contains("dead"))
    }

    /// Slow rounds do not make a death of one lost answer.
    @Test func aDeathTakesSeveralRounds() {
        var detector = FailureDetector(.init(after: .seconds(3), gapMax: .seconds(60)))
        #expect(detector.looked(sighting(0)).name == "suspected")
        #expect(detector.looked(sighting(20)).name == "suspected")
        #expect(detector.looked(sighting(40)).name == "dead")
    }

    @Test(arguments: 1...300)
    func noDeathWhileThereIsLifeAndAlwaysOneWhenThereIsNone(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var detector = FailureDetector(configuration)
        var at = Duration.zero
        var lastLife = Duration.zero
        for _ in 0..<400 {
            at += .milliseconds(Int64.random(in: 200...3000, using: &random))
            let primary: PrimarySight =
                switch Int.random(in: 0..<16, using: &random) {
                case 0: .answered(living)
                case 1: .refused("53300")
                default: .silent("no answer")
                }
            let router = Int.random(in: 0..<16, using: &random) == 0
            let standby: StandbySight =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: .unreachable("no route")
                case 1: .seen(follower)
                default: .seen(orphan)
                }
            let isLife = primary.isAlive || router || standby == .seen(follower)
            if isLife { lastLife = at }
            let verdict = detector.looked(
                Sighting(at: at, primary: primary, routerHeardIt: router, standby: standby))
            if case .dead = verdict {
                #expect(at - lastLife >= configuration.after, "seed \(seed) at \(at): \(verdict)")
                #expect(standby == .seen(orphan), "seed \(seed) at \(at)")
            }
        }
        // All dead: within the time, some rounds and their lengths.
        let died = at
        var isDead = false
        while !isDead, at < died + .seconds(20) {
            at += .milliseconds(Int64.random(in: 200...3000, using: &random))
            let verdict = detector.looked(
                Sighting(at: at, primary: .silent("no answer"), routerHeardIt: false, standby: .seen(orphan)))
            if case .dead = verdict { isDead = true }
        }
        #expect(isDead, "seed \(seed): not dead \(at - died) after the last sign of life")
    }
}

@Suite struct SynchronousStandbysTests {
    @Test(arguments: [
        ("s1", true), ("S1", true), ("FIRST 1 (s1)", true), ("ANY 1 (s1)", true), ("2 (s1, s2)", true),
        ("ANY 2 (\"s1\", s2)", true), ("FIRST 1 (s1, s2)", false), ("s1, s2", false), ("ANY 1 (s1, s2)", false),
        ("*", false), ("ANY 1 (*)", false), ("s2", false),
    ])
    func saysWhetherNothingIsAcknowledgedWithoutIt(text: String, expected: Bool) {
        #expect(SynchronousStandbys(text)?.alwaysIncludes("s1") == expected)
    }

    @Test(arguments: ["", "  ", "FIRST x (s1)", "(s1)"])
    func saysNothingOfWhatItDoesNotUnderstand(text: String) {
        #expect(SynchronousStandbys(text) == nil)
    }

    @Test func readsTheNameOfAReceiver() {
        let plain = "user=foreshard dbname=replication host=127.0.0.1 port=5 fallback_application_name=walreceiver"
        #expect(ReceiverConnection.applicationName(in: plain) == "walreceiver")
        #expect(ReceiverConnection.applicationName(in: plain + " application_name='s1'") == "s1")
        #expect(ReceiverConnection.applicationName(in: "host=h") == nil)
    }
}

@Suite struct TakeoverRecordTests {
    @Test func theLossIsWhatThePrimaryWasSeenToHaveMore() {
        let known = TakeoverRecord.knownLoss
        #expect(known(LSN(100), LSN(60), false) == 40)
        #expect(known(LSN(60), LSN(100), false) == 0)
        #expect(known(LSN(100), LSN(60), true) == 0)
        #expect(known(nil, LSN(60), false) == nil)
    }
}
