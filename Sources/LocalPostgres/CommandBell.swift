import Glibc

// What wakes the thread of a call that waits in poll(2): a pipe, because poll knows descriptors only.
//
// Invariant: both ends are open for as long as anybody holds the bell, so ringing never raises SIGPIPE. It rings at
// most twice, so the pipe is never full.

/// Tells the thread of a call what happened elsewhere.
final class CommandBell: Sendable {
    enum Ring: UInt8 {
        case programEnded = 1
        case cancelled = 2
    }

    private let pipe: CommandPipe

    init() throws(LocalPostgresError) { pipe = try CommandPipe() }

    /// For poll(2).
    var descriptor: Int32 { pipe.readEnd.fileDescriptor }

    func ring(_ ring: Ring) {
        var byte = ring.rawValue
        while write(pipe.writeEnd.fileDescriptor, &byte, 1) == -1, errno == EINTR {}
    }

    /// What rang since the last call; does not wait.
    func rings() -> [Ring] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &bytes, bytes.count)
        return bytes.prefix(max(0, count)).compactMap(Ring.init)
    }
}
