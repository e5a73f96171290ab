import Foundation
import Settings

extension Listener {
    /// How long an address may take to answer the probe.
    private static let probeSeconds = 2

    /// Whether the port refuses connections at every address that this machine can use: the one case in which it is
    /// certain that no server runs behind it.
    func isRefusing() -> Bool {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else { return false }
        defer { freeaddrinfo(found) }
        var answers: [Int32] = []
        var next = found
        while let address = next?.pointee {
            answers.append(Self.connectError(address))
            next = address.ai_next
        }
        let unusable = [EAFNOSUPPORT, EADDRNOTAVAIL, ENETUNREACH]
        return answers.contains(ECONNREFUSED) && answers.allSatisfy { $0 == ECONNREFUSED || unusable.contains($0) }
    }

    /// Tries one address; 0 when somebody accepts.
    private static func connectError(_ address: addrinfo) -> Int32 {
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: probeSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno
    }
}
