// What must hold of an instance that is called back from somebody: the order of things.
import ClusterModel

struct LeaseChecks {
    let runs: ScenarioRuns
    let peak: Timestamp
    let notice: Duration

    /// The pool looks at its leases about ten times in a real second; at 360 times as fast that is half a minute.
    private static let slack = Duration.seconds(10 * 60)

    var all: [Check] {
        let tested = runs.tested
        let lent = tested.entry(.lent)
        let instance = lent?.subject
        let from = lent?.at ?? tested.stage.start
        let called = tested.firstLook(at: instance, in: ["revoking", "ending"], from: from)
        let deadline = called.map { $0 + notice }
        let lastWrite = tested.entry(.lesseeLastWrote)?.at
        let used = tested.ownerChanges.first { $0.to == instance }?.at
        let audit = tested.sentence("lease", containing: "is called back from its lessee")
        return [
            .order("lent, then called back", lent?.at, before: called),
            Check(
                "the recall in the audit", found: audit.map { "\($0.at): \($0.sentence)" } ?? "none",
                holds: audit != nil),
            .order(
                "the lessee's last write comes before its deadline", lastWrite, before: deadline.map { $0 + Self.slack }
            ),
            .order(
                "emptied after the deadline", deadline.map { $0 - .seconds(120) },
                before: tested.firstLook(
                    at: instance, in: ["wiping", "warming", "warm", "reserved"], from: called ?? from)),
            .order("it owns a segment before the peak is there", used, before: peak),
        ] + Check.violations(runs, atMost: 0.1, of: .none)
    }
}
