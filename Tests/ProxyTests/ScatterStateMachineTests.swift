import Testing

@testable import Proxy

@Suite struct ScatterStateMachineTests {
    @Test func rowsAreReadFromAllPartsAtOnce() {
        var machine = ScatterStateMachine(partCount: 2, inquiries: 0, merges: false)
        #expect(machine.started() == .lease(0))
        #expect(machine.leased() == .lease(1))
        #expect(machine.leased() == .read)
        #expect(machine.answered() == .none)
        #expect(machine.answered() == .finish)
        let failed = machine.failed()
        #expect(machine.hasEnded && !failed)
    }

    @Test func theFirstConnectionInquiresAndMerges() {
        var machine = ScatterStateMachine(partCount: 3, inquiries: 2, merges: true)
        #expect(machine.started() == .lease(0))
        #expect(machine.leased() == .lease(1))
        #expect(machine.leased() == .lease(2))
        #expect(machine.leased() == .inquire)
        #expect(machine.answered() == .inquire)
        #expect(machine.answered() == .read)
        #expect(machine.answered() == .none)
        #expect(machine.answered() == .none)
        #expect(machine.answered() == .merge)
        #expect(machine.answered() == .finish)
    }

    /// Whatever it was doing, it fails once, and nothing that comes later starts anything.
    @Test(arguments: 0...8) func aFailureEndsIt(after events: Int) {
        var machine = ScatterStateMachine(partCount: 3, inquiries: 2, merges: true)
        _ = machine.started()
        for event in 0..<events { _ = event < 3 ? machine.leased() : machine.answered() }
        let failures = [machine.failed(), machine.failed()]
        #expect(failures == [true, false])
        #expect(machine.leased() == .none)
        #expect(machine.answered() == .none)
        #expect(machine.hasEnded)
    }
}
