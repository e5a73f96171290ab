import ClusterModel
import Foundation
import Planning
import Simulation
import Testing

/// The seeds of every property: `FORESHARD_SEEDS` of them, from `FORESHARD_FIRST_SEED` on. A failure names its seed.
enum Seeds {
    static let all: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["FORESHARD_FIRST_SEED"].flatMap(UInt64.init) ?? 1
        let count = environment["FORESHARD_SEEDS"].flatMap(UInt64.init) ?? 4
        return Array(first..<first + count)
    }()
}

/// Runs a scenario and checks what must hold in every one of them.
func run(_ scenario: Scenario, _ location: SourceLocation = #_sourceLocation) -> SimulatedRun {
    let run = SimulatedRun(scenario)
    let outcome = run.outcome
    #expect(outcome.brokenInvariants.isEmpty, "seed \(scenario.seed)", sourceLocation: location)
    #expect(outcome.segmentsAway == 0, "seed \(scenario.seed): not all came home", sourceLocation: location)
    #expect(outcome.contingentsLeased == 0, "seed \(scenario.seed): not all given back", sourceLocation: location)
    #expect(outcome.movesUnfinished == 0, "seed \(scenario.seed): moves left over", sourceLocation: location)
    return run
}
