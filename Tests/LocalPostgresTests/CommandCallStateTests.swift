import Testing

@testable import LocalPostgres

@Suite struct CommandCallStateTests {
    @Test func aProgramThatEndsByItselfIsReaped() {
        var call = CommandCallState()
        #expect(call.programEnded() == .finish(nil))
        #expect(call.givenUp(.cancelled) == .nothing)
        #expect(call.graceEnded() == .nothing)
    }

    /// Somebody in the background may hold it for ever.
    @Test func itsOutputNeedNotBeClosed() {
        var call = CommandCallState()
        #expect(call.outputClosed() == .nothing)
        #expect(call.programEnded() == .finish(nil))
    }

    @Test(arguments: [true, false])
    func whoEndsWhenAskedIsNotKilled(programIsFirst: Bool) {
        var call = CommandCallState()
        #expect(call.givenUp(.outOfTime) == .terminate)
        #expect((programIsFirst ? call.programEnded() : call.outputClosed()) == .nothing)
        #expect((programIsFirst ? call.outputClosed() : call.programEnded()) == .finish(.outOfTime))
    }

    @Test func whoStaysIsKilled() {
        var call = CommandCallState()
        #expect(call.givenUp(.tooMuchOutput) == .terminate)
        #expect(call.graceEnded() == .kill)
        #expect(call.outputClosed() == .nothing)
        #expect(call.programEnded() == .finish(.tooMuchOutput))
    }

    @Test func aChildOfTheProgramThatStaysIsKilledToo() {
        var call = CommandCallState()
        #expect(call.givenUp(.cancelled) == .terminate)
        #expect(call.programEnded() == .nothing)
        #expect(call.graceEnded() == .finish(.cancelled))
    }

    @Test func theFirstReasonCounts() {
        var call = CommandCallState()
        #expect(call.givenUp(.tooMuchOutput) == .terminate)
        #expect(call.givenUp(.cancelled) == .nothing)
        #expect(call.graceEnded() == .kill)
        #expect(call.givenUp(.outOfTime) == .nothing)
        #expect(call.programEnded() == .finish(.tooMuchOutput))
    }

    /// All orders of up to six events: it is finished at most once, never before the program ended, and always once the
    /// program ended and the grace is over.
    @Test func everyOrderOfEventsFinishesOnce() {
        typealias Event = (inout CommandCallState) -> CommandCallAction
        let events: [Event] = [
            { $0.programEnded() }, { $0.outputClosed() }, { $0.graceEnded() }, { $0.givenUp(.outOfTime) },
            { $0.givenUp(.cancelled) },
        ]
        func finishes(_ action: CommandCallAction) -> Bool { if case .finish = action { true } else { false } }
        func follow(_ call: CommandCallState, hasEnded: Bool, isFinished: Bool, _ depth: Int) {
            #expect(!isFinished || hasEnded)
            if hasEnded, !isFinished {
                var later = call
                #expect(finishes(later.graceEnded()))
            }
            guard depth > 0 else { return }
            for (number, event) in events.enumerated() where !(number == 0 && hasEnded) {
                var next = call
                let finishesNow = finishes(event(&next))
                #expect(!(isFinished && finishesNow))
                follow(
                    next, hasEnded: hasEnded || number == 0, isFinished: isFinished || finishesNow, depth - 1)
            }
        }
        follow(CommandCallState(), hasEnded: false, isFinished: false, 6)
    }
}
