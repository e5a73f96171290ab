// Why a channel was closed: one closed set for counters, logs and the status.

package enum DisconnectReason: String, Hashable, Sendable, Codable {
    case clientTerminated
    case clientClosed
    case clientProtocolError
    case clientStartupTimeout
    case clientEncryptionFailed
    case clientLoginFailed
    case clientAnsweredPartly
    case cancelRequestServed
    case shutdown

    case instanceClosed
    case instanceConnectFailed
    case instanceLoginFailed
    case instanceProtocolError
    case instanceFatalError
    case instanceIdle
    case instanceDrained
    /// The router was told to leave the instance at once.
    case instanceFenced
    case notProvenIdle
    /// A cancel request may still reach it.
    case cancelTimedOut
    /// What it has prepared no longer fits the tables.
    case statementsStale
    case rollbackTimeout
    /// In the middle of COPY FROM STDIN.
    case clientLeftCopying
}
