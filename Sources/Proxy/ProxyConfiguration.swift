// Every limit of the data plane, named.
import TransportSecurity

package struct ProxyConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free port.
    package var port = 0

    package var encryption = ClientEncryption.unavailable
    package var limits = Limits()
    package var deadlines = Deadlines()

    package init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }

    package struct Limits: Sendable {
        package var clientsMax = 2_000
        /// Sessions that may wait for a connection of one instance.
        package var queueLengthMax = 1_000
        /// Sessions that may wait at the gate of one segment.
        package var gateQueueLengthMax = 1_000
        package var clientFrameBytesMax = 64 << 20
        package var instanceFrameBytesMax = 1 << 30
        /// Bytes that may wait to be written to a peer before the other side is not read any more.
        package var writeBufferBytesMax = 1 << 20
        package var statementsPerSessionMax = 1_000
        package var statementBytesPerSessionMax = 4 << 20
        package var preparedPerConnectionMax = 500
        package var statementNamesMax = 20_000
        package var statementNameBytesMax = 64 << 20
        package var batchMessagesMax = 100_000
        package var batchBytesMax = 128 << 20
        package var settingsPerSessionMax = 64
        package var settingBytesPerSessionMax = 64 << 10
        package var deferredStatementsMax = 64
        /// SAVEPOINT, SET and the like of one transaction that a further instance would be told.
        package var preludeStatementsMax = 1_000
        package var analysisCacheBytesMax = 64 << 20
        package var loginTemplatesMax = 64
        /// Of the rows of one read of several segments that wait to be sorted or grouped, and of any row of one.
        package var scatterBytesMax = 64 << 20

        package init() {}
    }

    package struct Deadlines: Sendable {
        package var startup: Duration = .seconds(15)
        package var queue: Duration = .seconds(10)
        package var gate: Duration = .seconds(10)
        package var connect: Duration = .seconds(5)
        /// An idle connection is closed after this.
        package var idleConnection: Duration = .seconds(300)
        /// The time a ROLLBACK for a client that left may take before its connection is closed instead.
        package var rollback: Duration = .seconds(5)
        /// The first pause after a failed connect; it doubles up to `connectBackOffMax`.
        package var connectBackOff: Duration = .milliseconds(100)
        package var connectBackOffMax: Duration = .seconds(5)
        /// What a transaction over several instances waits for a lock at most, where it set no `lock_timeout` itself: no
        /// server sees a deadlock over two. Zero: for ever.
        package var distributedLock: Duration = .seconds(10)

        package init() {}
    }
}
