import ClusterModel
import Testing

@testable import Demonstration

@Suite struct SimulatedReplayTests {
    private func replay() throws -> SimulatedReplay {
        let trace = try ReplayedTrace()
        let day = try ReplayedDay(
            ReplayedDay.standard, isQuick: true, traceStart: trace.requests.start, traceEnd: trace.requests.end)
        let stage = Stage(day: day)
        let layout = ShopLayout(stage)
        return SimulatedReplay(
            stage, load: try trace.load(stage, shares: layout.shares), layout: layout, preparation: .seconds(15 * 60))
    }

    /// Without moves the homes are full for some seconds of the first match; the real run had 10 and 11 (docs/results).
    @Test func theDayWithoutMovesOverfillsTheHomes() async throws {
        let figures = try await replay().run(.none)
        #expect((5...20).contains(figures.violationSeconds), "\(figures)")
        #expect(figures.moves == 0)
        #expect(abs(figures.instanceHours - 6.5) < 1e-6)
        #expect(figures.brokenInvariants.isEmpty)
    }

    @Test func reactingMovesSegmentsAndIsTheSameEachTime() async throws {
        let (first, second) = (try await replay().run(.reactive), try await replay().run(.reactive))
        #expect(first.moves > 0 && first.instanceHours > 6.5)
        #expect(first.brokenInvariants.isEmpty)
        #expect(first.moves == second.moves && first.violationSeconds == second.violationSeconds)
    }
}
