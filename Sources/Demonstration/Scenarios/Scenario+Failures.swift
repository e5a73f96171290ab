// Situations in which something besides the load goes wrong, or somebody else has what is needed.
import ClusterModel

extension Scenario {
    static let degradingInstance: Scenario = {
        let stage = Stage.scenario(minutes: 60, acceleration: 60)
        return Scenario(
            name: "degrading-instance",
            summary: """
                As soon as a contingent instance owns a segment, something takes its processors away: its processes stand \
                still for 0.65 s of each second. The move has to be undone with the reason in the audit, the segment rests, and \
                visitors are served as before.
                """,
            stage: stage,
            demand: .everyday(0.5).rising(to: 0.88, from: stage.minute(8), until: stage.minute(14)),
            intervention: { replay in
                let slowed = try await replay.first { await replay.contingentThatOwns() }
                replay.note(.slowed, slowed)
                try await replay.processes(of: slowed).stall(.milliseconds(650), ofEach: .seconds(1))
            },
            expectations: { runs in
                let slowed = runs.tested.entry(.slowed)
                let changes = runs.tested.ownerChanges
                let reverts = changes.filter { $0.from == slowed?.subject && $0.to.hasPrefix("home") }
                let again = reverts.flatMap { revert in
                    changes.filter { $0.segment == revert.segment && $0.at > revert.at }
                }
                let reason = runs.tested.sentence("plan", containing: "became slower")
                return [
                    Check(
                        "the reason of the revert in the audit", found: reason?.sentence ?? "none", holds: reason != nil
                    ),
                    Check("segments that came back from the slow instance", reverts.count, atLeast: 1),
                    Check("changes of owner of these later on", again.count, atMost: 0),
                    Check(
                        "violation seconds in the last 10 minutes", runs.tested.violations(from: stage.minute(50)),
                        atMost: 1),
                ]
            })
    }()

    static let contingentDead: Scenario = {
        let stage = Stage.scenario(minutes: 60, acceleration: 60)
        return Scenario(
            name: "contingent-dead",
            summary: """
                When the first copy is ready, its server is killed with signal 9. No visitor may see an error, the homes \
                have to be relieved all the same, by another instance or by this one once the pool has started it again, \
                and nothing may be lost.
                """,
            stage: stage,
            demand: .everyday(0.5).rising(to: 0.95, from: stage.minute(8), until: stage.minute(14)),
            intervention: { replay in
                let target = try await replay.first {
                    await replay.assembly.coordinator.moveViews()
                        .first { $0.state == "ready" && $0.target.hasPrefix("contingent") }?.target
                }
                try replay.processes(of: target).kill()
                replay.note(.killed, target)
            },
            expectations: { runs in
                let killed = runs.tested.entry(.killed)
                let changes = runs.tested.ownerChanges
                let relief = changes.filter { change in
                    change.to.hasPrefix("contingent") && killed.map { change.at > $0.at } ?? false
                }
                let failure = runs.tested.sentence("move", containing: "failed")
                return [
                    Check(
                        "the server was killed",
                        found: killed.map { "\($0.subject) at \(Check.clock($0.at))" } ?? "never", holds: killed != nil),
                    Check("segments that left the homes all the same", Set(relief.map(\.segment)).count, atLeast: 1),
                    Check("the audit tells of it", found: failure?.sentence ?? "no", holds: failure != nil),
                    Check(
                        "violation seconds in the last 10 minutes", runs.tested.violations(from: stage.minute(50)),
                        atMost: 1),
                ]
            })
    }()

    static let leaseRecalled = leased(
        "lease-recalled", leavesWhenTold: true,
        summary: """
            One of two contingent instances is lent to somebody else (the pool never lends the last) when a peak comes, as \
            every day, that needs both. It has to be called back in time: its notice of five minutes is part of the lead.
            """)

    static let leaseHeld = leased(
        "lease-held", leavesWhenTold: false,
        summary: """
            The same, but whoever has the instance does not go: it writes on. It has to be cut off at the deadline, and \
            the instance emptied and used.
            """)

    private static func leased(_ name: String, leavesWhenTold: Bool, summary: String) -> Scenario {
        var stage = Stage.scenario(minutes: 240, acceleration: 360)
        stage.contingentConnections = 4
        let peak = stage.minute(150)
        let days = (0...14).map { peak - .seconds($0 * 86_400) }
        let demand = Demand.everyday(0.4).crowded(
            to: 1.6, in: days.map { (start: $0, end: $0 + .seconds(120 * 60)) }, ramp: .seconds(40 * 60))
        let lessee = Lessee(leavesWhenTold: leavesWhenTold, notice: .seconds(300))
        return Scenario(
            name: name, summary: summary, stage: stage, demand: demand, lentMax: 1, comparedWith: [.none],
            intervention: { try await lessee.stay(in: $0) },
            expectations: { runs in LeaseChecks(runs: runs, peak: peak, notice: lessee.notice).all })
    }
}

extension RunningReplay {
    func contingentThatOwns() async -> String? {
        await assembly.coordinator.segments().first { $0.location.hasPrefix("contingent") }?.location
    }
}
