// When the demonstration passes, and what it says when it does not.
import Testing

@testable import Demonstration

@Suite struct ShortfallTests {
    private func shortfalls(
        endsAfterThePeak: Bool = true, _ change: (inout DemonstrationReport.Policies) -> Void
    ) -> [String] {
        var policies = DemonstrationReport.Policies.passing
        change(&policies)
        return DemonstrationReport.shortfalls(of: policies, endsAfterThePeak: endsAfterThePeak)
    }

    @Test func passesWhenAllHolds() {
        #expect(shortfalls { _ in }.isEmpty)
    }

    @Test func savesAtLeast72Percent() {
        #expect(shortfalls { $0.predictive.violationSeconds = 8 }.count == 1)
        #expect(shortfalls { $0.predictive.violationSeconds = 25 }.count == 1)
        #expect(shortfalls { $0.predictive.violationSeconds = 40 }.count == 1)
        #expect(shortfalls { $0.predictive.violationSeconds = 0 }.isEmpty)
    }

    @Test func nothingCanBeSavedWhereNothingIsViolated() {
        let found = shortfalls {
            $0.reactive.violationSeconds = 0
            $0.predictive.violationSeconds = 0
        }
        #expect(found == ["reactive: no violations, so nothing could be saved"])
    }

    static let faults: [(String, @Sendable (inout PolicyReport) -> Void)] = [
        ("3 statements failed", { $0.failedStatements = 3 }),
        ("3 acknowledged rows are lost", { $0.ledgerLost = 3 }),
        ("3 rows are there twice", { $0.ledgerDuplicated = 3 }),
        ("no row was written", { $0.ledgerRowsWritten = 0 }),
    ]

    @Test(arguments: faults.indices)
    func aFaultUnderAnyPolicyIsAShortfall(index: Int) {
        let (text, fault) = Self.faults[index]
        #expect(shortfalls { fault(&$0.none) } == ["none: \(text)"])
        #expect(shortfalls { fault(&$0.reactive) } == ["reactive: \(text)"])
        #expect(shortfalls { fault(&$0.predictive) } == ["predictive: \(text)"])
    }

    @Test func predictionHasToMove() {
        #expect(shortfalls { $0.predictive.moves = 0 } == ["predictive: nothing was moved"])
    }

    @Test func segmentsAreHomeAfterThePeakOnly() {
        let away: (inout DemonstrationReport.Policies) -> Void = { $0.predictive.segmentsAwayAtEnd = 2 }
        #expect(shortfalls(away) == ["predictive: 2 segments were not taken home"])
        #expect(shortfalls(endsAfterThePeak: false, away).isEmpty)
    }
}
