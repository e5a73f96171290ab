import Testing
import Workload

@testable import Demonstration

@Suite struct LedgerVerdictTests {
    @Test func writtenAndFilledRowsCountTogether() {
        let verdict = LedgerCheck.Verdict(
            written: .init(checked: 5, lost: 1, duplicated: 0), filled: .init(checked: 100, lost: 10, duplicated: 2))
        #expect(verdict.all == .init(checked: 105, lost: 11, duplicated: 2))
    }

    @Test func losingAMovedSegmentsRowsIsSeen() {
        let verdict = FilledRows(present: 500, found: 500).verdict(of: 520)
        #expect(verdict.lost == 20)
        #expect(verdict.duplicated == 0)
    }
}
