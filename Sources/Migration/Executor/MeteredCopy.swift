// COPY data on its way between two instances: small chunks (the server sends one per row) are gathered to large ones,
// counted, and held to a rate. A consumer that is cancelled sees an error, never a short end: a COPY cut short must not
// look complete.
import NIOCore
import PostgresClient
import Synchronization

/// Shared by the tables of a copy: when the next chunk may go.
final class CopyPace: Sendable {
    private let bytesPerSecondMax: Int?
    private let next = Mutex<ContinuousClock.Instant>(.now)

    init(bytesPerSecondMax: Int?) { self.bytesPerSecondMax = bytesPerSecondMax }

    func wait(for bytes: Int) async throws {
        guard let bytesPerSecondMax else { return }
        let cost = Duration.seconds(Double(bytes) / Double(bytesPerSecondMax))
        let mine = next.withLock { next in
            let mine = max(next, .now)
            next = mine + cost
            return mine
        }
        try await Task.sleep(until: mine, clock: .continuous)
    }
}

struct MeteredCopy: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    static let chunkBytes = 128 * 1024

    private let data: CopyOutStream
    private let pace: CopyPace
    private let count: @Sendable (Int) async -> Void

    init(_ data: CopyOutStream, pace: CopyPace, count: @escaping @Sendable (Int) async -> Void) {
        self.data = data
        self.pace = pace
        self.count = count
    }

    func makeAsyncIterator() -> Iterator { Iterator(data: data.makeAsyncIterator(), pace: pace, count: count) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let data: CopyOutStream.AsyncIterator
        fileprivate let pace: CopyPace
        fileprivate let count: @Sendable (Int) async -> Void

        mutating func next() async throws -> ByteBuffer? {
            guard var gathered = try await data.next() else {
                try Task.checkCancellation()
                return nil
            }
            while gathered.readableBytes < MeteredCopy.chunkBytes, var more = try await data.next() {
                gathered.writeBuffer(&more)
            }
            try Task.checkCancellation()
            try await pace.wait(for: gathered.readableBytes)
            await count(gathered.readableBytes)
            return gathered
        }
    }
}
