import Foundation
import Glibc

// Invariant: what is kept of a stream is bounded, whatever a program writes; the rest is read and dropped, so that the
// program does not wait for us.

/// One output of a program, as we read it.
struct CommandStream {
    private static let chunkBytes = 1 << 16

    enum Keeping {
        /// The first bytes; more than that is too much.
        case first(Int)
        /// The last bytes.
        case last(Int)
    }

    private let keeping: Keeping
    private var handle: FileHandle?
    private(set) var bytes: [UInt8] = []
    private(set) var isTooLong = false

    /// - Parameter handle: where reading does not wait.
    init(_ handle: FileHandle, keeping: Keeping) {
        self.handle = handle
        self.keeping = keeping
    }

    /// For poll(2); nil at the stream's end.
    var descriptor: Int32? { handle?.fileDescriptor }

    /// Reads what is there, up to one chunk.
    /// - Returns: whether there was something.
    @discardableResult
    mutating func read() -> Bool {
        guard let descriptor else { return false }
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count > 0 {
            keep(chunk.prefix(count))
            return true
        }
        if count == 0 || ![EINTR, EAGAIN].contains(errno) { handle = nil }
        return false
    }

    /// Reads what was written by now. Somebody in the background may go on writing: then it ends with too much of it.
    mutating func drain() {
        var chunksLeft = 2 + limit / Self.chunkBytes
        while chunksLeft > 0, read() { chunksLeft -= 1 }
    }

    private var limit: Int {
        switch keeping {
        case .first(let limit), .last(let limit): limit
        }
    }

    private mutating func keep(_ chunk: ArraySlice<UInt8>) {
        switch keeping {
        case .first(let limit):
            let room = limit - bytes.count
            bytes += chunk.prefix(room)
            if chunk.count > room { isTooLong = true }
        case .last(let limit):
            bytes += chunk
            if bytes.count > limit { bytes.removeFirst(bytes.count - limit) }
        }
    }
}
