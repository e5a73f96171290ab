import Foundation
import Glibc

// Where the output of a child goes that may hold secrets, such as the hashed passwords of pg_dumpall; and where a
// child's input comes from: it reads when it likes, up to the end, and nobody waits at the other end of a pipe.

/// A file of mode 0600 without a name: nobody else can open it, and nothing is left of it however this process ends.
struct NamelessFile {
    private let handle: FileHandle

    init() throws(LocalPostgresError) {
        var path = Array((NSTemporaryDirectory() + "foreshard-XXXXXX").utf8CString)
        guard let descriptor = openUninherited({ [mkstemp(&path)].filter { $0 >= 0 } }).first else {
            throw LocalPostgresError(
                .commandFailed, "could not make a file in \(NSTemporaryDirectory()): \(errnoText())")
        }
        unlink(path)
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// A file that is read from its beginning.
    init(holding content: Data) throws {
        try self.init()
        try handle.write(contentsOf: content)
        try handle.seek(toOffset: 0)
    }

    var descriptor: Int32 { handle.fileDescriptor }

    /// All that was written into it.
    func text() throws -> String {
        try handle.seek(toOffset: 0)
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
}
