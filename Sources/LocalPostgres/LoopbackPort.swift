import Glibc

/// Ports of the loopback address.
package enum LoopbackPort {
    /// A port nobody listens on now. Somebody may before we do: a caller must be ready to ask again.
    package static func free() throws(LocalPostgresError) -> Int {
        guard let port = bind(port: 0) else {
            throw LocalPostgresError(.notReady, "no free port on \(ServerSettings.host): \(errnoText())")
        }
        return port
    }

    static func isFree(_ port: Int) -> Bool { bind(port: UInt16(clamping: port)) != nil }

    private static func bind(port: UInt16) -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // As PostgreSQL does: connections of an earlier server that linger in TIME_WAIT do not hold the port.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(ServerSettings.host)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard Glibc.bind(descriptor, generic, length) == 0, getsockname(descriptor, generic, &length) == 0
                else {
                    return nil
                }
                return Int(UInt16(bigEndian: pointer.pointee.sin_port))
            }
        }
    }
}
