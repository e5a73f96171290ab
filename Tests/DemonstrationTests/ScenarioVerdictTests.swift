// When a scenario passes: each check must be able to fail.
import ClusterModel
import Settings
import Testing

@testable import Demonstration

private func outcome(
    of scenario: Scenario, looks: [ReplayOutcome.Look] = [], diary: [DiaryEntry] = [],
    _ change: (inout PolicyReport) -> Void = { _ in }
) -> ReplayOutcome {
    var report = PolicyReport.sample(violationSeconds: 0, moves: 2)
    change(&report)
    return ReplayOutcome(stage: scenario.stage, report: report, looks: looks, diary: diary)
}

private func failed(_ scenario: Scenario, _ tested: ReplayOutcome, without: Int = 30, reactive: Int = 10) -> [String] {
    let none = outcome(of: scenario) { $0.violationSeconds = without }
    let measured = outcome(of: scenario) { $0.violationSeconds = reactive }
    return scenario.checks(ScenarioRuns(tested: tested, compared: [.none: none, .reactive: measured]))
        .filter { !$0.holds }.map(\.name)
}

private func look(_ scenario: Scenario, minute: Int, owner: String = "home-1", state: String = "warm")
    -> ReplayOutcome.Look
{
    .init(
        at: scenario.stage.minute(minute), owners: ["shop-1": owner, "shop-2": "home-2"],
        states: ["home-1": "active", "contingent-1": state])
}

@Suite struct ScenarioVerdictTests {
    @Test func whatIsAskedOfEveryReplay() {
        let scenario = Scenario.eventThatNeverComes
        let looks = [look(scenario, minute: 0)]
        #expect(failed(scenario, outcome(of: scenario, looks: looks)).isEmpty)
        #expect(
            failed(scenario, outcome(of: scenario, looks: looks) { $0.failedStatements = 1 }) == ["failed statements"])
        #expect(
            failed(scenario, outcome(of: scenario, looks: looks) { $0.ledgerLost = 1 }) == ["rows lost, in all replays"]
        )
        #expect(
            failed(scenario, outcome(of: scenario, looks: looks) { $0.ledgerDuplicated = 1 })
                == ["rows there twice, in all replays"])
        let wrong = DiaryEntry(kind: .failed, at: scenario.stage.start, subject: "no server runs")
        #expect(
            failed(scenario, outcome(of: scenario, looks: looks, diary: [wrong]))
                == ["the intervention was carried out"])
    }

    @Test func anEventThatNeverComesCostsNobodyAnything() {
        let scenario = Scenario.eventThatNeverComes
        let lent = [look(scenario, minute: 0), look(scenario, minute: 299, state: "reserved")]
        #expect(failed(scenario, outcome(of: scenario, looks: lent)) == ["instances not given back at the end"])
        #expect(
            failed(scenario, outcome(of: scenario, looks: [look(scenario, minute: 0)]) { $0.segmentsAwayAtEnd = 1 })
                == ["segments away at the end"])
    }

    @Test func savingNeedsSomethingToSave() {
        let scenario = Scenario.eventThatComesEarly
        #expect(failed(scenario, outcome(of: scenario)).isEmpty)
        #expect(failed(scenario, outcome(of: scenario), without: 3).count == 1)
        #expect(failed(scenario, outcome(of: scenario) { $0.violationSeconds = 16 }, reactive: 20).count == 1)
        #expect(failed(scenario, outcome(of: scenario) { $0.violationSeconds = 13 }, reactive: 10).count == 1)
    }

    @Test func driftHasToBeMetBeforeTheHomesAreFull() {
        let scenario = Scenario.drift
        func moving(at minute: Int) -> [ReplayOutcome.Look] {
            [look(scenario, minute: 0), look(scenario, minute: minute, owner: "contingent-1")]
        }
        #expect(failed(scenario, outcome(of: scenario, looks: moving(at: 120))).isEmpty)
        #expect(failed(scenario, outcome(of: scenario, looks: moving(at: 230))).count == 1)
        #expect(failed(scenario, outcome(of: scenario)).count == 1)
    }

    @Test func toAndFroIsCountedWithinAnHour() {
        let scenario = Scenario.oscillation
        let owners = ["home-1", "contingent-1", "home-1", "contingent-1"]
        func looks(every minutes: Int) -> [ReplayOutcome.Look] {
            owners.enumerated().map { look(scenario, minute: $0.offset * minutes, owner: $0.element) }
        }
        #expect(failed(scenario, outcome(of: scenario, looks: looks(every: 60))).isEmpty)
        #expect(failed(scenario, outcome(of: scenario, looks: looks(every: 20))).count == 1)
        let changes = OwnerChange.all(in: looks(every: 20))
        #expect(changes.map(\.to) == ["contingent-1", "home-1", "contingent-1"])
        #expect(OwnerChange.most(of: changes, within: .seconds(3600)) == 3)
        #expect(OwnerChange.most(of: [], within: .seconds(3600)) == 0)
    }

    @Test func somebodyWhoIsDeadGetsNothingAndAnotherDoes() {
        let scenario = Scenario.contingentDead
        #expect(failed(scenario, outcome(of: scenario)).count == 3)
    }

    @Test func aLeaseEndsInOrder() {
        let scenario = Scenario.leaseHeld
        #expect(failed(scenario, outcome(of: scenario)).count >= 5)
    }

    @Test func readsALeasesAddress() throws {
        let endpoint = try Lessee.endpoint("postgresql://lease_a_1:secret@127.0.0.1:5433/lease_a_1")
        #expect(endpoint.port == 5433 && endpoint.user == "lease_a_1" && endpoint.database == "lease_a_1")
        #expect(throws: DemonstrationError.self) { try Lessee.endpoint("postgresql://127.0.0.1/x") }
    }
}
