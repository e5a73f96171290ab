import Testing

@testable import Migration

@Suite struct MoveStateMachineTests {
    private func on(_ state: MoveState, _ event: MoveEvent) -> MoveDecision { MoveStateMachine(state).on(event) }

    @Test("A move that meets no trouble")
    func plainSailing() {
        #expect(on(.planned, .started) == .work)
        #expect(on(.planned, .stepsDone) == .advance(to: .prechecked))
        #expect(on(.prechecked, .stepsDone) == .advance(to: .prepared))
        #expect(on(.prepared, .stepsDone) == .advance(to: .streaming))
        #expect(on(.streaming, .stepsDone) == .advance(to: .copied))
        #expect(on(.copied, .stepsDone) == .advance(to: .ready))
        #expect(on(.ready, .cutOverRequested) == .advance(to: .fenced))
        #expect(on(.fenced, .stepsDone) == .decide(to: .switchDecided))
        #expect(on(.switchDecided, .stepsDone) == .advance(to: .probation))
        #expect(on(.probation, .finalizeRequested) == .advance(to: .finalizing))
        #expect(on(.finalizing, .stepsDone) == .advance(to: .retained))
        #expect(on(.retained, .cleanRequested) == .advance(to: .cleaning))
        #expect(on(.cleaning, .stepsDone) == .advance(to: .finished))
    }

    @Test("A revert leads back to ready, from where the move may go again or be undone")
    func revert() {
        #expect(on(.probation, .revertRequested) == .advance(to: .revertFenced))
        #expect(on(.revertFenced, .stepsDone) == .decide(to: .revertDecided))
        #expect(on(.revertDecided, .stepsDone) == .advance(to: .ready))
        #expect(on(.ready, .abortRequested) == .advance(to: .aborting))
        #expect(on(.aborting, .stepsDone) == .advance(to: .aborted))
    }

    @Test("A failure before the decision goes back, after it on")
    func failure() {
        #expect(on(.fenced, .stepFailed) == .undo(to: .ready))
        #expect(on(.switchDecided, .stepFailed) == .work)
        #expect(on(.revertFenced, .stepFailed) == .undo(to: .probation))
        #expect(on(.revertDecided, .stepFailed) == .work)
        #expect(on(.copied, .stepFailed) == .advance(to: .aborting))
        #expect(on(.aborting, .stepFailed) == .work)
    }

    @Test("A successor keeps what lasts, and undoes what died with the predecessor's memory")
    func succession() {
        #expect(on(.streaming, .resumed) == .advance(to: .aborting), "the snapshot is gone")
        #expect(on(.copied, .resumed) == .work, "the slot remembers the rest")
        #expect(on(.ready, .resumed) == .rest)
        #expect(on(.probation, .resumed) == .rest)
        #expect(on(.retained, .resumed) == .rest)
    }

    @Test("Ownership changes by a decision only, and every decision changes it", arguments: MoveState.allCases)
    func ownership(state: MoveState) {
        for event in MoveEvent.allCases {
            switch on(state, event) {
            case .advance(let next), .undo(let next): #expect(next.owner == state.owner, "\(state) \(event)")
            case .decide(let next): #expect(next.owner != state.owner, "\(state) \(event)")
            case .work: #expect(!state.isResting, "\(state) \(event)")
            case .rest: #expect(state.isResting, "\(state) \(event)")
            case .refuse: break
            }
        }
    }

    @Test("From every state, whatever fails, the move comes to rest")
    func termination() {
        for start in MoveState.allCases where !start.isResting {
            var state = start
            var steps = 0
            while !state.isResting, steps < 10 {
                steps += 1
                let doubt = MoveStateMachine(state).on(.stepFailed)
                switch doubt == .work ? MoveStateMachine(state).on(.stepsDone) : doubt {
                case .advance(let next), .undo(let next), .decide(let next): state = next
                case .work, .rest, .refuse: Issue.record("\(state) does not go on")
                }
            }
            #expect(state.isResting, "from \(start)")
        }
    }

    @Test("Every state and every event have an answer that somebody read")
    func table() throws {
        let lines = MoveState.allCases.flatMap { state in
            MoveEvent.allCases.map { event in "\(state.rawValue) + \(event.rawValue): \(text(on(state, event)))" }
        }
        #expect(lines.count == MoveState.allCases.count * MoveEvent.allCases.count)
        try expectGolden("state-event-table.txt", lines.joined(separator: "\n") + "\n")
    }

    private func text(_ decision: MoveDecision) -> String {
        switch decision {
        case .advance(let next): "advance to \(next.rawValue)"
        case .decide(let next): "decide, to \(next.rawValue)"
        case .undo(let next): "undo, to \(next.rawValue)"
        case .work: "work"
        case .rest: "rest"
        case .refuse(let refusal): "refuse: \(refusal.rawValue)"
        }
    }

    @Test("Crash points have names, two for each step that changes the world")
    func crashPoints() {
        #expect(CrashPoint("before-fence") == .before(.fence))
        #expect(CrashPoint("after-own") == .after(.own))
        #expect(CrashPoint("before-verify") == nil, "verifying changes nothing")
        #expect(CrashPoint("during-own") == nil)
        #expect(CrashPoint.all.allSatisfy { CrashPoint($0.description) == $0 })
        #expect(CrashPoint.all.count == 2 * MoveStep.allCases.filter(\.changesTheWorld).count)
    }
}
