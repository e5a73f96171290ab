import Foundation
import Glibc

// Two processes that serve one catalog would each believe to be the one coordinator. The lock is the kernel's, on a file
// beside the catalog: it ends with the process, however that ends. The pid in the file is for the error message only.

/// Held as long as the value lives.
final class CatalogLock: Sendable {
    let descriptor: Int32

    init(catalog path: String) throws(CatalogError) {
        let file = path + ".lock"
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CatalogError(.unusable, "cannot open \(file): \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            close(descriptor)
            throw CatalogError(
                .inUse,
                "the catalog \(path) is served by process \(holder.isEmpty ? "(unknown)" : holder) already. "
                    + "Stop that one, or give this one another catalog."
            )
        }
        record(getpid())
    }

    /// Closing alone would leave the lock with a child that is between its fork and its exec and has the descriptor too.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private func record(_ pid: pid_t) {
        let text = Array("\(pid)".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }
}
