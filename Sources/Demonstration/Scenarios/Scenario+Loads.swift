// Situations that come from the load alone.
import ClusterModel

extension Stage {
    /// A day that no real trace has, with a fortnight of history before it.
    fileprivate static let morning = Timestamp("2026-03-10T08:00:00Z") ?? Timestamp(seconds: 0)

    /// Minutes of real time at 60, where a move takes minutes of cluster time as in life; hours at 360.
    static func scenario(minutes: Int, acceleration: Double, endsAfterThePeak: Bool = false) -> Stage {
        Stage(
            start: morning, end: morning + .seconds(60 * minutes), historyStart: morning - .seconds(14 * 86_400),
            acceleration: acceleration, endsAfterThePeak: endsAfterThePeak)
    }

    func minute(_ minute: Int) -> Timestamp { start + .seconds(60 * minute) }
}

extension Scenario {
    static let flashCrowd: Scenario = {
        let stage = Stage.scenario(minutes: 60, acceleration: 60)
        return Scenario(
            name: "flash-crowd",
            summary: """
                Nobody announced it: within ten minutes the load is almost four times as high, and stays. What is measured \
                has to bring moves; at most half of the violation seconds without moves, and none of them late.
                """,
            stage: stage,
            demand: .everyday(0.33).rising(to: 1.2, from: stage.minute(10), until: stage.minute(20)),
            comparedWith: [.none],
            expectations: { runs in
                Check.violations(runs, atMost: 0.5, of: .none) + [
                    Check(
                        "violation seconds in the last 15 minutes", runs.tested.violations(from: stage.minute(45)),
                        atMost: 1),
                    Check("moves", runs.tested.report.moves, atLeast: 1),
                ]
            })
    }()

    static let drift: Scenario = {
        let stage = Stage.scenario(minutes: 300, acceleration: 360)
        let demand = Demand.everyday(0.4).rising(to: 1.25, from: stage.minute(30), until: stage.minute(240))
        return Scenario(
            name: "drift",
            summary: """
                Over hours the load grows to a quarter more than the busier home can serve. Segments have to move before \
                anybody notices: hardly a violation second.
                """,
            stage: stage, demand: demand, comparedWith: [.none],
            expectations: { runs in
                Check.violations(runs, atMost: 0.1, of: .none) + [
                    .order(
                        "the first change of owner comes before a home is full",
                        runs.tested.ownerChanges.first?.at, before: demand.first(above: 1, in: stage))
                ]
            })
    }()

    static let oscillation: Scenario = {
        let stage = Stage.scenario(minutes: 300, acceleration: 360)
        return Scenario(
            name: "oscillation",
            summary: """
                The load swings around the threshold every 40 minutes, which it never did before. Segments must not \
                follow it to and fro.
                """,
            stage: stage,
            demand: .everyday(0.5).swinging(
                around: 0.72, by: 0.2, period: .seconds(40 * 60), from: stage.start),
            expectations: { runs in
                let changes = runs.tested.ownerChanges
                return [
                    Check(
                        "changes of owner of one segment within an hour",
                        OwnerChange.most(of: changes, within: .seconds(3600)), atMost: 2),
                    Check(
                        "changes of owner in five hours, of \(stage.segments) segments", changes.count,
                        atMost: stage.segments),
                    Check("violation seconds", runs.tested.report.violationSeconds, atMost: 2),
                ]
            })
    }()

    static let eventThatNeverComes: Scenario = {
        let stage = Stage.scenario(minutes: 300, acceleration: 360, endsAfterThePeak: true)
        return Scenario(
            name: "event-that-never-comes",
            summary: """
                Somebody declared a campaign that multiplies the load by 2.5, and nothing happens. That may cost copies and a \
                few moves, but no visitor; in the end everything is home and every instance given back.
                """,
            stage: stage, demand: .everyday(0.4),
            events: [
                ScheduledEvent(
                    kind: "campaign", label: "Spring", start: stage.minute(90), end: stage.minute(150), uplift: 2.5)
            ],
            expectations: { runs in
                let atRest: Set<String> = ["warm", "active"]
                let unrest = runs.tested.looks.last?.states.filter {
                    $0.key.hasPrefix("contingent") && $0.value != "warm" || !atRest.contains($0.value)
                }
                return [
                    Check("violation seconds", runs.tested.report.violationSeconds, atMost: 1),
                    Check("changes of owner, to and fro", runs.tested.ownerChanges.count, atMost: 2 * stage.segments),
                    Check("segments away at the end", runs.tested.report.segmentsAwayAtEnd, atMost: 0),
                    Check("instances not given back at the end", unrest?.count ?? stage.contingents, atMost: 0),
                ]
            })
    }()

    static let eventThatComesEarly: Scenario = {
        let stage = Stage.scenario(minutes: 270, acceleration: 360)
        let start = stage.minute(150)
        let past = stride(from: 12, through: 2, by: -2).map { start - .seconds($0 * 86_400) }
        let length = Duration.seconds(90 * 60)
        let crowds =
            past.map { (start: $0, end: $0 + length) } + [(start: start - .seconds(50 * 60), end: start + length)]
        return Scenario(
            name: "event-that-comes-early",
            summary: """
                Six matches brought their crowd at the kick-off; today's crowd is there 50 minutes before it. Forecast or \
                measurement has to cope: at most half of the violation seconds without moves, and no more than the reactive \
                policy (two more, for chance).
                """,
            stage: stage,
            demand: .everyday(0.4).crowded(to: 1.2, in: crowds, ramp: .seconds(15 * 60)),
            events: (past + [start]).map {
                ScheduledEvent(kind: "match", label: "Match", start: $0, end: $0 + length)
            },
            comparedWith: [.none, .reactive],
            expectations: { runs in
                Check.violations(runs, atMost: 0.5, of: .none) + [
                    Check(
                        "violation seconds, against those of the reactive policy",
                        runs.tested.report.violationSeconds, atMost: runs.violations(.reactive) + 2)
                ]
            })
    }()
}
