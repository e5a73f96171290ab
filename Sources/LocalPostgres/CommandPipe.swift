import Foundation
import Glibc

/// Both ends of a pipe, which no child inherits and which close with their handles. Reading does not wait.
struct CommandPipe {
    let readEnd: FileHandle
    let writeEnd: FileHandle

    init() throws(LocalPostgresError) {
        var ends: [Int32] = [-1, -1]
        guard openUninherited({ pipe(&ends) == 0 ? ends : [] }) != [] else {
            throw LocalPostgresError(.commandFailed, "could not make a pipe: \(errnoText())")
        }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        readEnd = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        writeEnd = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    }
}
