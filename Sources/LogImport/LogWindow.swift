/// The bytes of a log that are in memory: what was read and not cut into entries yet. It grows up to a bound for an
/// entry that is longer than what is read at once.
final class LogWindow {
    private var storage: UnsafeMutableRawBufferPointer
    private let bytesMax: Int
    private var start = 0
    private var end = 0
    /// Nothing comes after the window, for now.
    private(set) var isAtEnd = false

    init(bytes: Int, bytesMax: Int) {
        storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes, 64), alignment: 64)
        self.bytesMax = max(bytesMax, storage.count)
    }

    deinit { storage.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[start..<end]) }
    var count: Int { end - start }
    var isEmpty: Bool { start == end }
    /// It holds as much as it may.
    var isFull: Bool { count == bytesMax }

    func advance(by count: Int) { start += count }

    /// Reads more behind what is there.
    func fill(from file: LogFile) throws {
        if start > 0 {
            storage.copyMemory(from: bytes)
            end -= start
            start = 0
        }
        if end == storage.count, storage.count < bytesMax { grow() }
        guard end < storage.count else { return }
        let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: storage[end...]))
        end += count
        isAtEnd = count == 0
    }

    private func grow() {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(2 * storage.count, bytesMax), alignment: 64)
        larger.copyMemory(from: bytes)
        storage.deallocate()
        storage = larger
    }
}
