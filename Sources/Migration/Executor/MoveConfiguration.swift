// The limits of a move. Every wait has one; reaching it before the decision undoes the step, after it repeats it.
import ClusterModel

package struct MoveConfiguration: Sendable {
    /// An ordinary control statement.
    package var statementWithin: Duration = .seconds(10)
    /// Waiting for a table's lock in preparation, each attempt: writers queue behind us for so long.
    package var tableLockWithin: Duration = .milliseconds(200)
    package var tableLockAttemptsMax = 30
    /// Waiting where only vacuum and DDL are in the way, and nobody queues behind us: longer than `deadlock_timeout`,
    /// when an autovacuum gives way.
    package var vacuumYieldsWithin: Duration = .milliseconds(1500)
    /// A slot waits for every write transaction of the instance that is running.
    package var slotWithin: Duration = .seconds(10)
    package var copyWithin: Duration = .seconds(3600)
    package var copyTablesAtOnceMax = 4
    /// Nil: as fast as it goes. The whole move's rate, both tables and connections together.
    package var copyBytesPerSecondMax: Int?
    /// The growth of a table by the copy from which on it is analysed; autovacuum's own share.
    package var analyzedGrowthMin = 0.1
    package var catchUpWithin: Duration = .seconds(60)
    package var verifyWithin: Duration = .seconds(600)
    /// Rounds in which unequal buckets are compared again before single rows are.
    package var verifyRoundsMax = 3

    /// A token that takes longer keeps a cut-over from beginning.
    package var tokenRoundTripMax: Duration = .milliseconds(250)
    /// How long the router may take to end the transactions in flight.
    package var gateDrainWithin: Duration = .milliseconds(500)
    /// How long writers that the router does not know may take to end.
    package var fenceDrainWithin: Duration = .milliseconds(100)
    package var applyWithin: Duration = .milliseconds(500)
    package var cutOverAttemptsMax = 3
    package var pauseBetweenCutOvers: Duration = .milliseconds(100)

    /// How long a step after the decision, or an undoing, is repeated before it is left to `recover`.
    package var persistence: Duration = .seconds(30)
    package var pauseMax: Duration = .seconds(1)
    package var pollInterval: Duration = .milliseconds(5)
    /// Inside a cut-over, where a poll is a part of the block.
    package var fastPollInterval: Duration = .milliseconds(1)
    package var deletePagesPerBatch = 512
    package var pauseBetweenDeletes: Duration = .milliseconds(20)

    /// Cluster time, for the grace of the old owner's rows.
    package var now: @Sendable () -> Timestamp
    package var crashSwitch: CrashSwitch = { _ in }

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }
}
