import Admin
import Foundation

/// One import at a time: two of them would count twice what both read.
enum ImportLock {
    /// Takes the lock of a data directory, and holds it until the process ends, however it ends.
    ///
    /// - Throws: when another import holds it.
    static func take(in directory: String) throws {
        let path = directory + "/import.lock"
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw AdminError("cannot open \(path) (\(String(cString: strerror(errno)))): may this user write there?")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw AdminError("another `foreshard import` runs with \(directory): wait for it, or end it")
        }
    }
}
