import Foundation
import Glibc

// Where the output of a child goes that may hold secrets, such as the hashed passwords of pg_dumpall.

/// A file of mode 0600 without a name: nobody else can open it, and nothing is left of it however this process ends.
struct NamelessFile {
    private let handle: FileHandle

    init() throws(LocalPostgresError) {
        var path = Array((NSTemporaryDirectory() + "foreshard-XXXXXX").utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw LocalPostgresError(
                .commandFailed, "could not make a file in \(NSTemporaryDirectory()): \(errnoText())")
        }
        unlink(path)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    var descriptor: Int32 { handle.fileDescriptor }

    /// All that was written into it.
    func text() throws -> String {
        try handle.seek(toOffset: 0)
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
}
