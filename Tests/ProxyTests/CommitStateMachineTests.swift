import Testing

@testable import Proxy

/// All orders of events that three branches and a log can produce, each to its end.
struct CommitStateMachineTests {
    private enum Event: CaseIterable { case succeeds, fails, isLost }

    /// What the instances and the log would show.
    private struct World {
        var prepared: Set<Int> = []
        var committed: Set<Int> = []
        var wasDecided = false
        var outcome: CommitStateMachine.Outcome?
    }

    @Test func nothingCommitsBeforeEverythingIsPreparedAndDecided() {
        var outcomes: Set<String> = []
        for orders in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            for first in Self.all(3) {
                for decision in [true, false] {
                    for second in Self.all(3) {
                        var machine = CommitStateMachine(branchCount: 3)
                        var world = World()
                        #expect(machine.started() == .prepareAll)
                        for (index, event) in zip(orders, first) {
                            Self.apply(event, index, &machine, &world, decision, second)
                        }
                        outcomes.insert("\(world.outcome.map { "\($0)" } ?? "none")")
                        #expect(world.outcome != nil)
                        let isPrepared = first.allSatisfy { $0 == .succeeds }
                        #expect(world.committed.isEmpty || isPrepared && world.wasDecided)
                        switch world.outcome {
                        case .committed: #expect(world.committed == [0, 1, 2])
                        case .committedInDoubt: #expect(world.wasDecided && world.committed.count < 3)
                        case .rolledBack: #expect(!world.wasDecided && world.committed.isEmpty)
                        case .unknown: #expect(isPrepared && world.committed.isEmpty)
                        case nil: break
                        }
                    }
                }
            }
        }
        #expect(outcomes == ["committed", "committedInDoubt", "rolledBack", "unknown"])
    }

    @Test func aBranchThatIsLostWhileTheDecisionIsWrittenIsInDoubt() {
        var machine = CommitStateMachine(branchCount: 2)
        #expect(machine.succeeded(0) == .none)
        #expect(machine.succeeded(1) == .decide)
        #expect(machine.lost(0) == .none)
        #expect(machine.decided() == .commitAll)
        #expect(machine.reachable == [1])
        #expect(machine.succeeded(1) == .finish(.committedInDoubt))
    }

    @Test func aBranchThatIsLostWhenPreparedKeepsTheOthersFromCommitting() {
        var machine = CommitStateMachine(branchCount: 2)
        #expect(machine.succeeded(0) == .none)
        #expect(machine.lost(0) == .none)
        #expect(machine.succeeded(1) == .rollBack(prepared: [1], open: []))
        #expect(machine.succeeded(1) == .finish(.rolledBack))
        #expect(machine.lost(1) == .none)
    }

    private static func all(_ count: Int) -> [[Event]] {
        guard count > 0 else { return [[]] }
        return all(count - 1).flatMap { rest in Event.allCases.map { [$0] + rest } }
    }

    private static func apply(
        _ event: Event, _ index: Int, _ machine: inout CommitStateMachine, _ world: inout World, _ decision: Bool,
        _ second: [Event]
    ) {
        let action: CommitStateMachine.Action
        switch event {
        case .succeeds:
            world.prepared.insert(index)
            action = machine.succeeded(index)
        case .fails: action = machine.failed(index)
        case .isLost: action = machine.lost(index)
        }
        obey(action, &machine, &world, decision, second)
    }

    private static func obey(
        _ action: CommitStateMachine.Action, _ machine: inout CommitStateMachine, _ world: inout World,
        _ decision: Bool, _ second: [Event]
    ) {
        switch action {
        case .prepareAll: Issue.record("prepares twice")
        case .none: break
        case .finish(let outcome):
            #expect(world.outcome == nil)
            world.outcome = outcome
        case .decide:
            #expect(world.prepared == [0, 1, 2])
            world.wasDecided = decision
            obey(decision ? machine.decided() : machine.decisionFailed(), &machine, &world, decision, second)
        case .commitAll:
            for index in machine.reachable {
                if second[index] == .succeeds { world.committed.insert(index) }
                obey(end(second[index], index, &machine), &machine, &world, decision, second)
            }
        case .rollBack(let prepared, let open):
            #expect(!world.wasDecided)
            for index in prepared + open {
                obey(end(second[index], index, &machine), &machine, &world, decision, second)
            }
        }
    }

    private static func end(
        _ event: Event, _ index: Int, _ machine: inout CommitStateMachine
    ) -> CommitStateMachine.Action {
        switch event {
        case .succeeds: machine.succeeded(index)
        case .fails: machine.failed(index)
        case .isLost: machine.lost(index)
        }
    }
}

struct BranchNameTests {
    @Test func namesAreReadAsTheyWereWritten() {
        let id = DistributedTransactionID(term: 7, number: 12)
        let name = BranchName(cluster: "00c0ffee", transaction: id, branch: 1)
        #expect(name.description == "foreshard:00c0ffee:7.12:1")
        #expect(name.literal == "'foreshard:00c0ffee:7.12:1'")
        #expect(BranchName(name.description, cluster: "00c0ffee") == name)
    }

    @Test(arguments: [
        "foreshard:other:7.12:1", "foreshard:00c0ffee:7.12", "foreshard:00c0ffee:7:1", "foreshard:00c0ffee:7.12:x",
        "foreshard:00c0ffee:7.12:1:2", "mine", "", "foreshard:00c0ffee:7.99999999999999999999:1",
    ])
    func othersAreNotOurs(name: String) {
        #expect(BranchName(name, cluster: "00c0ffee") == nil)
    }
}
