import Catalog
import ClusterModel
import Proxy
import Testing

@testable import ControlPlane

struct ReconciliationTests {
    private static func id(_ number: Int64) -> DistributedTransactionID {
        DistributedTransactionID(term: 3, number: number)
    }

    private static func branch(_ number: Int64, _ branch: Int = 0) -> BranchName {
        BranchName(cluster: "c", transaction: id(number), branch: branch)
    }

    private static func decision(_ number: Int64, _ instances: InstanceID...) -> CommitDecision {
        CommitDecision(term: 3, number: number, instances: instances)
    }

    private static func knowing(
        _ decisions: [CommitDecision], underWay: [Int64] = []
    ) -> Reconciliation.Knowledge {
        Reconciliation.Knowledge(underWay: Set(underWay.map(id)), decisions: decisions)
    }

    @Test func aBranchIsCommittedExactlyWhenItsDecisionIsWritten() {
        let decided = Self.decision(1, "a", "b")
        let work = Reconciliation(
            before: Self.knowing([decided]), found: ["a": [Self.branch(1), Self.branch(2)], "b": []],
            after: Self.knowing([decided]))
        #expect(
            work.endings == [
                .init(instance: "a", branch: Self.branch(1), isCommit: true),
                .init(instance: "a", branch: Self.branch(2), isCommit: false),
            ])
        #expect(
            work.endings.map(\.sql) == [
                "COMMIT PREPARED 'foreshard:c:3.1:0'", "ROLLBACK PREPARED 'foreshard:c:3.2:0'",
            ])
        #expect(work.forgotten == [])
    }

    @Test func whatIsUnderWayIsLeftAlone() {
        let work = Reconciliation(
            before: Self.knowing([]), found: ["a": [Self.branch(1)]], after: Self.knowing([], underWay: [1]))
        #expect(work == Reconciliation(before: Self.knowing([]), found: ["a": []], after: Self.knowing([])))
    }

    /// It was under way when the instances were asked, and decided before the second look.
    @Test func aDecisionOfTheMeantimeCounts() {
        let decided = Self.decision(1, "a")
        let work = Reconciliation(
            before: Self.knowing([], underWay: [1]), found: ["a": [Self.branch(1)]], after: Self.knowing([decided]))
        #expect(work.endings.map(\.isCommit) == [true])
        #expect(work.forgotten == [])
    }

    @Test func aDecisionIsForgottenWhenAllItsInstancesHaveNoBranchOfIt() {
        let decided = Self.decision(1, "a", "b")
        let (quiet, busy) = (Self.knowing([decided]), Self.knowing([decided], underWay: [1]))
        #expect(Reconciliation(before: quiet, found: ["a": [], "b": []], after: quiet).forgotten == [decided])
        // Not all were asked.
        #expect(Reconciliation(before: quiet, found: ["a": []], after: quiet).forgotten == [])
        // One has a branch.
        #expect(
            Reconciliation(before: quiet, found: ["a": [], "b": [Self.branch(1, 1)]], after: quiet).forgotten == [])
        // Its branches may have been prepared after the instances were asked.
        #expect(Reconciliation(before: busy, found: ["a": [], "b": []], after: quiet).forgotten == [])
        #expect(
            Reconciliation(before: Self.knowing([]), found: ["a": [], "b": []], after: quiet).forgotten == [])
    }
}
