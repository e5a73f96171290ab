// What ties a SCRAM exchange to the TLS connection that it runs in (RFC 5802, section 6): somebody in the middle, who has
// another certificate, cannot pass the proof on.

/// Nothing, or the server's certificate; as the client says at first and proves at last.
struct ChannelBinding: Hashable, Sendable {
    static let serverEndPointHeader = "p=tls-server-end-point,,"

    /// The GS2 header.
    let header: String
    private let data: [UInt8]

    /// The client cannot, or there is nothing to bind to.
    static let none = ChannelBinding(header: "n,,", data: [])
    /// The client could, and was not offered it: a server that has offered it knows then that the offer was taken away.
    static let notOffered = ChannelBinding(header: "y,,", data: [])

    /// - Parameter endPoint: the hash of the server's certificate, `tls-server-end-point` of RFC 5929.
    static func serverEndPoint(_ endPoint: [UInt8]) -> ChannelBinding {
        ChannelBinding(header: serverEndPointHeader, data: endPoint)
    }

    /// The attribute `c` of the client's last message.
    var encoded: String { Base64.encode(Array(header.utf8) + data) }
}

/// The names of the mechanisms.
package enum SCRAMMechanism {
    package static let plain = "SCRAM-SHA-256"
    package static let plus = "SCRAM-SHA-256-PLUS"
}
