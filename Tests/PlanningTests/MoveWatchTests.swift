import ClusterModel
import Planning
import Testing

struct MoveWatchTests {
    static let start = Timestamp("2026-03-01T12:00:00Z") ?? Timestamp(seconds: 0)

    /// A watch with ten samples before the cut-over: 20 ms for both cohorts, half a percent of noise.
    static func baseline(objective: Double? = nil, errors: Int = 0) -> MoveWatch {
        var configuration = MoveWatch.Configuration()
        configuration.objectiveSeconds = objective
        var watch = MoveWatch(configuration: configuration)
        for index in 0..<10 {
            _ = watch.sampled(sample(minute: index - 10, moved: 0.02, unmoved: 0.02, errors: errors))
        }
        return watch
    }

    static func sample(
        minute: Int,
        moved: Double?,
        unmoved: Double?,
        errors: Int = 0,
        unmovedErrors: Int = 0,
        statements: Int = 500
    ) -> WatchSample {
        let wobble = minute % 2 == 0 ? 1.005 : 0.995
        return WatchSample(
            at: start + .seconds(60 * minute),
            moved: CohortSample(statements: statements, errors: errors, p99Seconds: moved.map { $0 * wobble }),
            unmoved: CohortSample(statements: statements, errors: unmovedErrors, p99Seconds: unmoved)
        )
    }

    /// The verdict and its minute, with the same sample every minute after the cut-over.
    static func judge(
        _ watch: MoveWatch,
        moved: Double?,
        unmoved: Double?,
        errors: Int = 0,
        unmovedErrors: Int = 0,
        statements: Int = 500
    ) -> (verdict: String, minute: Int, evidence: WatchEvidence?) {
        var watch = watch
        watch.cutOverCompleted(at: start)
        for minute in 1...60 {
            let verdict = watch.sampled(
                sample(
                    minute: minute,
                    moved: moved,
                    unmoved: unmoved,
                    errors: errors,
                    unmovedErrors: unmovedErrors,
                    statements: statements
                )
            )
            switch verdict {
            case .waiting: continue
            case .keep(let evidence): return ("keep \(evidence.reason)", minute, evidence)
            case .revert(let evidence): return ("revert \(evidence.reason)", minute, evidence)
            }
        }
        return ("waiting", 60, nil)
    }

    struct Case: Sendable {
        let what: String
        let moved: Double?
        let unmoved: Double?
        var errors = 0
        var unmovedErrors = 0
        var objective: Double?
        let verdict: String
        let minute: Int
    }

    static let cases = [
        Case(what: "nothing changed", moved: 0.02, unmoved: 0.02, verdict: "keep harmless", minute: 5),
        Case(what: "twice as slow", moved: 0.04, unmoved: 0.02, verdict: "revert latency", minute: 5),
        Case(what: "all twice as slow: the peak", moved: 0.04, unmoved: 0.04, verdict: "keep harmless", minute: 5),
        Case(what: "the control was relieved", moved: 0.02, unmoved: 0.005, verdict: "keep deadline", minute: 15),
        Case(
            what: "slower, but within the objective",
            moved: 0.04,
            unmoved: 0.02,
            objective: 0.05,
            verdict: "keep harmless",
            minute: 5
        ),
        Case(
            what: "slower, over the objective",
            moved: 0.06,
            unmoved: 0.02,
            objective: 0.05,
            verdict: "revert latency",
            minute: 5
        ),
        Case(what: "a tenth slower is tolerated", moved: 0.022, unmoved: 0.02, verdict: "keep harmless", minute: 5),
        Case(what: "errors", moved: 0.02, unmoved: 0.02, errors: 50, verdict: "revert errors", minute: 1),
        Case(
            what: "errors everywhere",
            moved: 0.02,
            unmoved: 0.02,
            errors: 50,
            unmovedErrors: 50,
            verdict: "keep harmless",
            minute: 5
        ),
        Case(what: "a single error", moved: 0.02, unmoved: 0.02, errors: 1, verdict: "keep harmless", minute: 5),
        Case(what: "silence", moved: nil, unmoved: nil, verdict: "keep deadline", minute: 15),
        Case(
            what: "no control, slower, over the objective",
            moved: 0.06,
            unmoved: nil,
            objective: 0.05,
            verdict: "revert latency",
            minute: 5
        ),
        Case(
            what: "no control, slower, within the objective",
            moved: 0.04,
            unmoved: nil,
            objective: 0.05,
            verdict: "keep harmless",
            minute: 5
        ),
        Case(
            what: "no control, over the objective as before",
            moved: 0.022,
            unmoved: nil,
            objective: 0.01,
            verdict: "keep harmless",
            minute: 5
        ),
        Case(
            what: "no control and no objective: it may be the peak",
            moved: 0.04,
            unmoved: nil,
            verdict: "keep deadline",
            minute: 15
        ),
        Case(what: "no control, as before", moved: 0.02, unmoved: nil, verdict: "keep harmless", minute: 5),
        Case(what: "no control, errors", moved: 0.02, unmoved: nil, errors: 50, verdict: "revert errors", minute: 1),
    ]

    @Test(arguments: cases) func decides(_ given: Case) {
        let result = Self.judge(
            Self.baseline(objective: given.objective),
            moved: given.moved,
            unmoved: given.unmoved,
            errors: given.errors,
            unmovedErrors: given.unmovedErrors
        )
        #expect(result.verdict == given.verdict, "\(given.what)")
        #expect(result.minute == given.minute, "\(given.what)")
    }

    @Test func aNewSegmentIsJudgedByTheObjectiveAlone() {
        var configuration = MoveWatch.Configuration()
        configuration.objectiveSeconds = 0.05
        let fresh = MoveWatch(configuration: configuration)
        #expect(Self.judge(fresh, moved: 0.1, unmoved: 0.02).verdict == "revert latency")
        #expect(Self.judge(fresh, moved: 0.1, unmoved: 0.1).verdict == "keep deadline", "the control misses it too")
        #expect(Self.judge(fresh, moved: 0.03, unmoved: 0.02).verdict == "keep harmless")
    }

    /// One home and one contingent instance: nobody is unmoved, neither before nor after.
    @Test func withoutAnyControlTheSegmentsOwnChangeDecides() throws {
        var configuration = MoveWatch.Configuration()
        configuration.objectiveSeconds = 0.05
        var alone = MoveWatch(configuration: configuration)
        for minute in -10..<0 { _ = alone.sampled(Self.sample(minute: minute, moved: 0.02, unmoved: nil)) }
        let slow = Self.judge(alone, moved: 0.2, unmoved: nil)
        #expect(slow.verdict == "revert latency" && slow.minute == 5)
        #expect(try #require(slow.evidence).sentence.contains("no unmoved segments to compare with"))
        #expect(Self.judge(alone, moved: 0.02, unmoved: nil).verdict == "keep harmless")
        #expect(
            Self.judge(alone, moved: 0.2, unmoved: 0.2).verdict == "keep deadline",
            "a control that comes late and misses the objective too"
        )
        #expect(Self.judge(alone, moved: nil, unmoved: nil).verdict == "keep deadline", "no evidence")
        let fresh = MoveWatch(configuration: configuration)
        #expect(Self.judge(fresh, moved: 0.2, unmoved: nil).verdict == "keep deadline", "was it ever faster?")
    }

    @Test func fewStatementsProveNoErrors() {
        let quiet = Self.judge(Self.baseline(), moved: nil, unmoved: nil, errors: 1, statements: 2)
        #expect(quiet.verdict == "keep deadline")
    }

    @Test func evidenceHoldsTheNumbers() throws {
        let evidence = try #require(Self.judge(Self.baseline(), moved: 0.04, unmoved: 0.02).evidence)
        #expect(evidence.samplesBefore == 10 && evidence.samplesAfter == 5)
        let effect = try #require(evidence.effect)
        #expect(abs(effect - 2) < 0.05)
        #expect(evidence.sentence.contains("p99 20.0") && evidence.sentence.contains("after, "))
    }

    // MARK: State x event

    enum Stage: CaseIterable { case baseline, probation, decided }
    enum Event: CaseIterable { case goodSample, lateSample, cutOver, time }

    static let transitions: [Stage: [Event: Stage]] = [
        .baseline: [.goodSample: .baseline, .lateSample: .baseline, .cutOver: .probation, .time: .baseline],
        .probation: [.goodSample: .probation, .lateSample: .probation, .cutOver: .probation, .time: .decided],
        .decided: [.goodSample: .decided, .lateSample: .decided, .cutOver: .decided, .time: .decided],
    ]

    @Test(arguments: Stage.allCases, Event.allCases) func everyEventHasItsPlace(stage: Stage, event: Event) throws {
        let expected = try #require(Self.transitions[stage]?[event], "\(stage) x \(event) is not in the table")
        var watch = Self.baseline()
        if stage != .baseline { watch.cutOverCompleted(at: Self.start) }
        if stage == .decided { _ = watch.timePassed(to: Self.start + .seconds(3600)) }
        let before = watch.verdict
        switch event {
        case .goodSample: _ = watch.sampled(Self.sample(minute: 1, moved: 0.02, unmoved: 0.02))
        case .lateSample: _ = watch.sampled(Self.sample(minute: -1, moved: 9, unmoved: 0.02, errors: 500))
        case .cutOver: watch.cutOverCompleted(at: Self.start + .seconds(60))
        case .time: _ = watch.timePassed(to: Self.start + .seconds(1800))
        }
        let after: Stage =
            switch watch.state {
            case .baseline: .baseline
            case .probation(let since):
                since == Self.start || stage == .baseline ? .probation : .decided
            case .decided: .decided
            }
        #expect(after == expected, "\(stage) x \(event)")
        if stage == .decided { #expect(watch.verdict == before, "a decision is final") }
    }
}
