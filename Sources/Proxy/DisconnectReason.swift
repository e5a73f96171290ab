// Why a channel was closed: one closed set for counters, logs and the status.

package enum DisconnectReason: String, Hashable, Sendable, Codable {
    case clientTerminated
    case clientClosed
    case clientProtocolError
    case clientStartupTimeout
    case clientLoginFailed
    case clientAnsweredPartly
    case tooManyClients
    case cancelRequestServed
    case shutdown

    case instanceClosed
    case instanceConnectFailed
    case instanceLoginFailed
    case instanceProtocolError
    case instanceFatalError
    case instanceIdle
    case instanceDrained
    case notProvenIdle
    case rollbackTimeout
}
