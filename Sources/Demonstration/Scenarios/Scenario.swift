// A situation that a team is afraid of, as a value: the load, what happens meanwhile, and what must hold afterwards.
import ClusterModel
import Settings

package struct Scenario: Sendable {
    package let name: String
    /// What happens and what must hold, for people.
    package let summary: String
    let stage: Stage
    let demand: Demand
    var events: [ScheduledEvent] = []
    /// Contingent instances that are lent to others.
    var lentMax = 0
    /// Policies of the same replay that the tested one is compared with.
    var comparedWith: [ControllerPolicy] = []
    var intervention: Intervention?
    let expectations: @Sendable (ScenarioRuns) -> [Check]

    package static let all: [Scenario] = [
        .flashCrowd, .drift, .oscillation, .eventThatNeverComes, .eventThatComesEarly, .degradingInstance,
        .contingentDead, .leaseRecalled, .leaseHeld,
    ]

    /// - Throws: `DemonstrationError`, with the names that there are.
    package static func named(_ name: String) throws(DemonstrationError) -> [Scenario] {
        if name == "all" { return all }
        guard let scenario = all.first(where: { $0.name == name }) else {
            throw DemonstrationError(
                "there is no scenario `\(name)`. There are: \(all.map(\.name).joined(separator: ", ")); or `all`, or `list`"
            )
        }
        return [scenario]
    }

    /// What was asked of this scenario in particular, and what is asked of each.
    func checks(_ runs: ScenarioRuns) -> [Check] { expectations(runs) + Check.ofEveryReplay(runs) }
}

/// The replays of one scenario.
struct ScenarioRuns: Sendable {
    let tested: ReplayOutcome
    var compared: [ControllerPolicy: ReplayOutcome] = [:]

    /// Of a replay that it is compared with; 0 where there is none.
    func violations(_ policy: ControllerPolicy) -> Int { compared[policy]?.report.violationSeconds ?? 0 }
}

/// One thing that had to hold, and what was found.
package struct Check: Hashable, Sendable, Codable {
    package let name: String
    package let found: String
    package let holds: Bool

    init(_ name: String, found: String, holds: Bool) {
        self.name = name
        self.found = found
        self.holds = holds
    }

    init(_ name: String, _ count: Int, atMost limit: Int) {
        self.init(name, found: "\(count), at most \(limit)", holds: count <= limit)
    }

    init(_ name: String, _ count: Int, atLeast limit: Int) {
        self.init(name, found: "\(count), at least \(limit)", holds: count >= limit)
    }

    /// - Parameter share: of what the replay without moves had.
    static func violations(_ runs: ScenarioRuns, atMost share: Double, of other: ControllerPolicy) -> [Check] {
        let (found, without) = (runs.tested.report.violationSeconds, runs.violations(other))
        let limit = Int(Double(without) * share)
        return [
            Check(
                "violation seconds with policy \(other.rawValue), so that there is something to save", without,
                atLeast: 5),
            Check("violation seconds, against \(without) with policy \(other.rawValue)", found, atMost: limit),
        ]
    }

    /// One event came before another.
    static func order(_ name: String, _ first: Timestamp?, before second: Timestamp?) -> Check {
        let (a, b) = (first.map(clock) ?? "never", second.map(clock) ?? "never")
        let holds = if let first, let second { first <= second } else { false }
        return Check(name, found: "\(a), by \(b)", holds: holds)
    }

    static func ofEveryReplay(_ runs: ScenarioRuns) -> [Check] {
        let report = runs.tested.report
        let others = runs.compared.values.map(\.report)
        return [
            Check("failed statements", report.failedStatements, atMost: 0),
            Check("rows written by clients", report.ledgerRowsWritten, atLeast: 1),
            Check("rows lost, in all replays", (others + [report]).reduce(0) { $0 + $1.ledgerLost }, atMost: 0),
            Check(
                "rows there twice, in all replays", (others + [report]).reduce(0) { $0 + $1.ledgerDuplicated },
                atMost: 0),
        ]
            + runs.tested.diary.filter { $0.kind == .failed }.map {
                Check("the intervention was carried out", found: $0.subject, holds: false)
            }
    }

    static func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(8)) }
}
